"""What targets are taken for where no one says."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from scratchnn.data.tables import Arrays, Table
from scratchnn.data.targets.inference import infer_task

MakeTable = Callable[..., Table]


@pytest.mark.parametrize(
    ("columns", "task"),
    [
        ({"a": ["0", "1"], "b": ["1", "1"]}, "multi_label"),
        ({"a": ["no", "yes"], "b": ["1.0", "0"]}, "multi_label"),
        ({"a": ["0", "1"], "b": ["1", "2"]}, "regression"),
        ({"a": ["0", "1"], "b": ["0.5", "1"]}, "regression"),
        ({"a": ["[]", '["x"]']}, "multi_label"),
        ({"a": ["x|y", "x"]}, "classification"),
        ({"a": ["0", "1"]}, "classification"),
        ({"a": [str(number) for number in range(30)]}, "regression"),
    ],
)
def test_tables(table: MakeTable, columns: dict[str, list[str]], task: str) -> None:
    assert infer_task(table(**columns), list(columns)) == task


def test_a_separator_tells_labels(table: MakeTable) -> None:
    assert infer_task(table(a=["x|y", "x"]), ["a"], "|") == "multi_label"


@pytest.mark.parametrize(
    ("targets", "task"),
    [
        (np.eye(2, dtype=bool), "multi_label"),
        (np.eye(2), "multi_label"),
        (np.eye(2) * 2, "regression"),
        (np.arange(2), "classification"),
    ],
)
def test_arrays(targets: np.ndarray, task: str) -> None:
    assert infer_task(Arrays.of(np.ones(2), targets), ["a", "b"]) == task
