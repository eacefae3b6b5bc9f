from __future__ import annotations

import numpy as np
import pytest

from scratchnn.data.groups import MISSING, groups_of
from scratchnn.data.tables import Table
from scratchnn.errors import DataError


def table(*cells):
    return Table("t.csv", {"c": tuple(cells)}, np.arange(len(cells)) + 2)


def groups(*cells):
    return {name: rows.tolist() for name, rows in groups_of(table(*cells), "c").items()}


def test_texts_in_their_order_and_cells_without_a_value_last():
    assert groups("b", "", "a", " b ", "NA") == {"a": [2], "b": [0, 3], MISSING: [1, 4]}
    assert groups("", "") == {MISSING: [0, 1]}


def test_cells_that_hold_the_words_for_missing_are_with_those_without_a_value():
    assert groups("", MISSING, "a") == {"a": [2], MISSING: [0, 1]}
    assert groups(MISSING, "a") == {MISSING: [0], "a": [1]}


def test_few_numbers_are_groups_whatever_their_spelling():
    assert groups("10", "9", "10.0", "nan", "1e1", "-0.5") == {"-0.5": [5], "9": [1], "10": [0, 2, 4], MISSING: [3]}


def test_many_numbers_are_put_into_quarters_with_edges_among_them():
    made = groups(*map(str, range(1, 13)), "")
    assert made == {
        "[1, 3)": [0, 1],
        "[3, 6)": [2, 3, 4],
        "[6, 9)": [5, 6, 7],
        "[9, 12]": [8, 9, 10, 11],
        MISSING: [12],
    }


def test_edges_that_are_the_same_are_one():
    made = groups(*["0"] * 30, *map(str, range(1, 12)))
    assert made == {"[0, 1)": list(range(30)), "[1, 11]": list(range(30, 41))}


def test_the_rarest_of_many_texts_are_one_group():
    cells = [f"t{number:02}" for number in range(40)] + [f"t{number:02}" for number in range(10, 39)]
    made = groups(*cells)
    assert len(made) == 30
    assert made["(11 other values)"] == [*range(10), 39]
    assert made["t10"] == [10, 40]
    assert len(groups(*cells[:30])) == 30


@pytest.mark.parametrize("seed", range(3))
def test_every_row_is_in_one_group(seed):
    rng = np.random.default_rng(seed)
    cells = [repr(value) if rng.random() < 0.9 else "" for value in rng.normal(size=200).round(1).tolist()]
    made = groups(*cells)
    assert sorted(row for rows in made.values() for row in rows) == list(range(200))
    assert len(made) == 5


def test_infinite_numbers_are_numbers():
    made = groups("inf", "-inf", *map(str, range(10)))
    assert sorted(row for rows in made.values() for row in rows) == list(range(12))
    names = list(made)
    assert (names[0][:7], names[-1][-6:]) == ("[-inf, ", ", inf]")


def test_an_unknown_column():
    with pytest.raises(DataError, match='there is no column "d"'):
        groups_of(table("a"), "d")
