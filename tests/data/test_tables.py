from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scratchnn.data.tables import Arrays, Table, in_order, is_missing, is_number, number_name
from scratchnn.errors import DataError

MakeTable = Callable[..., Table]


def test_numbers_are_read_as_python_writes_them(table: MakeTable) -> None:
    assert table(a=["1", "-2.5e-3", " 7 ", "0.1"]).numbers("a").tolist() == [1.0, -0.0025, 7.0, 0.1]


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("", "the value is missing"),
        ("  ", "the value is missing"),
        ("NA", 'the value is missing ("NA")'),
        ("?", 'the value is missing ("?")'),
        ("nan", 'the value is missing ("nan")'),
        ("1_000", '"1_000" is not a number'),
        ("1,5", '"1,5" is not a number'),
        ("\u0661", '"\u0661" is not a number'),
        ("1e999", '"1e999" is not a finite number'),
        ("-inf", '"-inf" is not a finite number'),
    ],
)
def test_a_cell_that_is_no_number_is_named_by_line_and_column(table: MakeTable, cell: str, message: str) -> None:
    with pytest.raises(DataError) as caught:
        table(a=["1", "2", cell, "4"]).numbers("a")
    assert caught.value.where == "data.csv:4:a"
    assert caught.value.message == message
    assert caught.value.hint


def test_an_unknown_column_suggests_a_known_one(table: MakeTable) -> None:
    with pytest.raises(DataError) as caught:
        table(age=["1"]).cells("aeg")
    assert str(caught.value) == 'data.csv: there is no column "aeg". Did you mean "age"?'


@pytest.mark.parametrize("rows", [[], [2], [2, 0], [0, 1, 2], [1, 1, 0, 2]])
def test_taken_rows_keep_their_lines_and_numbers(table: MakeTable, rows: list[int]) -> None:
    whole = table(a=["10", "20", "30"], b=["x", "y", "z"])
    whole.numbers("a")
    part = whole.take(np.array(rows, int))
    assert part.columns["b"] == tuple("xyz"[row] for row in rows)
    assert part.numbers("a").tolist() == [10.0 * (row + 1) for row in rows]
    assert part.lines.tolist() == [row + 2 for row in rows]


def test_arrays_take_rows() -> None:
    arrays = Arrays.of(np.array([1.0, 2.0, 3.0]), np.array([[4], [5], [6]]))
    part = arrays.take(np.array([2, 0]))
    assert part.inputs.tolist() == [[3.0], [1.0]]
    assert part.targets is not None
    assert part.targets.tolist() == [6, 4]
    assert Arrays.of(np.ones((3, 2))).take(np.array([1])).targets is None


@pytest.mark.parametrize("cell", ["", "NA", "n/a", "NaN", "null", "None", "?", " - ", "."])
def test_markers_of_missing_values(cell: str) -> None:
    assert is_missing(cell)
    assert not is_missing(cell + "x")


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**70), 2**70))
def test_a_number_has_one_name_that_reads_back(value: float) -> None:
    name = number_name(repr(value))
    assert type(value)(name) == value
    assert number_name(name) == name
    assert is_number(name)


def test_large_whole_numbers_stay_apart() -> None:
    assert number_name("1e22") == number_name("1" + "0" * 22)
    assert number_name("9007199254740993") != number_name("9007199254740992")
    assert number_name("1" + "0" * 300) != number_name("1e300") == "1e+300"
    assert number_name("9" * 400) == "9" * 400
    assert in_order(["9007199254740993", "9007199254740992"]) == ["9007199254740992", "9007199254740993"]
