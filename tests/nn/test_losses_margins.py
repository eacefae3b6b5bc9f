"""Losses on margins against their formulas, computed the plain way (hinge: Cortes and Vapnik; focal: Lin et al.)."""

from __future__ import annotations

import math
import tracemalloc

import numpy as np
import pytest

from scratchnn.errors import ShapeError
from scratchnn.nn.arena import Arena, Workspace
from scratchnn.nn.layer import InputSpec
from scratchnn.nn.losses import Loss, TargetSpec

Z = np.array([[0.5], [-2.0], [3.0], [-0.25]])
IDS = np.array([1, 1, 0, 0])
NAMES = ["hinge", "squared_hinge", "binary_focal"]


def memory(loss: Loss, rows: int, dtype: str):
    plan = loss.plan(InputSpec((1,)))
    return Workspace(Arena(plan, np.dtype(dtype)), plan, rows, poison=True).memory(rows)


def run(settings: object, z, ids, weights=None):
    loss = Loss.parse(settings)
    gradient, total = np.full_like(z, np.nan), float(len(z) if weights is None else weights.sum())
    value = loss.evaluate(z, ids, weights, total, gradient, memory(loss, len(z), str(z.dtype)))
    return value / total, gradient


def test_hinges_by_hand():
    """The margins are 0.5, -2, -3 and 0.25, so the hinges are 0.5, 3, 4 and 0.75."""
    weights = np.array([1.0, 2.0, 1.0, 4.0])
    value, gradient = run("hinge", Z, IDS, weights)
    assert value == (0.5 + 6 + 4 + 3) / 8
    np.testing.assert_array_equal(gradient[:, 0], [-1 / 8, -2 / 8, 1 / 8, 4 / 8])
    value, gradient = run("squared_hinge", Z, IDS)
    assert value == (0.25 + 9 + 16 + 0.5625) / 4
    np.testing.assert_array_equal(gradient[:, 0], [-0.25, -1.5, 2.0, 0.375])
    assert run("hinge", np.array([[1.5]]), np.array([1]))[0] == 0


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
def test_focal_equals_the_formula(gamma):
    p = 1 / (1 + np.exp(-Z[:, 0] * (2 * IDS - 1)))
    value, gradient = run({"type": "binary_focal", "gamma": gamma}, Z, IDS)
    assert value == pytest.approx(-((1 - p) ** gamma * np.log(p)).mean(), rel=1e-13)
    if gamma == 0:
        np.testing.assert_allclose(gradient, run_cross_entropy(), rtol=1e-13)


def run_cross_entropy():
    return (1 / (1 + np.exp(-Z)) - IDS[:, None]) / 4


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_huge_logits(dtype):
    value, gradient = run("binary_focal", np.array([[1e9], [-1e9], [1e9]], dtype), np.array([0, 0, 1]))
    assert value == pytest.approx(1e9 / 3, rel=1e-6)
    np.testing.assert_allclose(gradient[:, 0], [1 / 3, 0, 0], rtol=1e-6)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_bad_outputs_show(name, bad):
    for label in (0, 1):
        assert not math.isfinite(run(name, np.array([[bad], [0.0]]), np.array([label, 1]))[0])


@pytest.mark.parametrize("name", NAMES)
def test_fit_predictions_and_memory(name):
    loss = Loss.parse(name)
    assert loss.output_size(TargetSpec(classes=2)) == 1
    for target in (TargetSpec(classes=3), TargetSpec()):
        with pytest.raises(ShapeError, match="needs two classes as targets"):
            loss.output_size(target)
    np.testing.assert_allclose(loss.predictions(np.array([[math.log(3)]])), [[0.25, 0.75]], rtol=1e-15)
    z, ids, weights = np.ones((65_536, 1), np.float32), np.zeros(65_536, np.int64), np.ones(65_536, np.float32)
    mem, gradient = memory(loss, len(z), "float32"), np.empty_like(z)
    tracemalloc.start()
    try:
        loss.evaluate(z, ids, weights, 1.0, gradient, mem)
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()
