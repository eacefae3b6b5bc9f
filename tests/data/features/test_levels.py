from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchnn.data.columns import FittedColumn
from scratchnn.data.features.category import Category, CategoryColumn
from scratchnn.data.features.levels import Census
from scratchnn.data.tables import Table, is_missing
from scratchnn.errors import DataError

MakeTable = Callable[..., Table]


def encoded(column: FittedColumn, rows: Table) -> list[list[float]]:
    out = np.zeros((len(rows), column.width))
    column.encode(rows, out)
    return out.tolist()


def test_missing_cells_are_a_level_of_their_own(table: MakeTable) -> None:
    column = Category(missing="as_category").fit(table(deck=["B", "", "A", "NA", "B", " ? "]), "deck")
    assert column == CategoryColumn(name="deck", levels=["A", "B", ""], fill="")
    assert column.names == ["deck=A", "deck=B", "deck=(missing)"]
    rows = table(deck=["A", "", "null", "C"])
    assert encoded(column, rows) == [[1, 0, 0], [0, 0, 1], [0, 0, 1], [0, 0, 0]]
    assert column.missing(rows).tolist() == [False, True, True, False]
    assert column.unseen(rows).tolist() == [False, False, False, True]
    assert column.decode(np.array([[0.1, 0.2, 0.9], [0.5, 0.2, 0.1]])) == ["", "A"]


def test_missing_cells_that_no_training_row_had_are_unseen(table: MakeTable) -> None:
    column = Category(missing="as_category").fit(table(deck=["B", "A", "B"]), "deck")
    rows = table(deck=["", "B"])
    assert encoded(column, rows) == [[0, 0], [0, 1]]
    assert column.missing(rows).tolist() == column.unseen(rows).tolist() == [True, False]


def test_missing_cells_take_the_most_frequent_level(table: MakeTable) -> None:
    column = Category(missing="most_frequent").fit(table(deck=["B", "C", "", "A", "C", "?"]), "deck")
    assert column == CategoryColumn(name="deck", levels=["A", "B", "C"], fill="C")
    rows = table(deck=["", "B"])
    assert encoded(column, rows) == [[0, 0, 1], [0, 1, 0]]
    assert column.missing(rows).tolist() == [True, False]
    assert not column.unseen(rows).any()
    tied = Category(missing="most_frequent").fit(table(deck=["B", "A", "", "A", "B"]), "deck")
    assert tied.fill == "A"  # the first in order


def test_words_for_missing_are_levels_where_it_is_refused(table: MakeTable) -> None:
    column = Category().fit(table(deck=["NA", "A", "NA", "none"]), "deck")
    assert column == CategoryColumn(name="deck", levels=["A", "NA", "none"])
    assert not column.missing(table(deck=["NA", "A"])).any()
    with pytest.raises(DataError) as caught:
        column.encode(table(deck=["A", " "]), np.zeros((2, 3)))
    mend = "data.features.deck: {type: category, missing: as_category}"
    hint = f"Fill the cell or remove the row; or train with {mend}."
    assert str(caught.value) == f"data.csv:3:deck: the value is missing. {hint}"
    with pytest.raises(DataError) as caught:
        Category().fit(table(deck=["A", "", "A"]), "deck")
    assert caught.value.hint == f"Set {mend}, fill the cell, or remove the row."


def test_rare_levels_are_one_and_unseen_ones_go_there(table: MakeTable) -> None:
    column = Category(min_count=2).fit(table(deck=["A", "B", "B", "C", "A", "D"]), "deck")
    assert column == CategoryColumn(name="deck", levels=["A", "B"], rare=["C", "D"])
    assert column.names == ["deck=A", "deck=B", "deck=(rare)"]
    rows = table(deck=["B", "C", "new"])
    assert encoded(column, rows) == [[0, 1, 0], [0, 0, 1], [0, 0, 1]]
    assert column.unseen(rows).tolist() == [False, False, True]
    assert column.decode(np.array([[0.1, 0.2, 0.9]])) == ["(rare)"]


@pytest.mark.parametrize(
    ("missing", "levels", "rare"), [("as_category", ["A"], ["B", ""]), ("most_frequent", ["A"], ["B"])]
)
def test_missing_cells_count_as_rows_of_their_level(
    table: MakeTable, missing: str, levels: list[str], rare: list[str]
) -> None:
    column = Category(missing=missing, min_count=3).fit(table(deck=["A", "A", "", "", "A", "B"]), "deck")
    assert (column.levels, column.rare) == (levels, rare)
    rows = table(deck=["NA"])
    assert encoded(column, rows) == ([[0, 1]] if missing == "as_category" else [[1, 0]])
    assert not column.unseen(rows).any()
    filled = Category(missing="most_frequent", min_count=3).fit(table(deck=["A", "A", "", "B"]), "deck")
    assert filled.levels == ["A"]


def test_max_levels_counts_the_rare_ones_as_one(table: MakeTable) -> None:
    rows = table(deck=["A", "A", "B", "B", "C", "D"])
    assert Category(min_count=2, max_levels=3).fit(rows, "deck").width == 3
    with pytest.raises(DataError, match=r"3 levels, more than 2\. .*encode: hash, or a higher min_count or max_levels"):
        Category(min_count=2, max_levels=2).fit(rows, "deck")


@pytest.mark.parametrize(
    ("cells", "settings", "message"),
    [
        (["", "?", "na"], {"missing": "as_category"}, "data.csv:deck: every value is missing"),
        (["", "?", "na"], {"missing": "most_frequent"}, "data.csv:deck: every value is missing"),
        (["a", "b", ""], {"missing": "as_category"}, "data.csv:deck: every row has a level of its own"),
        (
            ["a", "b", "b"],
            {"min_count": 3},
            "data.csv:deck: no level has 3 training rows, the most frequent has 2. Lower data.features.deck.min_count.",
        ),
    ],
)
def test_levels_that_teach_nothing(
    table: MakeTable, cells: list[str], settings: dict[str, object], message: str
) -> None:
    with pytest.raises(DataError) as caught:
        Category.model_validate(settings).fit(table(deck=cells), "deck")
    assert str(caught.value).startswith(message)


@settings(max_examples=60, deadline=None)
@given(cells=st.lists(st.sampled_from(["a", "b", "c", "10", "9", "", "NA"]), min_size=1), min_count=st.integers(1, 4))
def test_every_training_row_has_a_place_of_enough_rows(cells: list[str], min_count: int) -> None:
    rows = Table("data.csv", {"deck": tuple(cells)}, np.arange(len(cells)))
    census = Census.of(rows, "deck", "as_category")
    levels, rare = census.grouped(min_count)
    assert sum(census.counts.values()) == len(cells)
    assert census.counts.get("", 0) == sum(map(is_missing, cells))
    if not levels:
        return
    column = CategoryColumn(name="deck", levels=levels, rare=rare, fill=census.fill)
    counts = np.bincount(column.places(rows), minlength=column.width)
    assert counts[: len(levels)].min() >= min_count
    assert counts[len(levels) :].sum() == sum(census.counts[level] for level in rare)
    assert not column.unseen(rows).any()
    again = CategoryColumn.model_validate_json(column.model_dump_json())
    assert again == column
