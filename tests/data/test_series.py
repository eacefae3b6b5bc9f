from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchnn.data.series import SeriesTable, WindowSamples
from scratchnn.data.tables import Table
from scratchnn.errors import DataError

MakeTable = Callable[..., Table]


def test_rows_are_sorted_by_series_and_time(table: MakeTable) -> None:
    """Series come in the order of their first rows, times as numbers."""
    rows = SeriesTable.of(table(s=list("babab"), t=["10", "2", "9", "1", "8"]), "s", "t")
    assert rows.columns["t"] == ("8", "9", "10", "1", "2")
    assert list(rows.names) == ["b", "a"]
    assert rows.series.tolist() == [0, 0, 0, 1, 1]
    assert rows.steps.tolist() == [0, 1, 2, 0, 1]
    assert rows.numbers_in_source.tolist() == [4, 2, 0, 3, 1]
    assert rows.lines.tolist() == [6, 4, 2, 5, 3]
    assert SeriesTable.of(rows, "s", "t") is rows


def test_dates_and_the_order_of_the_file(table: MakeTable) -> None:
    dates = SeriesTable.of(table(t=["2024-10-01", "2024-02-01", "2024-02-01T01:00"]), None, "t")
    assert dates.numbers_in_source.tolist() == [1, 2, 0]
    as_they_come = SeriesTable.of(table(s=list("abab")), "s", None)
    assert as_they_come.numbers_in_source.tolist() == [0, 2, 1, 3]


def test_windows_lie_within_runs(table: MakeTable) -> None:
    """Series of 4 and 3 rows; without the second row of the first, its run is of two."""
    rows = SeriesTable.of(table(s=list("aaaabbb")), "s", None)
    assert rows.starts(3).tolist() == [0, 1, 4]
    assert rows.starts(2, stride=2).tolist() == [0, 2, 4]
    assert rows.longest_run == 4
    fewer = rows.take(np.array([0, 2, 3, 4, 5, 6]))
    assert fewer.starts(2).tolist() == [1, 3, 4]
    assert fewer.starts(3).tolist() == [3]
    assert fewer.longest_run == 3
    assert fewer.numbers_in_source.tolist() == [0, 2, 3, 4, 5, 6]
    assert rows.take(np.array([0, 1, 6])).starts(2).tolist() == [0]  # the third step is of the other series


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from("ab"), min_size=1, max_size=30),
    st.data(),
    st.integers(1, 5),
    st.integers(1, 4),
)
def test_starts_agree_with_a_loop(names: list[str], data: st.DataObject, size: int, stride: int) -> None:
    """In each run of rows that follow each other in their series, every `stride`-th whole stretch."""
    rows = SeriesTable.of(Table("t", {"s": tuple(names)}, np.arange(len(names))), "s", None)
    kept = data.draw(st.lists(st.integers(0, len(names) - 1), unique=True).map(sorted))
    taken = rows.take(np.array(kept, int))
    follow = [
        row > 0 and taken.series[row] == taken.series[row - 1] and taken.steps[row] == taken.steps[row - 1] + 1
        for row in range(len(kept))
    ]
    expected, begin = [], 0
    for row in range(len(kept)):
        begin = begin if follow[row] else row
        if row + size <= len(kept) and all(follow[row + 1 : row + size]) and (row - begin) % stride == 0:
            expected.append(row)
    assert taken.starts(size, stride).tolist() == expected


@pytest.mark.parametrize(
    ("by", "order", "message"),
    [
        (
            None,
            "t",
            r'data\.csv:4:t: "1\.0" is the time of data\.csv:2 too\. Name the column .* in data\.windows\.by',
        ),
        ("s", "u", r'data\.csv:4:u: "5" is the time of data\.csv:2 too, in the series "a"\. Remove one of the rows\.'),
        (
            "gap",
            None,
            r'data\.csv:3:gap: the value is missing \("NA"\), but data\.windows\.by names this column',
        ),
        (None, "gap", r"data\.csv:3:gap: the value is missing .* but data\.windows\.order names this column"),
        ("x", None, r'data\.csv: data\.windows\.by names a column "x" that is not there'),
        (None, "words", r'data\.csv:3:words: "soon" is'),
    ],
)
def test_series_that_are_refused(table: MakeTable, by: str | None, order: str | None, message: str) -> None:
    rows = table(s=list("aba"), t=["1", "2", "1.0"], u=["5", "5", "5"], gap=["1", "NA", "2"], words=["1", "soon", "2"])
    with pytest.raises(DataError, match=message):
        SeriesTable.of(rows, by, order)


def test_windows_are_made_when_they_are_asked_for() -> None:
    rows = np.arange(10, dtype=np.float32).reshape(5, 2)
    samples = WindowSamples(rows, np.array([0, 2]), 3)
    assert samples.shape == (2, 3, 2)
    assert samples.dtype == np.float32
    out = np.empty((3, 3, 2), np.float32)
    samples.gather(np.array([1, 0, 1]), out)
    assert out.tolist() == [[[4, 5], [6, 7], [8, 9]], [[0, 1], [2, 3], [4, 5]], [[4, 5], [6, 7], [8, 9]]]
    assert samples[1:].tolist() == [[[4, 5], [6, 7], [8, 9]]]
    assert samples.nbytes == 2 * 3 * 2 * 4


def test_the_check_sum_tells_rows_starts_and_windows_apart() -> None:
    rows = np.arange(10.0).reshape(5, 2)
    sums = {
        WindowSamples(rows, np.array(starts), window).checksum(0)
        for starts, window in (([0, 1], 2), ([0, 2], 2), ([0, 1], 3))
    }
    sums.add(WindowSamples(rows + 1, np.array([0, 1]), 2).checksum(0))
    assert len(sums) == 4
    assert WindowSamples(rows.copy(), np.array([0, 1]), 2).checksum(0) in sums
