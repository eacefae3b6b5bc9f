"""Classes in an order."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from scratchnn.data.tables import Table
from scratchnn.data.targets import OrderedClasses, TargetRules
from scratchnn.errors import DataError

MakeTable = Callable[..., Table]


def test_numbers_by_their_value(table: MakeTable) -> None:
    rows = table(grade=["10", "9", "2", "9.0"])
    target = OrderedClasses.fit(rows, ["grade"], TargetRules())
    assert target.classes == ["2", "9", "10"]
    assert target.encode(rows).tolist() == [2, 1, 0, 1]


def test_texts_by_the_order_that_is_given(table: MakeTable) -> None:
    rows = table(size=["large", "small", "medium"])
    target = OrderedClasses.fit(rows, ["size"], TargetRules(class_order=["small", "medium", "large"]))
    assert target.encode(rows).tolist() == [2, 0, 1]
    assert OrderedClasses.strata(rows, ["size"]).ids.tolist() == [0, 2, 1]


def test_texts_without_an_order_are_refused(table: MakeTable) -> None:
    with pytest.raises(DataError) as caught:
        OrderedClasses.fit(table(size=["s", "m", "l"]), ["size"], TargetRules())
    assert str(caught.value) == (
        'data.csv:size: the target is ordinal, but "l" is a text, and texts have no order of their own. '
        "Set data.class_order: [l, m, s], lowest first."
    )


def test_an_order_that_lacks_a_class_is_refused(table: MakeTable) -> None:
    with pytest.raises(DataError, match=r'data.class_order lacks the class "m"'):
        OrderedClasses.fit(table(size=["s", "m", "l"]), ["size"], TargetRules(class_order=["s", "l"]))
