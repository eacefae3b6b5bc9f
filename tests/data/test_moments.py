from __future__ import annotations

import numpy as np
import pytest

from scratchnn.data.moments import microseconds
from scratchnn.data.tables import Table
from scratchnn.errors import DataError

HOUR = 3_600_000_000


def times(*cells: str, **options: object) -> list[int]:
    table = Table("t.csv", {"when": cells}, np.arange(2, len(cells) + 2))
    found: list[int] = microseconds(table, "when", **options).tolist()  # type: ignore[arg-type]
    return found


def test_times_count_from_1970_in_utc() -> None:
    assert times("1970-01-01", "1970-01-02T01:00", " 1969-12-31 23:00:00.000001") == [0, 25 * HOUR, -HOUR + 1]
    assert times("1970-01-01T01:00+02:00", "1970-01-01T00:00Z") == [-HOUR, 0]
    assert times("1.1.1970 02h", "2.1.1970 00h", form="%d.%m.%Y %Hh") == [2 * HOUR, 24 * HOUR]
    assert times("01/Jan/1970:02:00:00 +0100", form="%d/%b/%Y:%H:%M:%S %z") == [HOUR]


def test_the_ends_of_the_calendar() -> None:
    """719162 days from the year 1 to 1970; an offset must not push the first one over the edge."""
    assert times("0001-01-01") == [-719162 * 24 * HOUR]
    assert times("0001-01-01T00:00+01:00", "9999-12-31T23:00-02:00")[0] == -719162 * 24 * HOUR - HOUR


def test_gaps_are_not_read() -> None:
    assert times("NA", "1970-01-01T01:00", "", gaps=np.array([True, False, True])) == [0, HOUR, 0]


@pytest.mark.parametrize(
    ("cells", "options", "message"),
    [
        (("2024-01-01", "1.2.24"), {}, 't.csv:3:when: "1.2.24" is no ISO date. Write every date as 2024-03-31'),
        (("2024-01-01", "2024-02-30"), {}, 't.csv:3:when: "2024-02-30" is no ISO date'),
        (("1.2.24", "2024-01-01"), {"form": "%d.%m.%y"}, '"2024-01-01" is no date of the form "%d.%m.%y"'),
        (("2024-01-01", "2024-01-01T00:00Z"), {}, '"2024-01-01T00:00Z" and "2024-01-01": only one has an offset'),
        (("2024-01-01T00:00Z",), {"offset": False}, "has an offset, unlike the times of the training rows. Give every"),
        (("2024-01-01",), {"offset": True}, "has no offset, unlike the times of the training rows"),
    ],
)
def test_cells_that_tell_no_time(cells: tuple[str, ...], options: dict[str, object], message: str) -> None:
    with pytest.raises(DataError) as caught:
        times(*cells, **options)
    assert message in str(caught.value)
