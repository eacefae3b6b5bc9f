from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scratchnn.data.columns import FittedColumn
from scratchnn.data.features.binary import Binary, BinaryColumn
from scratchnn.data.tables import Array, Table
from scratchnn.errors import DataError

MakeTable = Callable[..., Table]


def as_table(*cells: str) -> Table:
    return Table("data.csv", {"a": cells}, np.arange(2, len(cells) + 2))


def encoded(column: BinaryColumn, *cells: str) -> list[list[float]]:
    out: Array = np.zeros((len(cells), column.width))
    column.encode(as_table(*cells), out)
    inputs: list[list[float]] = out.tolist()
    return inputs


@pytest.mark.parametrize(
    ("levels", "positive"),
    [
        (("yes", "no"), "yes"),
        (("No", "Yes"), "Yes"),
        (("no", "YES"), "YES"),  # by the alphabet alone "no" would come later
        (("T", "F"), "T"),
        (("true", "False"), "true"),
        (("on", "off"), "on"),
        (("y", "N"), "y"),
        (("1", "0"), "1"),
        (("m", "f"), "m"),
        (("10", "9"), "10"),
        (("-1", "1"), "1"),
        (("b", "a"), "b"),
    ],
)
def test_which_level_is_1(levels: tuple[str, str], positive: str) -> None:
    for cells in (levels, levels[::-1]):
        column = Binary().fit(as_table(*cells), "a")
        assert column.positive == positive
        assert encoded(column, *cells) == [[float(cell == positive)] for cell in cells]
        assert column.names == [f"a={positive}"]


def test_positive_says_it() -> None:
    column = Binary(positive="no").fit(as_table("no", "yes"), "a")
    assert encoded(column, "no", "yes") == [[1], [0]]
    assert Binary(positive="0.0").fit(as_table("0", "1"), "a").positive == "0"
    with pytest.raises(
        DataError, match=r'data.features.a.positive is "yess", but the levels are "no", "yes"'
    ) as caught:
        Binary(positive="yess").fit(as_table("no", "yes"), "a")
    assert caught.value.hint == 'Did you mean "yes"?'


def test_spellings_of_a_number_are_one_level() -> None:
    column = Binary().fit(as_table("1", "0", "1.0", "00"), "a")
    assert encoded(column, "1e0", "0.0") == [[1], [0]]
    assert column.is_plain_number
    assert not column.scaled
    assert Binary().fit(as_table("5", "7"), "a").scaled
    out = np.zeros((3, 1))
    column.encode_numbers(np.array([1, 0, 7]), out)
    assert out.tolist() == [[1], [0], [0]]


@pytest.mark.parametrize(("missing", "width"), [("most_frequent", 1), ("indicator", 2)])
def test_missing_and_unseen_count_as_most_rows_do(missing: str, width: int) -> None:
    column = Binary.model_validate({"missing": missing}).fit(as_table("yes", "NA", "yes", "no", ""), "a")
    rows = as_table("no", "?", "maybe", "yes")
    expected = [[0, 0], [1, 1], [1, 1], [1, 0]]
    assert encoded(column, *rows.columns["a"]) == [row[:width] for row in expected]
    assert column.missing(rows).tolist() == [False, True, False, False]
    assert column.unseen(rows).tolist() == [False, False, True, False]
    assert column.names == ["a=yes", "a is missing"][:width]


def test_of_equally_many_the_negative_one() -> None:
    assert encoded(Binary().fit(as_table("yes", "no"), "a"), "maybe") == [[0]]


def test_a_missing_value_is_refused() -> None:
    with pytest.raises(DataError, match=r"data.csv:4:a: the value is missing") as caught:
        Binary().fit(as_table("yes", "no", ""), "a")
    assert "Set data.features.a: {type: binary, missing: most_frequent}" in caught.value.hint
    with pytest.raises(DataError, match=r"data.csv:2:a: the value is missing") as caught:
        encoded(Binary().fit(as_table("yes", "no"), "a"), "")
    assert "train with data.features.a: {type: binary, missing: most_frequent}" in caught.value.hint


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (("a", "b", "c"), 'a binary column has two levels, but here are 3: "a", "b", "c". Mend the cells'),
        (("1", "2", "3", "4", "5", "6"), '6: "1", "2", "3", "4", "5" and others.'),
        (("a", "a"), 'every training row that has a value has "a", so nothing can be learned'),
        (("-", "+"), 'has "+", so nothing can be learned. Set data.features.a: ignore. Cells such as NA, none and -'),
        (("", "NA"), "no training row has a value"),
    ],
)
def test_other_than_two_levels(cells: tuple[str, ...], message: str) -> None:
    with pytest.raises(DataError) as caught:
        Binary(missing="most_frequent").fit(as_table(*cells), "a")
    assert str(caught.value).startswith("data.csv:a: ")
    assert message in str(caught.value)


def test_decoding() -> None:
    column = Binary(missing="indicator").fit(as_table("f", "m", ""), "a")
    values = np.array([[0.6, 0.1], [0.5, 0.2], [-3, 0], [9, 0.5], [1, 0.6]], np.float32)
    assert column.decode(values) == ["m", "f", "f", "m", ""]


words = st.text(min_size=1, max_size=4).filter(lambda text: text.strip() and text.isprintable())


@given(st.sets(words, min_size=2, max_size=2), st.lists(st.booleans(), max_size=9))
def test_decoding_inverts_encoding_and_json_keeps_it(levels: set[str], rows: list[bool]) -> None:
    first, second = sorted(levels)
    cells = [first, second] + [second if row else first for row in rows]
    try:
        column = Binary(missing="indicator").fit(as_table(*cells), "a")
    except DataError:  # two spellings of one number, or one of no value
        return
    out = np.zeros((len(cells), column.width))
    column.encode(as_table(*cells), out)
    names = {column.negative, column.positive}
    decoded = column.decode(out)
    assert [cell for cell in decoded if cell in names] == decoded
    if levels == names:
        assert decoded == cells
    assert FittedColumn.model_validate_json(column.model_dump_json()) == column


@pytest.mark.parametrize("change", [{"positive": "no"}, {"frequent": 2}, {"frequent": -1}])
def test_a_column_from_a_broken_file_is_refused(change: dict[str, object]) -> None:
    good = {"type": "binary", "name": "a", "negative": "no", "positive": "yes", "frequent": 0}
    assert not FittedColumn.model_validate(good).scaled
    with pytest.raises(ValueError, match="validation error"):
        FittedColumn.model_validate(good | change)
