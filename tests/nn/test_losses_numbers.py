"""Losses on numbers against PyTorch (tests/fixtures/make_torch_losses.py names the version) and their formulas."""

from __future__ import annotations

import json
import math
import re
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from scratchnn.errors import ConfigError, ShapeError, TargetError
from scratchnn.nn.arena import Arena, Workspace
from scratchnn.nn.layer import InputSpec
from scratchnn.nn.losses import Loss, TargetSpec

with np.load(Path(__file__).parents[1] / "fixtures" / "torch_losses.npz", allow_pickle=False) as archive:
    TORCH = {name: archive[name] for name in archive.files}
CASES = json.loads(str(TORCH["origin"]))["losses"]
RAW = {"mape", "msle", "multi_label_cross_entropy", "poisson", "gamma", "tweedie", "cosine_similarity"}
ALL = [*sorted(RAW), "smooth_l1", "log_cosh", "quantile", "gaussian_nll"]
F = np.array([[0.5, -1.0], [2.0, 0.0], [-0.3, 1.5]])
Y = np.array([[1.0, 0.0], [0.5, 3.0], [4.0, 2.0]])
# The formulas beside their sources: HalfGammaLoss, HalfTweedieLoss, mean_pinball_loss and
# mean_absolute_percentage_error of scikit-learn 1.9; mean_squared_log_error with f as a logarithm.
FORMULAS = {
    "log_cosh": lambda f, y: np.log(np.cosh(f - y)),
    "mape": lambda f, y: np.abs(f - y) / np.maximum(np.abs(y), 1e-7),
    "msle": lambda f, y: (f - np.log(1 + y)) ** 2,
    "gamma": lambda f, y: f + y * np.exp(-f),
    "tweedie": lambda f, y: np.exp(0.5 * f) / 0.5 + y * np.exp(-0.5 * f) / 0.5,
}


def run(settings: object, outputs, targets, weights=None):
    loss = Loss.parse(settings)
    plan = loss.plan(InputSpec(outputs.shape[1:]))
    mem = Workspace(Arena(plan, outputs.dtype), plan, len(outputs), poison=True).memory(len(outputs))
    total = float(len(outputs) if weights is None else weights.sum())
    gradient = np.full_like(outputs, np.nan)
    value = loss.evaluate(outputs, targets, weights, total, gradient, mem)
    alone = loss.evaluate(outputs, targets, weights, total, None, mem)
    assert alone == value or (math.isnan(alone) and math.isnan(value))
    return value / total, gradient


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("number", range(len(CASES)), ids=lambda number: str(CASES[number]))
def test_equals_pytorch(number, weighted):
    weights = TORCH["weights"] if weighted else None
    value, gradient = run(CASES[number], TORCH[f"{number}.outputs"], TORCH[f"{number}.targets"], weights)
    assert value == pytest.approx(float(TORCH[f"{number}.{weighted}.value"]), rel=1e-12)
    np.testing.assert_allclose(gradient, TORCH[f"{number}.{weighted}.gradient"], rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("name", FORMULAS)
def test_equals_the_formula(name):
    weights = np.array([0.5, 2.0, 1.0])
    expected = (FORMULAS[name](F, Y).mean(axis=1) * weights).sum() / weights.sum()
    assert run(name, F, Y, weights)[0] == pytest.approx(expected, rel=1e-12)


def test_a_tweedie_power_near_one_behaves_like_poisson():
    settings = {"type": "tweedie", "power": 1 + 1e-7}
    np.testing.assert_allclose(run(settings, F, Y)[1], run("poisson", F, Y)[1], rtol=1e-5, atol=1e-6)


def test_quantiles_by_hand():
    """Errors 2 above and 4 below: the quantile 0.25 costs 0.75 * 2 and 0.25 * 4, the quantile 0.5 half of each."""
    settings = {"type": "quantile", "quantiles": [0.25, 0.5]}
    outputs, targets = np.array([[3.0, 3.0], [0.0, 4.0]]), np.array([[1.0], [4.0]])
    value, gradient = run(settings, outputs, targets)
    assert value == pytest.approx((1.5 + 1.0 + 1.0 + 0.0) / 4, rel=1e-15)
    np.testing.assert_allclose(gradient, np.array([[0.75, 0.5], [-0.25, 0.0]]) / 4, rtol=1e-15)
    high = run({"type": "quantile", "quantiles": [0.9]}, outputs[:, :1], targets)[1]
    np.testing.assert_allclose(high, np.array([[0.1], [-0.9]]) / 2, rtol=1e-14)
    np.testing.assert_array_equal(Loss.parse(settings).predictions(outputs), [[3.0], [4.0]])


def test_a_length_below_epsilon_is_constant():
    """|f| is 0.5 and 13, |y| 5. With epsilon 2: 1 - 0.5 * 4 / (2 * 5), of slope -y / 5 / 2; the other is as without."""
    settings = {"type": "cosine_similarity", "epsilon": 2.0}
    f, y = np.array([[0.0, 0.5], [5.0, 12.0]]), np.array([[3.0, 4.0], [3.0, 4.0]])
    value, gradient = run(settings, f, y)
    assert value == pytest.approx((1 - 0.2 + 1 - 63 / 65) / 2, rel=1e-15)
    np.testing.assert_allclose(gradient[0], [-0.15, -0.2], rtol=1e-15)
    np.testing.assert_allclose(gradient[1], run("cosine_similarity", f, y)[1][1], rtol=1e-15)


def test_predictions():
    z = np.array([[0.0, math.log(3)]])
    for name in ("poisson", "gamma", "tweedie"):
        np.testing.assert_allclose(Loss.parse(name).predictions(z), [[1, 3]], rtol=1e-15)
    np.testing.assert_allclose(Loss.parse("msle").predictions(z), [[0, 2]], rtol=1e-15)
    np.testing.assert_allclose(Loss.parse("multi_label_cross_entropy").predictions(z), [[0.5, 0.75]], rtol=1e-15)
    np.testing.assert_array_equal(Loss.parse("gaussian_nll").predictions(z), [[0.0]])


@pytest.mark.parametrize("name", ["log_cosh", "smooth_l1", "multi_label_cross_entropy", "quantile"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_large_outputs_stay_finite(name, dtype):
    width = 3 if name == "quantile" else 1
    value, gradient = run(name, np.array([[1e9] * width, [-1e9] * width], dtype), np.zeros((2, 1), dtype))
    assert math.isfinite(value)
    assert np.isfinite(gradient).all()
    assert gradient[0, -1] > 0


def test_output_sizes_and_settings():
    target = TargetSpec(columns=3)
    assert [Loss.parse(name).output_size(target) for name in ("quantile", "gaussian_nll", "poisson")] == [9, 6, 3]
    for name in ALL:
        with pytest.raises(ShapeError, match=r"needs .* as targets"):
            Loss.parse(name).output_size(TargetSpec(classes=2))
    with pytest.raises(ShapeError, match="two columns"):
        Loss.parse("cosine_similarity").output_size(TargetSpec())
    for settings in ({"type": "tweedie", "power": 2}, {"type": "quantile", "quantiles": []}):
        with pytest.raises(ConfigError):
            Loss.parse(settings)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_raw_targets_and_bad_outputs(name):
    loss = Loss.parse(name)
    assert loss.wants_raw_targets() == (name in RAW)
    outputs = np.zeros((2, loss.output_size(TargetSpec(columns=2))))
    outputs[1, 0] = math.nan
    assert math.isnan(run(name, outputs, Y[:2])[0])


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("poisson", -1.0, "the target -1 is below 0, but poisson takes counts of 0 or more"),
        ("tweedie", -0.25, "the target -0.25 is below 0, but tweedie takes amounts of 0 or more"),
        ("msle", -1e-7, "the target -1e-07 is below 0, but msle takes amounts of 0 or more"),
        ("gamma", 0.0, "the target 0 is not above 0, but gamma takes amounts above 0"),
        ("multi_label_cross_entropy", 0.5, "the target 0.5 is neither 0 nor 1, but multi_label_cross_entropy takes"),
        ("multi_label_dice", 2.0, "the target 2 is neither 0 nor 1, but multi_label_dice takes labels"),
        ("kl_divergence", -0.5, "the target -0.5 is below 0, but kl_divergence takes shares of a whole"),
    ],
)
def test_targets_out_of_range_are_refused_with_their_place(name, value, words):
    loss, targets = Loss.parse(name), np.tile([[1.0, 0.0]], (4, 1))
    if name == "gamma":
        targets[:, 1] = 0.5
    loss.check_numbers(targets)
    targets[3] = [value, 1 - value]
    targets[2, 1] = value
    with pytest.raises(TargetError, match=re.escape(words)) as caught:
        loss.check_numbers(targets)
    assert (caught.value.row, caught.value.column) == (2, 1)
    assert caught.value.exit_code == 3


def test_shares_must_sum_to_one():
    loss = Loss.parse("kl_divergence")
    loss.check_numbers(np.array([[0.3333, 0.3333, 0.3333], [0.5, 0.5, 0.001], [1, 0, 0]]))
    with pytest.raises(
        TargetError, match=r"the targets sum to 0.998, but kl_divergence takes shares of a sum of 1"
    ) as e:
        loss.check_numbers(np.array([[0.5, 0.5, 0], [0.4, 0.398, 0.2], [1, 1, 1]]))
    assert (e.value.row, e.value.column) == (1, None)


def test_checks_draw_targets_that_each_loss_takes():
    for name in ALL:
        loss, rng = Loss.parse(name), np.random.default_rng(0)
        loss.check_numbers(loss.sample_targets(TargetSpec(columns=3), 200, rng))
    normal = Loss.parse("mse").sample_targets(TargetSpec(columns=1), 200, np.random.default_rng(0))
    Loss.parse("mse").check_numbers(normal)
    assert (normal < 0).any()


@pytest.mark.parametrize("name", ALL)
def test_evaluate_allocates_nothing_the_size_of_a_batch(name):
    rows, loss = 65_536, Loss.parse(name)
    outputs = np.zeros((rows, loss.output_size(TargetSpec(columns=2))), np.float32)
    targets, weights, gradient = np.ones((rows, 2), np.float32), np.ones(rows, np.float32), np.empty_like(outputs)
    plan = loss.plan(InputSpec(outputs.shape[1:]))
    mem = Workspace(Arena(plan, outputs.dtype), plan, rows).memory(rows)
    tracemalloc.start()
    try:
        loss.evaluate(outputs, targets, weights, rows, gradient, mem)
        assert tracemalloc.get_traced_memory()[1] < 250_000  # NumPy's own buffers, of constant size
    finally:
        tracemalloc.stop()
