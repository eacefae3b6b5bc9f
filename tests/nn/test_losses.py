"""Losses against PyTorch (tests/fixtures/make_torch_training.py names the version) and at their edges."""

from __future__ import annotations

import json
import math
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchnn.errors import ConfigError, ShapeError
from scratchnn.nn.arena import Arena, Workspace
from scratchnn.nn.layer import InputSpec
from scratchnn.nn.losses import Loss, TargetSpec

with np.load(Path(__file__).parents[1] / "fixtures" / "torch_training.npz", allow_pickle=False) as archive:
    TORCH = {name: archive[name] for name in archive.files}
CASES = json.loads(str(TORCH["origin"]))["losses"]
COLUMNS = {"mse": 3, "mae": 3, "huber": 3, "binary_cross_entropy": 1, "cross_entropy": 4}


def evaluator(loss: Loss, rows: int, columns: int, dtype: str = "float64"):
    """`evaluate` on buffers that were filled with NaN; returns value, gradient and the value without a gradient."""
    plan = loss.plan(InputSpec((columns,)))
    workspace = Workspace(Arena(plan, np.dtype(dtype)), plan, rows + 3, poison=True)

    def run(outputs, targets, weights=None, total=None):
        mem = workspace.memory(len(outputs))
        total = (len(outputs) if weights is None else weights.sum()) if total is None else total
        before, gradient = outputs.copy(), np.full_like(outputs, np.nan)
        workspace.poison_scratch()
        value = loss.evaluate(outputs, targets, weights, float(total), gradient, mem)
        workspace.poison_scratch()
        alone = loss.evaluate(outputs, targets, weights, float(total), None, mem)
        assert alone == value or (math.isnan(alone) and math.isnan(value))
        assert type(value) is float
        np.testing.assert_array_equal(outputs, before)
        return value / float(total), gradient

    return run


def run(settings: object, outputs, targets, weights=None, total=None):
    loss = Loss.parse(settings)
    return evaluator(loss, *outputs.shape, str(outputs.dtype))(outputs, targets, weights, total)


def some(name: str, rows: int, dtype: str = "float64", seed: int = 0):
    """Outputs and targets that suit a loss."""
    rng = np.random.default_rng(seed)
    columns = COLUMNS[name]
    outputs = (rng.normal(size=(rows, columns)) * 3).astype(dtype)
    classes = {"binary_cross_entropy": 2, "cross_entropy": columns}.get(name)
    targets = rng.normal(size=(rows, columns)).astype(dtype) if classes is None else rng.integers(0, classes, rows)
    return outputs, targets


def test_each_of_these_losses_is_compared():
    assert {case["loss"]["type"] for case in CASES} == set(COLUMNS)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['loss']}{case['weighted']}")
def test_equals_pytorch(case):
    outputs, targets = TORCH[f"loss.outputs.{case['kind']}"], TORCH[f"loss.targets.{case['kind']}"]
    weights = TORCH["loss.weights"] if case["weighted"] else None
    value, gradient = run(case["loss"], outputs, targets, weights)
    assert value == pytest.approx(float(TORCH[f"{case['name']}.value"]), rel=1e-13)
    np.testing.assert_allclose(gradient, TORCH[f"{case['name']}.gradient"], rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", COLUMNS)
def test_a_weight_of_two_counts_a_sample_twice(name):
    outputs, targets = some(name, 4)
    weights = np.array([1.0, 2.0, 0.0, 1.0])
    repeated = [0, 1, 1, 3]
    value, gradient = run(name, outputs, targets, weights)
    expected, twice = run(name, outputs[repeated], targets[repeated])
    assert value == pytest.approx(expected, rel=1e-14)
    np.testing.assert_allclose(gradient[[0, 1, 3]], [twice[0], twice[1] + twice[2], twice[3]], rtol=1e-13)
    np.testing.assert_array_equal(gradient[2], 0)


@pytest.mark.parametrize("name", COLUMNS)
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_an_output_that_is_not_finite_gives_such_a_loss(name, bad):
    outputs, targets = some(name, 3)
    for row in range(3):
        for column in range(outputs.shape[1]):
            wrong = outputs.copy()
            wrong[row, column] = bad
            assert not math.isfinite(run(name, wrong, targets)[0])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["binary_cross_entropy", "cross_entropy"])
@pytest.mark.parametrize("size", [1e2, 1e4, 1e9])
def test_huge_logits_neither_overflow_nor_lose_the_gradient(name, size, dtype):
    columns = COLUMNS[name]
    outputs = np.zeros((2, columns), dtype)
    outputs[:, -1] = size
    last = max(columns - 1, 1)
    value, gradient = run(name, outputs, np.array([0, last]))
    assert value == pytest.approx(size / 2, rel=1e-6)
    expected = np.zeros((2, columns))
    expected[0, -1] = 0.5
    if columns > 1:
        expected[0, 0] = -0.5
    np.testing.assert_allclose(gradient, expected, atol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_rows_far_apart_are_exact(dtype):
    """One shift for all rows would underflow in the second row; the loss must not see it."""
    low = np.array([[1.0, 2.0, 3.0], [-500.0, -501.0, -502.0], [0.0, -30.0, -60.0], [-24.0, -25.0, -23.0]], dtype)
    targets = np.array([0, 2, 1, 1])
    value, gradient = run("cross_entropy", low, targets)
    exact = low.astype(np.float64)
    shifted = exact - exact.max(axis=1, keepdims=True)
    probabilities = np.exp(shifted) / np.exp(shifted).sum(axis=1, keepdims=True)
    tolerance = 1e-13 if dtype == "float64" else 3e-6
    assert value == pytest.approx(-np.log(probabilities[range(4), targets]).mean(), rel=tolerance)
    probabilities[range(4), targets] -= 1
    np.testing.assert_allclose(gradient, probabilities / 4, rtol=tolerance * 10, atol=1e-30)


@pytest.mark.parametrize("name", COLUMNS)
@pytest.mark.parametrize("weighted", [False, True])
def test_a_batch_is_the_sum_of_its_samples(name, weighted):
    outputs, targets = some(name, 6)
    weights = np.linspace(0.5, 2, 6) if weighted else None
    whole = evaluator(Loss.parse(name), *outputs.shape)
    value, gradient = whole(outputs, targets, weights, 4.0)
    singles = [
        whole(outputs[i : i + 1], targets[i : i + 1], None if weights is None else weights[i : i + 1], 4.0)
        for i in range(6)
    ]
    assert value == pytest.approx(sum(single for single, _ in singles), rel=1e-13)
    np.testing.assert_allclose(gradient, np.concatenate([part for _, part in singles]), rtol=1e-12)


@given(
    st.integers(1, 6), st.integers(2, 5), st.floats(0, 0.9), st.integers(0, 2**32 - 1), st.sampled_from([0.1, 5, 60])
)
@settings(max_examples=60, deadline=None)
def test_cross_entropy_equals_the_formula(rows, classes, smoothing, seed, scale):
    rng = np.random.default_rng(seed)
    outputs, targets = rng.normal(size=(rows, classes)) * scale, rng.integers(0, classes, rows)
    weights = rng.uniform(0.1, 2, rows)
    q = np.eye(classes)[targets] * (1 - smoothing) + smoothing / classes
    shifted = outputs - outputs.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    value, gradient = run({"type": "cross_entropy", "label_smoothing": smoothing}, outputs, targets, weights)
    assert value == pytest.approx(-((q * log_p).sum(axis=1) * weights).sum() / weights.sum(), rel=1e-11, abs=1e-13)
    expected = (np.exp(log_p) - q) * weights[:, None] / weights.sum()
    np.testing.assert_allclose(gradient, expected, rtol=1e-9, atol=1e-14)


def test_two_classes_cost_the_same_with_one_output_or_two():
    z, targets = np.array([[-2.0], [0.5], [7.0]]), np.array([0, 1, 0])
    two = np.concatenate([np.zeros_like(z), z], axis=1)
    one = Loss.parse({"type": "binary_cross_entropy", "label_smoothing": 0.2})
    many = Loss.parse({"type": "cross_entropy", "label_smoothing": 0.2})
    assert evaluator(one, 3, 1)(z, targets)[0] == pytest.approx(evaluator(many, 3, 2)(two, targets)[0], rel=1e-14)
    np.testing.assert_allclose(one.predictions(z), many.predictions(two), rtol=1e-14)


def test_probabilities():
    one = Loss.parse("binary_cross_entropy").predictions(np.array([[0.0], [math.log(3)], [-1e9], [1e9]]))
    np.testing.assert_allclose(one, [[0.5, 0.5], [0.25, 0.75], [1, 0], [0, 1]], rtol=1e-15)
    many = Loss.parse("cross_entropy").predictions(np.array([[0.0, math.log(3), -1e9], [1e9, 1e9, 0]], np.float32))
    np.testing.assert_allclose(many, [[0.25, 0.75, 0], [0.5, 0.5, 0]], rtol=1e-6)
    assert many.dtype == np.float32
    numbers = np.ones((2, 3))
    assert Loss.parse("mse").predictions(numbers) is numbers


def test_output_sizes():
    assert [Loss.parse(name).output_size(TargetSpec(columns=3)) for name in ("mse", "mae", "huber")] == [3, 3, 3]
    assert Loss.parse("cross_entropy").output_size(TargetSpec(classes=7)) == 7
    assert Loss.parse("binary_cross_entropy").output_size(TargetSpec(classes=2)) == 1


@pytest.mark.parametrize(
    ("name", "target", "words"),
    [
        ("mse", TargetSpec(classes=3), "(mse) needs numbers as targets, got classes"),
        ("huber", TargetSpec(classes=2), "(huber) needs numbers as targets, got classes"),
        ("cross_entropy", TargetSpec(), "(cross_entropy) needs classes as targets, got numbers"),
        ("binary_cross_entropy", TargetSpec(classes=3), "needs two classes as targets, got 3 classes"),
        ("binary_cross_entropy", TargetSpec(), "needs two classes as targets, got numbers"),
    ],
)
def test_a_loss_that_does_not_fit_says_what_does(name, target, words):
    with pytest.raises(ShapeError) as caught:
        Loss.parse(name).output_size(target)
    assert words in str(caught.value)
    assert "Use " in caught.value.hint


@pytest.mark.parametrize("settings", [{"type": "huber", "delta": 0}, {"type": "cross_entropy", "label_smoothing": 1}])
def test_settings_out_of_range(settings):
    with pytest.raises(ConfigError):
        Loss.parse(settings)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", COLUMNS)
def test_evaluate_allocates_nothing_the_size_of_a_batch(name, weighted):
    rows = 65_536
    outputs, targets = some(name, rows, "float32")
    weights = np.ones(rows, np.float32) if weighted else None
    loss = Loss.parse(name)
    plan = loss.plan(InputSpec(outputs.shape[1:]))
    mem = Workspace(Arena(plan, np.dtype("float32")), plan, rows).memory(rows)
    gradient = np.empty_like(outputs)
    loss.evaluate(outputs, targets, weights, rows, gradient, mem)
    tracemalloc.start()
    try:
        loss.evaluate(outputs, targets, weights, rows, gradient, mem)
        loss.evaluate(outputs, targets, weights, rows, None, mem)
        assert tracemalloc.get_traced_memory()[1] < 100_000  # NumPy's own buffers, of constant size
    finally:
        tracemalloc.stop()
