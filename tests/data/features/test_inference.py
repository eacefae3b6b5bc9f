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
    mends = {("1", ""): "number, missing: median", ("1", "NA"): "number, missing: median"}
    mends |= {("a", ""): "category, missing: as_category", ("1", "a", ""): "category, missing: as_category"}
    for cells, mend in mends.items():
        with pytest.raises(DataError) as caught:
            infer(Table("data.csv", {"age": cells}, np.arange(len(cells))), "age")
        assert f"Set data.features.age: {{type: {mend}}}" in caught.value.hint
        with pytest.raises(DataError) as caught:  # a target takes no feature
            infer(Table("data.csv", {"age": cells}, np.arange(len(cells))), "age", "data.task: classification")
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


@pytest.mark.parametrize(
    ("cells", "tag"),
    [
        (["2024-03-31", "2024-04-01"], "datetime"),
        (["2024-03-31T12:00", " 2024-04-01 07:15:30+02:00"], "datetime"),
        (["20240331", "20240401"], "number"),
        (["2024", "2025"], "number"),
        (["12:00", "13:00", "12:00"], "category"),
        (["31.3.2024", "1.4.2024", "1.4.2024"], "category"),
        (["2024-03-31", "2024-02-30", "2024-03-31"], "category"),
        (["yes", "no", "yes"], "category"),
        (["NA", "NA"], "category"),
    ],
)
def test_dates_are_datetimes(cells: list[str], tag: str) -> None:
    assert infer(Table("data.csv", {"a": tuple(cells)}, np.arange(len(cells)) + 2), "a").tag() == tag


def test_dates_with_gaps_and_one_that_is_none_are_no_guess() -> None:
    dates = [f"2024-03-{day:02}" for day in range(1, 20)]
    for gap in ("", "NA"):
        with pytest.raises(DataError, match="the value is missing") as caught:
            infer(Table("data.csv", {"when": (*dates, gap)}, np.arange(20) + 2), "when")
        assert (caught.value.where, caught.value.hint.partition(",")[0]) == (
            "data.csv:21:when",
            "Set data.features.when: {type: datetime",
        )
    with pytest.raises(DataError, match='"2024-02-30" is not a date, but 19 of 20 cells are') as caught:
        infer(Table("data.csv", {"when": ("2024-02-30", *dates)}, np.arange(20) + 2), "when")
    assert caught.value.where == "data.csv:2:when"


def test_missing_texts_name_the_mend() -> None:
    with pytest.raises(DataError, match=r"data.csv:3:deck: the value is missing") as caught:
        infer(Table("data.csv", {"deck": ("A", "", "B")}, np.arange(3) + 2), "deck")
    assert caught.value.hint.startswith("Set data.features.deck: {type: category, missing: as_category}")
    with pytest.raises(DataError, match=r"data.csv:2:deck: the value is missing") as caught:
        infer(Table("data.csv", {"deck": ("", "NA", "")}, np.arange(3) + 2), "deck")
    assert "ignore the column" in caught.value.hint


def test_missing_numbers_in_several_spellings_name_the_mend() -> None:
    with pytest.raises(DataError, match=r'data.csv:3:age: the value is missing \("NA"\)') as caught:
        infer(Table("data.csv", {"age": ("1", "NA", "nan")}, np.arange(3) + 2), "age")
    assert "missing: median" in caught.value.hint
