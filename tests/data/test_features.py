from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from scratchnn.data.encoder import CategoryColumn, NumberColumn
from scratchnn.data.features import Category, Feature, Ignore, Number, infer, standard
from scratchnn.data.tables import Table
from scratchnn.errors import DataError

MakeTable = Callable[..., Table]


def test_number_scales(table: MakeTable) -> None:
    """Mean 2.5, variance ((1.5^2 + 0.5^2) * 2) / 4 = 1.25."""
    rows = table(a=["1", "2", "3", "4"])
    assert Number().fit(rows, "a") == NumberColumn(name="a", offset=2.5, scale=1.25**0.5)
    assert Number(scale="min_max").fit(rows, "a") == NumberColumn(name="a", offset=1.0, scale=3.0)
    assert Number(scale="none").fit(rows, "a") == NumberColumn(name="a", offset=0.0, scale=1.0)


def test_a_constant_column_has_scale_zero_exactly(table: MakeTable) -> None:
    rows = table(a=["0.1"] * 7)
    assert Number().fit(rows, "a") == NumberColumn(name="a", offset=0.1, scale=0.0)
    assert Number(scale="min_max").fit(rows, "a").scale == 0
    assert np.full(7, 0.1).std() > 0  # the plain formula would have divided by this rounding error


@pytest.mark.parametrize("scale", ["standard", "min_max"])
def test_numbers_too_large_to_scale(table: MakeTable, scale: str) -> None:
    with pytest.raises(DataError, match="a: the numbers are too large to scale"):
        Feature.parse({"type": "number", "scale": scale}).fit(table(a=["1e308", "-1e308", "1e308"]), "a")


def test_categories_come_in_their_order(table: MakeTable) -> None:
    assert Category().fit(table(a=["b", "a", "b"]), "a") == CategoryColumn(name="a", levels=["a", "b"])
    numbers = table(a=["10", "9", "9", "09"])
    assert Category().fit(numbers, "a") == CategoryColumn(name="a", levels=["09", "9", "10"])


def test_ignore_fits_nothing_not_even_missing_cells(table: MakeTable) -> None:
    assert Ignore().fit(table(a=["", "x"]), "a") is None


@pytest.mark.parametrize(
    ("cells", "settings", "message"),
    [
        (
            ["a", "b", "c"],
            {},
            "every row has a level of its own, so nothing can be learned. Set data.features.a: ignore.",
        ),
        (["a", "b", "c", "c"], {"max_levels": 2}, "3 levels, more than 2"),
        (["a", "", "a"], {}, "data.csv:3:a: the value is missing"),
    ],
)
def test_categories_that_cannot_be_used(
    table: MakeTable, cells: list[str], settings: dict[str, int], message: str
) -> None:
    with pytest.raises(DataError) as caught:
        Feature.parse({"type": "category", **settings}).fit(table(a=cells), "a")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("cells", "tag"),
    [
        (["1", "2.5", " 3"], "number"),
        (["1", "1"], "number"),
        (["a", "b", "a"], "category"),
        (["1", "2", "a", "b"], "category"),
        (["NA", "none", "a", "?"], "category"),
        (["1_0", "2_0"], "category"),
    ],
)
def test_inferred_features(table: MakeTable, cells: list[str], tag: str) -> None:
    assert infer(table(a=cells), "a").tag() == tag


@pytest.mark.parametrize(
    ("cells", "where", "message"),
    [
        (["1", "", "3"], "data.csv:3:a", "the value is missing"),
        (["1", "NA", "3"], "data.csv:3:a", 'the value is missing ("NA")'),
        (["1", "?", "n/a"], "data.csv:3:a", 'the value is missing ("?")'),
        (["7"] * 18 + ["1O", "8"], "data.csv:20:a", '"1O" is not a number, but 19 of 20 cells are'),
    ],
)
def test_what_would_be_a_guess_is_refused(table: MakeTable, cells: list[str], where: str, message: str) -> None:
    with pytest.raises(DataError) as caught:
        infer(table(a=cells), "a")
    assert (caught.value.where, caught.value.message) == (where, message)
    assert caught.value.hint


def test_standard_of_bytes_does_not_wrap() -> None:
    assert standard(np.array([[250, 250], [254, 254]], np.uint8)) == (252.0, 2.0)


@pytest.mark.parametrize("cells", [["1,5", "2,25", "1,5", "3"], ["-1,0"] * 9 + ["many"], ["1.234,5", "1.234,5"]])
def test_numbers_with_a_comma_are_no_categories(cells: list[str]) -> None:
    table = Table("data.csv", {"a": tuple(cells)}, np.arange(len(cells)) + 2)
    with pytest.raises(DataError, match="looks like a number with a comma") as caught:
        infer(table, "a")
    assert caught.value.where == "data.csv:2:a"
    assert 'decimal: ","' in caught.value.hint
    assert "data.features.a: category" in caught.value.hint


@pytest.mark.parametrize("cells", [["1,5", "x", "y", "x"], ["a,b", "a,b"], ["1,2,3", "1,2,3"]])
def test_other_texts_with_a_comma_are_categories(cells: list[str]) -> None:
    assert infer(Table("data.csv", {"a": tuple(cells)}, np.arange(len(cells)) + 2), "a").tag() == "category"


def test_a_number_column_names_the_decimal_setting() -> None:
    table = Table("data.csv", {"w": ("1,5",)}, np.array([2]))
    with pytest.raises(DataError, match='"1,5" is not a number') as caught:
        table.numbers("w")
    assert 'decimal: ","' in caught.value.hint
