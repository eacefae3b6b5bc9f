from __future__ import annotations

import numpy as np
import pytest

from scratchnn.data.array_table import as_table
from scratchnn.data.tables import Arrays
from scratchnn.errors import DataError


def test_columns_have_names_numbers_and_texts() -> None:
    data = Arrays.of(np.array([[1, 2], [3, 4], [5, 6]]), np.array([0.5, 1, -2]), where="x.npy")
    rows = as_table(data, ["y"])
    assert list(rows.columns) == ["x1", "x2", "y"]
    assert rows.numbers("x2").tolist() == [2, 4, 6]
    assert rows.columns["x1"] == ("1", "3", "5")
    assert rows.take(np.array([2, 0])).columns["y"] == ("-2.0", "0.5")
    assert rows.place(1) == "x.npy:1"


def test_targets_of_several_kinds() -> None:
    inputs = np.zeros((2, 1))
    labels = as_table(Arrays.of(inputs, np.array(["a", "b"])), ["y"])
    assert labels.columns["y"] == ("a", "b")
    several = as_table(Arrays.of(inputs, np.array([[1, 2], [3, 4]])), ["y", "z"])
    assert several.numbers("z").tolist() == [2, 4]
    truths = as_table(Arrays.of(inputs, np.array([True, False])), ["y"])
    assert truths.columns["y"] == ("1", "0")
    assert list(as_table(Arrays.of(inputs), ["y"]).columns) == ["x1"]


def test_samples_that_are_not_flat_are_refused() -> None:
    with pytest.raises(DataError, match=r"data: samples have the shape \(2, 2\).* Store one row of numbers for each"):
        as_table(Arrays.of(np.zeros((3, 2, 2))), [])
