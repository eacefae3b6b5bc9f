from __future__ import annotations

from collections.abc import Callable

import pytest

from scratchnn.data.features.inference import infer
from scratchnn.data.features.lists import lists_of
from scratchnn.data.json_lines import Bare
from scratchnn.data.tables import Table
from scratchnn.errors import DataError

MakeTable = Callable[..., Table]


def test_lists_in_json_and_with_separators(table: MakeTable) -> None:
    rows = table(a=["[1, 2.50, -3e2]", ' ["a b", true]', "[]", "", "NA", "1  2.50", "x;y"])
    expected = [["1", "2.50", "-3e2"], ["a b", "true"], [], [], [], ["1", "2.50"], ["x;y"]]
    assert list(lists_of(rows, "a", None)) == expected
    assert list(lists_of(table(a=["1; 2 ;3"]), "a", ";")) == [["1", "2", "3"]]


@pytest.mark.parametrize(
    ("cell", "separator", "message"),
    [
        (
            "[1, [2]]",
            None,
            r"data\.csv:3:a: item 1 of the list is a list, not a number or a text\. Lists must be flat",
        ),
        ('[{"a": 1}]', None, r"item 0 of the list is an object"),
        ("[1, null]", None, r"item 1 of the list is null, not a number or a text\. Remove it"),
        ("[1, 2", None, r'"\[1, 2" is not a JSON list\. Write \[1, 2\.5\]'),
        ("1;;2", ";", r'"1;;2" has nothing between two separators'),
    ],
)
def test_what_is_no_list(table: MakeTable, cell: str, separator: str | None, message: str) -> None:
    with pytest.raises(DataError, match=message):
        list(lists_of(table(a=["[1]", cell]), "a", separator))


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["[1, 2]", "[]", "", "[3.5]"], "sequence"),
        (['["a", "b"]', "[]", '["c"]'], "items"),
        (["[1, 2]", "[1999]) a film"], "category"),
        (["1 2", "3 4"], "category"),
    ],
)
def test_what_columns_of_lists_become(table: MakeTable, cells: list[str], kind: str) -> None:
    assert infer(table(a=cells), "a").tag() == kind
    assert infer(table(a=[cell or "x" for cell in cells]), "a", "data.task: classification").tag() == "category"


def test_a_text_among_numbers_is_no_guess(table: MakeTable) -> None:
    with pytest.raises(DataError, match=r'data\.csv:4:a: the list holds "x", but 3 of 4 items .*features\.a: items'):
        infer(table(a=["[1, 2]", "[]", '[3, "x"]']), "a")


def test_a_list_of_json_among_other_cells_is_no_guess(table: MakeTable) -> None:
    with pytest.raises(DataError, match=r'data\.csv:3:a: "7" is no list, but 1 of 2 cells are\. Mend'):
        infer(table(a=[Bare("[1, 2]"), "7"]), "a")
    with pytest.raises(DataError, match=r'data\.csv:2:a: "x" is no list, but 1 of 2 cells are\. Mend'):
        infer(table(a=["x", Bare("[1, 2]")]), "a")
