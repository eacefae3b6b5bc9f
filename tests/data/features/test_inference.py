from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from scratchnn.data.features.inference import infer
from scratchnn.data.tables import Table
from scratchnn.errors import DataError

MakeTable = Callable[..., Table]


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


def test_a_missing_value_is_refused_with_the_mend() -> None:
    for cells in (("1", ""), ("1", "NA")):
        with pytest.raises(DataError) as caught:
            infer(Table("data.csv", {"age": cells}, np.array([2, 3])), "age")
        assert "Set data.features.age: {type: number, missing: median}" in caught.value.hint
        with pytest.raises(DataError) as caught:  # a target takes no feature
            infer(Table("data.csv", {"age": cells}, np.array([2, 3])), "age", "data.task: classification")
        assert "features" not in caught.value.hint


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
