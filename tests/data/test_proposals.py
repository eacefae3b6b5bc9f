from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from scratchnn.data.proposals import Proposal, TargetProposal, propose, propose_target
from scratchnn.data.tables import Table
from scratchnn.errors import DataError

MakeTable = Callable[..., Table]

FLOWERS = ["ash", "elm", "oak", "ash"]


@pytest.mark.parametrize(
    ("cells", "settings", "reason"),
    [
        (["1.5", "2", "-3", "4"], {"type": "number"}, "-3 to 4"),
        (["1", "2", "3", "4"], {"type": "ignore"}, "it counts the rows"),
        (["0", "1", "2", "3"], {"type": "ignore"}, "it counts the rows"),
        (["2", "3", "4", "5"], {"type": "number"}, "2 to 5"),
        (["7", "7", "7.0", "7"], {"type": "ignore"}, "every cell is 7"),
        (["k", "k", "k", "k"], {"type": "ignore"}, 'every cell is "k"'),
        (["", "NA", "", "?"], {"type": "ignore"}, "no cell has a value"),
        (["a", "b", "a", "b"], {"type": "category"}, "2 levels: a, b"),
        (["a", "b", "c", "a"], {"type": "ignore"}, "3 different texts in 4 rows"),
        (["a" * 61, "b" * 61, "a" * 61, "b" * 61], {"type": "ignore"}, "2 different texts in 4 rows"),
        (
            ["1", "NA", "3", "5"],
            {"type": "number", "missing": "indicator"},
            "1 to 5; 1 cells (25.0%) have no value",
        ),
        (["2024-01-01", "2024-03-09", "2024-01-01", "2023-12-31"], {"type": "datetime"}, "2023-12-31 to 2024-03-09"),
        (
            ["2024-01-01T07:00", "NA", "2024-01-01T06:00", "2024-01-01T09:30"],
            {"type": "datetime", "missing": "indicator"},
            "2024-01-01T06:00 to 2024-01-01T09:30; 1 cells (25.0%) have no value",
        ),
        (["[1, 2]", "[]", "[3, 1, 2]", "[1]"], {"type": "sequence"}, "lists of 0 to 3 numbers"),
        (
            ['["a"]', "", '["b", "a"]', '["a"]'],
            {"type": "items"},
            "lists of 1 to 2 items, 2 different ones; 1 cells (25.0%) have no value",
        ),
        (
            ["a", "", "b", "a", "b"],
            {"type": "category", "missing": "as_category"},
            "2 levels: a, b; 1 cells (20.0%) have no value",
        ),
    ],
)
def test_what_a_column_becomes_and_why(
    table: MakeTable, cells: list[str], settings: dict[str, str], reason: str
) -> None:
    rows = table(a=cells, b=["1.5", "2.5", "1.5", "3", "4"][: len(cells)], kind=(FLOWERS * 2)[: len(cells)])
    assert propose(rows, ["kind"])[0] == Proposal("a", settings, reason)


@pytest.mark.parametrize(("rows", "buckets"), [(4, 64), (2001, 256)])
def test_different_texts_of_several_words_are_texts(table: MakeTable, rows: int, buckets: int) -> None:
    found = propose(table(a=[f"red car{row}" for row in range(rows)]), [])[0]
    reason = f"{rows:,} different texts in {rows:,} rows, of 2.0 words each"
    assert found == Proposal("a", {"type": "text", "buckets": buckets}, reason)


def test_a_counter_is_an_input_where_there_is_no_other(table: MakeTable) -> None:
    counted = {"x": ["1", "2", "3"], "unit": ["cm"] * 3}
    found = propose(table(**counted, y=["1", "4", "9"]), ["y"])
    assert found == [
        Proposal("x", {"type": "number"}, "1 to 3"),
        Proposal("unit", {"type": "ignore"}, 'every cell is "cm"'),
    ]


def test_few_missing_numbers_need_no_input_of_their_own(table: MakeTable) -> None:
    cells = ["", *map(str, np.linspace(0, 1, 40))]
    assert propose(table(a=cells), [])[0].settings == {"type": "number", "missing": "median"}


def test_many_levels_are_embedded_and_rare_ones_grouped(table: MakeTable) -> None:
    cells = [f"c{row % 60}" for row in range(300)] + ["once", "twice", "twice"]
    found = propose(table(a=cells), [])[0]
    assert found.settings == {"type": "category", "encode": "embedding", "min_count": 3}
    assert found.reason == "62 levels: c0, c1, c10, c11, c12, c13, ...; 2 levels have fewer than 3 rows"
    assert found.embedded


def test_a_small_table_keeps_its_rare_levels(table: MakeTable) -> None:
    assert propose(table(a=["a"] * 9 + ["b"]), [])[0].settings == {"type": "category"}


def test_a_reason_stays_on_its_line(table: MakeTable) -> None:
    found = propose(table(a=["x\ny", "x\ny", "z\t" * 20, "z\t" * 20]), [])[0]
    assert found.reason == "2 levels: x y, z z z z z z z z z z z..."


def test_what_would_be_a_guess_is_refused(table: MakeTable) -> None:
    with pytest.raises(DataError, match=r'data\.csv:21:a: "x" is not a number, but 19 of 20 cells are'):
        propose(table(a=["7"] * 19 + ["x"]), [])
    with pytest.raises(DataError, match="no column is left to learn from"):
        propose(table(a=["k", "k"], kind=["a", "b"]), ["kind"])


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["b", "a", "b", "b"], TargetProposal("classification", "2 classes: a (1), b (3)", 2, 1)),
        (["1", "2", "1.0", "2"], TargetProposal("classification", "2 classes: 1 (2), 2 (2)", 2, 2)),
        (["1.5", "2", "9", "2"], TargetProposal("regression", "y 1.5 to 9")),
        (['["a"]', "[]", '["a"]'], TargetProposal("multi_label", "1 label: a (2)")),
    ],
)
def test_what_a_target_is(table: MakeTable, cells: list[str], expected: TargetProposal) -> None:
    assert propose_target(table(y=cells), ["y"]) == expected


def test_several_targets_are_numbers_or_labels(table: MakeTable) -> None:
    found = propose_target(table(y=["1", "2.5"], z=["3", "5"]), ["y", "z"])
    assert found == TargetProposal("regression", "y 1 to 2.5; z 3 to 5")
    found = propose_target(table(y=["no", "yes", "yes"], z=["0", "0", "1"]), ["y", "z"])
    assert found == TargetProposal("multi_label", "2 labels: y (2), z (1)")


@pytest.mark.parametrize(
    ("cells", "task", "other"),
    [
        (
            ["1", "2", "3"],
            "classification",
            "ordinal, where the order means something; count, where it counts something",
        ),
        (["-1", "2", "3"], "classification", "ordinal, where the order means something"),
        (["1", "2", "1"], "classification", ""),
        (["a;b", "b;c", "a;c", "a"], "classification", "multi_label, with label_separator: ';'"),
        (["a|b", "c"], "classification", ""),
        ([str(number) for number in range(30)], "regression", "count, where it counts something"),
        ([str(number - 3) for number in range(30)], "regression", ""),
    ],
)
def test_what_else_a_target_may_be(table: MakeTable, cells: list[str], task: str, other: str) -> None:
    found = propose_target(table(y=cells), ["y"])
    assert (found.task, found.other) == (task, other)


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (["a", "", "b", "a"], "data.csv:3:y: the value is missing"),
        (["1", "NA", "2", "1"], 'data.csv:3:y: the value is missing ("NA")'),
        (["a", "a", "a", "a"], 'data.csv:y: every row has the class "a"'),
    ],
)
def test_targets_that_cannot_be_learned(table: MakeTable, cells: list[str], message: str) -> None:
    with pytest.raises(DataError) as caught:
        propose_target(table(y=cells), ["y"])
    assert message in str(caught.value)
    assert caught.value.hint
