"""What folds say together."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from scratchnn.nn.metrics import Accuracy, LogLoss, RSquared, Scored
from scratchnn.workflows.out_of_fold import OutOfFold, pooled_figures, write_out_of_fold


def fold(number, rows, scored, metrics, truth=(), said=(), repeat=0):
    return OutOfFold(repeat, number, np.array(rows), dict(truth), dict(said), scored, metrics)


def test_folds_with_other_classes_are_judged_by_name():
    first = Scored(np.array([0, 1]), np.array([[0.9, 0.1], [0.4, 0.6]]), classes=("ash", "oak"))
    second = Scored(np.array([0, 1]), np.array([[0.5, 0.5], [0.2, 0.8]]), classes=("elm", "oak"))
    metrics = [Accuracy(), LogLoss()]
    figures, _ = pooled_figures([fold(0, [0, 1], first, metrics), fold(1, [2, 3], second, metrics)])
    assert figures["accuracy"] == 1.0  # of equal shares the first: elm
    assert figures["log_loss"] == pytest.approx(-np.log([0.9, 0.6, 0.5, 0.8]).mean(), rel=1e-12)


def test_weights_count_and_repeats_are_averaged():
    targets, said = np.array([1.0, 2.0, 4.0]), np.array([1.5, 2.0, 3.0])
    metrics = [RSquared()]
    parts = [slice(0, 2), slice(2, 3)]
    weights = np.array([1.0, 3.0, 2.0])
    first = [fold(k, [k], Scored(targets[p], said[p], weights[p]), metrics) for k, p in enumerate(parts)]
    second = [fold(k, [k], Scored(targets[p], said[p] + 1), metrics, repeat=1) for k, p in enumerate(parts)]
    centre = np.average(targets, weights=weights)
    one = 1 - (weights * (targets - said) ** 2).sum() / (weights * (targets - centre) ** 2).sum()
    two = 1 - ((targets - said - 1) ** 2).sum() / ((targets - targets.mean()) ** 2).sum()
    figures, _ = pooled_figures(first + second)
    assert figures["r2"] == pytest.approx((one + two) / 2, rel=1e-12)


def test_columns_do_not_hide_each_other_and_formulas_are_guarded(tmp_path):
    scored = Scored(np.array([0, 1]), np.eye(2), classes=("=a", "b"))
    made = [
        fold(1, [2, 0], scored, [], {"row": ["=a", "b"]}, {"prediction": ["b", "=a"]}),
        fold(0, [3, 1], scored, [], {"row": ["b", "b"]}, {"prediction": ["b", "b"]}),
    ]
    assert write_out_of_fold(tmp_path / "said.csv", made) == 4
    with (tmp_path / "said.csv").open() as file:
        rows = list(csv.reader(file))
    assert rows == [
        ["row", "repeat", "fold", "row_2", "prediction"],
        ["0", "0", "1", "b", "'=a"],
        ["1", "0", "0", "b", "b"],
        ["2", "0", "1", "'=a", "b"],
        ["3", "0", "0", "b", "b"],
    ]
