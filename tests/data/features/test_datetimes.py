from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from scratchnn.data.columns import FittedColumn
from scratchnn.data.features.datetimes import Datetime, DatetimeColumn
from scratchnn.data.features.feature import Feature
from scratchnn.data.tables import Array, Table
from scratchnn.errors import DataError


def as_table(*cells: str) -> Table:
    return Table("data.csv", {"a": cells}, np.arange(2, len(cells) + 2))


def fitted(*cells: str, **options: object) -> DatetimeColumn:
    return Datetime.model_validate(options).fit(as_table(*cells), "a")


def encoded(column: DatetimeColumn, *cells: str) -> Array:
    out = np.zeros((len(cells), column.width))
    column.encode(as_table(*cells), out)
    return out


def test_lines_are_standardized() -> None:
    """Days 0, 2 and 4 after the first: mean 2, deviation sqrt(8/3). Years 2023 and 2024 twice: mean 2023 2/3."""
    cells = ("2023-12-31", "2024-01-02", "2024-01-04")
    column = fitted(*cells, parts=["elapsed", "year"])
    assert column.names == ["a.elapsed", "a.year"]
    step = 2 / (8 / 3) ** 0.5
    expected = [[-step, -(2**0.5)], [0, 0.5**0.5], [step, 0.5**0.5]]
    np.testing.assert_allclose(encoded(column, *cells), expected, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(encoded(column, "2024-01-03T12:00")[0, 0], 0.75 * step, rtol=1e-12)


@pytest.mark.parametrize(
    ("part", "cell", "turn"),
    [
        ("month", "2024-01-31", 0),
        ("month", "2024-04-01", 1 / 4),
        ("month", "1969-12-31", 11 / 12),
        ("day", "2024-02-01", 0),
        ("day", "2024-02-29", 28 / 31),
        ("weekday", "2024-01-01", 0),  # a Monday
        ("weekday", "2023-12-31", 6 / 7),
        ("weekday", "1969-12-30", 1 / 7),
        ("day_of_year", "2024-01-01", 0),
        ("day_of_year", "2024-12-31", 365 / 366),
        ("day_of_year", "2023-03-01", 59 / 366),
        ("hour", "2024-01-01T06:59", 1 / 4),
        ("hour", "1969-12-31T18:00", 3 / 4),
        ("minute", "2024-01-01T23:45:59", 3 / 4),
        ("second", "2024-01-01T23:45:59.9", 59 / 60),
    ],
)
def test_cycles_are_sine_and_cosine(part: str, cell: str, turn: float) -> None:
    column = fitted("2020-01-01", "2021-05-05T01:01:01", parts=[part])
    assert column.names == [f"a.{part}.sin", f"a.{part}.cos"]
    angle = 2 * np.pi * turn
    np.testing.assert_allclose(encoded(column, cell), [[np.sin(angle), np.cos(angle)]], atol=1e-12)


def test_cycles_may_be_lines() -> None:
    column = fitted("2024-01-01", "2024-03-01", parts=["month"], cyclic=False)
    assert encoded(column, "2024-01-01", "2024-02-01", "2024-04-01")[:, 0].tolist() == [-1, 0, 2]


@pytest.mark.parametrize(
    ("cells", "parts"),
    [
        (("2024-01-01", "2024-01-02"), ["elapsed", "day", "weekday"]),
        (("2024-01-01", "2024-02-05"), ["elapsed", "month", "day"]),
        (("2024-01-01T01:00", "2024-01-01T01:30"), ["elapsed", "minute"]),
        (("2023-05-01", "2024-04-01"), ["elapsed", "month"]),
        (("2023-05-01", "2023-05-01"), ["elapsed"]),
    ],
)
def test_the_parts_that_vary_are_taken(cells: tuple[str, ...], parts: list[str]) -> None:
    assert [part.part for part in fitted(*cells).inputs] == parts


def test_a_constant_column_is_0_throughout() -> None:
    assert encoded(fitted("2023-05-01", "2023-05-01"), "2023-05-01", "2024-01-01").tolist() == [[0], [0]]


def test_an_offset_counts_in_utc() -> None:
    column = fitted("2024-01-01T00:30+01:00", "2024-01-01T05:00+00:00", parts=["hour"], cyclic=False)
    assert column.offset
    assert encoded(column, "2024-01-01T00:30+01:00", "2024-01-01T05:00Z", "2024-01-01T12:00-02:00")[:, 0].tolist() == [
        1,
        -1,
        0,
    ]  # hours 23, 5 and 14: mean 14, deviation 9
    with pytest.raises(DataError, match="has no offset, unlike the times of the training rows"):
        encoded(column, "2024-01-01T00:30")


def test_another_notation() -> None:
    column = fitted("31.3.2024", "01.04.2024", format="%d.%m.%Y", parts=["elapsed"])
    got = encoded(column, "31.03.2024", "1.4.2024")
    assert got[:, 0].tolist() == [-1, 1]
    assert column.decode(got) == ["31.03.2024", "01.04.2024"]
    with pytest.raises(DataError, match=r'data.csv:2:a: "2024-03-31" is no date of the form "%d.%m.%Y"'):
        encoded(column, "2024-03-31")


@pytest.mark.parametrize("missing", ["median", "drop_row", "indicator"])
def test_the_median_time_stands_for_a_missing_one(missing: str) -> None:
    """Of days 0, 1, 5 and 6 the earlier median is 1."""
    cells = ("2024-01-01", "NA", "2024-01-07", "2024-01-02", "2024-01-06", "")
    column = fitted(*cells, missing=missing, parts=["elapsed"])
    got = encoded(column, *cells)
    assert got[1, 0] == got[5, 0] == got[3, 0]
    assert got[:, 0].std() > 0
    if missing == "indicator":
        assert got[:, 1].tolist() == [0, 1, 0, 0, 0, 1]
        assert column.names == ["a.elapsed", "a is missing"]
        assert column.decode(got) == [cell if cell != "NA" else "" for cell in cells]
    assert column.missing(as_table(*cells)).tolist() == [False, True, False, False, False, True]
    drops = Datetime.model_validate({"missing": missing}).drops(as_table(*cells), "a")
    assert drops.tolist() == [missing == "drop_row" and cell in ("NA", "") for cell in cells]


def test_a_missing_time_is_refused() -> None:
    with pytest.raises(DataError, match=r"data.csv:3:a: the value is missing") as caught:
        fitted("2024-01-01", "NA")
    assert "Set data.features.a: {type: datetime, missing: indicator}" in caught.value.hint
    with pytest.raises(DataError, match=r"data.csv:2:a: the value is missing"):
        encoded(fitted("2024-01-01"), "")
    with pytest.raises(DataError, match=r"data.csv:a: no training row has a value"):
        fitted("", "NA", missing="indicator")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"parts": ["month", "month"]}, "`parts` names a part twice"),
        ({"parts": []}, "at least 1 item"),
        ({"parts": ["week"]}, "'elapsed', 'year', 'month'"),
        ({"format": "%Q"}, "`format` is no strptime notation"),
        ({"format": "%d.%m.%"}, "`format` is no strptime notation"),
        ({"missing": "mean"}, "'refuse', 'median'"),
    ],
)
def test_settings_that_mean_nothing(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Feature.model_validate({"type": "datetime", **options})


def test_only_elapsed_is_decoded() -> None:
    assert Datetime().can_be_reconstructed
    assert not Datetime(parts=["day", "year"]).can_be_reconstructed
    column = fitted("2024-01-01", "2024-01-03", parts=["day", "elapsed"])
    assert column.decode(np.array([[9, 9, -1], [9, 9, 0.1], [9, 9, -1e9], [9, 9, 1e9]])) == [
        "2024-01-01",
        "2024-01-02",
        "0001-01-01",
        "9999-12-31",
    ]


@pytest.mark.parametrize("cell", ["0001-01-01T00:00+23:59", "9999-12-31T23:59:59.999999-23:59"])
def test_in_utc_a_time_may_lie_beyond_the_first_and_last_year(cell: str) -> None:
    column = fitted(cell, "", missing="indicator", parts=["elapsed", "year"])
    np.testing.assert_array_equal(encoded(column, cell, ""), [[0, 0, 0], [0, 0, 1]])
    assert FittedColumn.model_validate_json(column.model_dump_json()) == column


moments = st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)).map(lambda moment: moment.replace(microsecond=0))


@settings(deadline=None)
@given(st.lists(moments, min_size=1, max_size=20), st.sampled_from(["", "+00:00"]), st.booleans())
def test_decoding_inverts_encoding_and_json_keeps_it(times: list[datetime], offset: str, days: bool) -> None:
    times = [datetime(time.year, time.month, time.day) if days else time for time in times]
    cells = [time.isoformat() + offset for time in times]
    column = fitted(*cells)
    got = encoded(column, *cells)
    again = FittedColumn.model_validate_json(column.model_dump_json())
    assert again == column
    assert isinstance(again, DatetimeColumn)
    assert encoded(again, *cells).tobytes() == got.tobytes()
    decoded = [datetime.fromisoformat(cell).replace(tzinfo=None) for cell in column.decode(got)]
    assert decoded == times
    near = [datetime.fromisoformat(cell) for cell in column.decode(got.astype(np.float32))]
    spread = max(times) - min(times)
    for time, back in zip(times, near, strict=True):
        assert abs(back.replace(tzinfo=None) - time) <= spread * 1e-6 + timedelta(seconds=1)


@pytest.mark.parametrize(
    "change", [{"inputs": []}, {"format": "%Q"}, {"fill": 10**30}, {"inputs": [{"type": "cyclic", "part": "year"}]}]
)
def test_a_column_from_a_broken_file_is_refused(change: dict[str, object]) -> None:
    good = {
        "type": "datetime",
        "name": "a",
        "offset": False,
        "inputs": [{"type": "cyclic", "part": "hour"}],
        "whole_days": False,
    }
    assert FittedColumn.model_validate(good).scaled
    with pytest.raises(ValueError, match="validation error"):
        FittedColumn.model_validate(good | change)
