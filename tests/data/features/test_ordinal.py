from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from scratchnn.data.features.category import Category
from scratchnn.data.features.ordinal import OrdinalColumn
from scratchnn.data.tables import Table
from scratchnn.errors import DataError

MakeTable = Callable[..., Table]


def encoded(column: OrdinalColumn, rows: Table) -> list[list[float]]:
    out = np.zeros((len(rows), column.width))
    column.encode(rows, out)
    return out.tolist()


def test_ranks_are_scaled_like_numbers(table: MakeTable) -> None:
    """Ranks 0, 0, 2, 2 have mean 1 and deviation 1; M has the rank 1 although no training row has it."""
    feature = Category(encode="ordinal", order=["S", "M", "L"])
    column = feature.fit(table(size=["S", "L", "S", "L"]), "size")
    assert column == OrdinalColumn(name="size", levels=["S", "M", "L"], offset=1.0, scale=1.0)
    assert (column.width, column.names, column.scaled) == (1, ["size"], True)
    rows = table(size=["S", "M", "L", "XL"])
    assert encoded(column, rows) == [[-1], [0], [1], [0]]
    assert column.unseen(rows).tolist() == [False, False, False, True]
    assert column.decode(np.array([[-9.0], [-0.4], [0.6], [np.inf], [np.nan]])) == ["S", "M", "L", "L", "S"]


def test_the_order_is_that_of_values_or_the_alphabet(table: MakeTable) -> None:
    column = Category(encode="ordinal").fit(table(size=["10", "9", "9", "2"]), "size")
    assert column.levels == ["2", "9", "10"]
    assert (column.offset, column.scale) == pytest.approx((1, 0.5**0.5))
    assert Category(encode="ordinal").fit(table(size=["b", "10", "9", "b"]), "size").levels == ["10", "9", "b"]


def test_missing_cells_have_the_mean_and_an_input_of_their_own(table: MakeTable) -> None:
    feature = Category(encode="ordinal", order=["S", "M", "L"], missing="as_category")
    column = feature.fit(table(size=["S", "", "L", "NA", "S", "L"]), "size")
    assert column == OrdinalColumn(name="size", levels=["S", "M", "L", ""], fill="", offset=1.0, scale=1.0)
    assert column.names == ["size", "size=(missing)"]
    rows = table(size=["L", "?", "XL"])
    assert encoded(column, rows) == [[1, 0], [0, 1], [0, 0]]
    assert column.missing(rows).tolist() == [False, True, False]
    assert column.unseen(rows).tolist() == [False, False, True]
    assert column.decode(np.array([[1.0, 0.4], [1.0, 0.6]])) == ["L", ""]
    without = feature.fit(table(size=["S", "L"]), "size")
    assert encoded(without, rows) == [[1], [0], [0]]
    assert without.unseen(rows).tolist() == [False, True, True]


def test_missing_cells_take_the_most_frequent_rank(table: MakeTable) -> None:
    column = Category(encode="ordinal", missing="most_frequent").fit(table(size=["2", "1", "2", ""]), "size")
    assert (column.fill, column.offset) == ("2", 0.75)
    assert encoded(column, table(size=["NA"])) == encoded(column, table(size=["2"]))


def test_one_level_is_zero_throughout(table: MakeTable) -> None:
    column = Category(encode="ordinal").fit(table(size=["M", "M"]), "size")
    assert encoded(column, table(size=["M", "S"])) == [[0], [0]]
    assert column.decode(np.array([[5.0]])) == ["M"]


def test_a_level_that_the_order_lacks(table: MakeTable) -> None:
    with pytest.raises(DataError) as caught:
        Category(encode="ordinal", order=["S", "L"]).fit(table(size=["S", "L", "M", "L"]), "size")
    hint = "Add it to data.features.size.order, or mend the cell."
    assert str(caught.value) == f'data.csv:4:size: the order has no level "M". {hint}'


def test_an_order_may_name_a_level_for_every_row_but_not_the_alphabet(table: MakeTable) -> None:
    rows = table(size=["S", "M", "L"])
    assert Category(encode="ordinal", order=["S", "M", "L"]).fit(rows, "size").offset == 1
    with pytest.raises(DataError, match="every row has a level of its own"):
        Category(encode="ordinal").fit(rows, "size")


@pytest.mark.parametrize(
    "change", [{"rare": ["XL"]}, {"levels": [""]}, {"levels": ["", "S"]}, {"scale": -1.0}, {"offset": float("nan")}]
)
def test_a_broken_column_is_refused(change: dict[str, object]) -> None:
    fields = {"name": "size", "levels": ["S", "M", ""], "fill": "", "offset": 1.0, "scale": 1.0}
    OrdinalColumn.model_validate(fields)
    with pytest.raises(ValidationError):
        OrdinalColumn.model_validate(fields | change)


@settings(max_examples=60, deadline=None)
@given(cells=st.lists(st.sampled_from(["1", "2", "10", "x", "", "NA"]), min_size=2, max_size=20))
def test_decoding_gives_back_the_levels(cells: list[str]) -> None:
    rows = Table("data.csv", {"size": tuple(cells)}, np.arange(len(cells)))
    try:
        column = Category(encode="ordinal", missing="as_category").fit(rows, "size")
    except DataError:
        return
    assert isinstance(column, OrdinalColumn)
    again = OrdinalColumn.model_validate_json(column.model_dump_json())
    out = np.zeros((len(cells), column.width), np.float32)
    again.encode(rows, out)
    assert column.decode(out) == ["" if cell == "NA" else cell for cell in cells]
