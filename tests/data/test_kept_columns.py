"""Columns that are kept block by block, against the table that they are from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scratchnn.data.kept_columns import KeptColumns
from scratchnn.data.tables import Table


def table(cells: list[str], where: str = "a.csv", first: int = 2) -> Table:
    return Table(where, {"a": tuple(cells), "b": ("x",) * len(cells)}, np.arange(first, first + len(cells)))


@given(
    st.lists(st.lists(st.sampled_from(["1", "1.0", "", "nan", "x", "-2e3", "07"]), min_size=1, max_size=4), min_size=1)
)
def test_they_say_what_the_whole_table_says(blocks: list[list[str]]) -> None:
    kept, first = KeptColumns(["a"], texts=["a"]), 2
    for cells in blocks:
        kept.add(table(cells, first=first))
        first += len(cells)
    made, whole = kept.table("a.csv"), table([cell for cells in blocks for cell in cells])
    assert made.columns["a"] == whole.columns["a"]
    assert made.lines.tolist() == whole.lines.tolist()
    got, expected = made.gappy("a"), whole.gappy("a")
    assert (got is None) == (expected is None)
    if got is not None and expected is not None:
        np.testing.assert_array_equal(got.values, expected.values)
        assert got.odd.tolist() == expected.odd.tolist()
    rows = np.arange(len(whole))[::2]
    assert made.take(rows).columns["a"] == whole.take(rows).columns["a"]


def test_texts_of_many_numbers_are_made_from_the_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scratchnn.data.kept_columns.MOST_TEXTS", 3)
    kept = KeptColumns(["a"])
    kept.add(table(["1.50", "2", ""]))
    kept.add(table(["3", "4e1"]))
    kept.add(table(["0005"]))
    made = kept.table("a.csv")
    assert made.columns["a"] == ("1.5", "2.0", "", "3.0", "40.0", "5.0")
    assert made.numbers("a", gaps=True)[[0, 5]].tolist() == [1.5, 5.0]
    assert made.take(np.array([5, 0])).columns["a"] == ("5.0", "1.5")
    kept.add(table(["tree"]))  # a column of texts after all
    assert kept.table("a.csv").columns["a"][-2:] == ("5.0", "tree")
    assert kept.table("a.csv").numbers_or_none("a") is None


def test_texts_that_are_asked_for_stay_as_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scratchnn.data.kept_columns.MOST_TEXTS", 1)
    kept = KeptColumns(["a"], texts=["a"])
    kept.add(table(["007", "08", "9"]))
    assert kept.table("a.csv").columns["a"] == ("007", "08", "9")


def test_rows_of_several_files_know_where_they_are_from(tmp_path: Path) -> None:
    kept = KeptColumns(["a"])
    kept.add(table(["1"], "a.csv"))
    kept.add(table(["2", "x"], "b.csv"))
    made = kept.table("*.csv")
    assert [made.place(row) for row in range(3)] == ["a.csv:2", "b.csv:2", "b.csv:3"]
