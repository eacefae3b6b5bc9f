"""Counts: never scaled, whole and not below 0."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from scratchnn.data.tables import Arrays, Table
from scratchnn.data.targets import Counts, TargetRules
from scratchnn.errors import DataError

MakeTable = Callable[..., Table]
COUNT = Counts(names=["visits"])


def test_counts_stay_as_they_are(table: MakeTable) -> None:
    rows = table(visits=["0", "12", "3.0"])
    target = Counts.fit(rows, ["visits"], TargetRules(scale="standard"))
    assert (target, target.scaled) == (COUNT, False)
    assert target.encode(rows).tolist() == [[0], [12], [3]]
    assert target.as_in_data(rows).tolist() == [[0], [12], [3]]
    assert target.decode(np.array([[1.5]])).tolist() == [[1.5]]


@pytest.mark.parametrize(
    ("cells", "text"),
    [
        (
            ["1", "1.5"],
            "data.csv:3:visits: 1.5 is a fraction, but the target is a count. Counts are whole",
        ),
        (["1", "-1"], "data.csv:3:visits: -1 is below 0, but the target is a count"),
        (["1", "many"], 'data.csv:3:visits: "many" is not a number'),
        (["1", ""], "data.csv:3:visits: the value is missing"),
    ],
)
def test_what_is_no_count(table: MakeTable, cells: list[str], text: str) -> None:
    with pytest.raises(DataError) as caught:
        COUNT.encode(table(visits=cells))
    assert str(caught.value).startswith(text)


@pytest.mark.parametrize(
    ("targets", "place"),
    [(np.array([0, 2.5]), "data:targets[1]"), (np.array([[0, 1], [1, -3]]), "data:targets[1, 1]")],
)
def test_arrays_name_the_sample(targets: np.ndarray, place: str) -> None:
    names = [f"y{number}" for number in range(targets.ndim)]
    with pytest.raises(DataError) as caught:
        Counts(names=names).encode(Arrays.of(np.ones(2), targets))
    assert caught.value.where == place


def test_an_order_of_classes_is_refused(table: MakeTable) -> None:
    with pytest.raises(DataError, match=r"data.class_order orders classes, but the target is a count"):
        Counts.fit(table(visits=["1"]), ["visits"], TargetRules(class_order=["0", "1"]))
