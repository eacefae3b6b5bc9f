from __future__ import annotations

from collections.abc import Callable

import pytest

from scratchnn.data.features.category import Category, CategoryColumn
from scratchnn.data.features.feature import Feature
from scratchnn.data.tables import Table
from scratchnn.errors import DataError

MakeTable = Callable[..., Table]


def test_categories_come_in_their_order(table: MakeTable) -> None:
    assert Category().fit(table(a=["b", "a", "b"]), "a") == CategoryColumn(name="a", levels=["a", "b"])
    numbers = table(a=["10", "9", "9", "09"])
    assert Category().fit(numbers, "a") == CategoryColumn(name="a", levels=["09", "9", "10"])


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
