from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from scratchnn.data.columns import FittedColumn
from scratchnn.data.features.items import ItemColumn, Items
from scratchnn.data.tables import Table
from scratchnn.errors import DataError

MakeTable = Callable[..., Table]

ROWS = ['["view", "buy"]', '["buy", "view", "view all"]', "[]", '["buy"]']


def ids(column: ItemColumn, table: Table) -> list[list[float]]:
    out = np.zeros((len(table), column.width))
    column.encode(table, out)
    return out.tolist()


def test_items_become_ids(table: MakeTable) -> None:
    """buy 3, view 2, and one that comes once is unknown."""
    column = Items().fit(table(a=ROWS), "a")
    assert column.vocabulary == ["buy", "view"]
    assert ids(column, table(a=ROWS)) == [[3, 2, 0], [2, 3, 1], [0, 0, 0], [2, 0, 0]]
    assert column.levels_of_code == 4


def test_numbers_can_be_items(table: MakeTable) -> None:
    column = Items(separator=";", min_count=1, keep="end", length=2).fit(table(a=["01;1;1", "7"]), "a")
    assert column.vocabulary == ["1", "01", "7"]
    assert ids(column, table(a=["01;7;1", "01"])) == [[4, 2], [3, 0]]
    assert ids(column, table(a=["[1, 7]"])) == [[2, 4]]


def test_flags(table: MakeTable) -> None:
    column = Items().fit(table(a=ROWS), "a")
    new = table(a=['["sell"]', '["sell", "buy"]', "", "[]"])
    assert column.unseen(new).tolist() == [True, False, False, False]
    assert column.missing(new).tolist() == [False, False, True, True]
    assert FittedColumn.model_validate_json(column.model_dump_json()) == column


def test_nested_lists_are_refused(table: MakeTable) -> None:
    with pytest.raises(DataError, match=r"data\.csv:2:a: item 0 of the list is a list, not a number or a text"):
        Items().fit(table(a=['[["view"]]']), "a")
