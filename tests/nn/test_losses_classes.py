"""Losses on classes, labels and distributions against PyTorch (tests/fixtures/make_torch_class_losses.py names the
version, and what is written there from a formula), by hand, and at their edges."""

from __future__ import annotations

import json
import math
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from scratchnn.errors import ConfigError, ShapeError
from scratchnn.nn.arena import Arena, Workspace
from scratchnn.nn.layer import InputSpec
from scratchnn.nn.losses import Loss, TargetSpec

with np.load(Path(__file__).parents[1] / "fixtures" / "torch_class_losses.npz", allow_pickle=False) as archive:
    TORCH = {name: archive[name] for name in archive.files}
CASES = json.loads(str(TORCH["origin"]))["losses"]
IDS = ("categorical_hinge", "multi_margin", "focal", "dice", "ordinal", "binary_dice")
COLUMNS = ("kl_divergence", "multi_label_dice")
ALL = (*IDS, *COLUMNS)


def target_of(name: str) -> TargetSpec:
    return TargetSpec(columns=4) if name in COLUMNS else TargetSpec(classes=2 if name == "binary_dice" else 4)


def some(name: str, rows: int, dtype: str = "float64"):
    """Outputs and targets that suit a loss."""
    loss, rng = Loss.parse(name), np.random.default_rng(5)
    targets = loss.sample_targets(target_of(name), rows, rng)
    outputs = (rng.normal(size=(rows, loss.output_size(target_of(name)))) * 3).astype(dtype)
    return outputs, targets.astype(dtype) if name in COLUMNS else targets


def memory(loss: Loss, columns: int, rows: int, dtype: str, *, poison: bool = True):
    plan = loss.plan(InputSpec((columns,)))
    return Workspace(Arena(plan, np.dtype(dtype)), plan, rows + 2, poison=poison).memory(rows)


def run(settings: object, outputs, targets, weights=None, total=None):
    loss = Loss.parse(settings)
    mem = memory(loss, outputs.shape[1], len(outputs), str(outputs.dtype))
    total = (len(outputs) if weights is None else weights.sum()) if total is None else total
    before, gradient = outputs.copy(), np.full_like(outputs, np.nan)
    value = loss.evaluate(outputs, targets, weights, float(total), gradient, mem)
    alone = loss.evaluate(outputs, targets, weights, float(total), None, mem)
    assert alone == value or (math.isnan(alone) and math.isnan(value))
    assert type(value) is float
    np.testing.assert_array_equal(outputs, before)
    return value / float(total), gradient


def test_each_of_these_losses_is_compared():
    assert {case["type"] for case in CASES} == {*ALL, "weighted_sum"}


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("number", range(len(CASES)), ids=lambda number: str(CASES[number]))
def test_equals_pytorch(number, weighted):
    weights = TORCH["weights"] if weighted else None
    value, gradient = run(CASES[number], TORCH[f"{number}.outputs"], TORCH[f"{number}.targets"], weights)
    assert value == pytest.approx(float(TORCH[f"{number}.{weighted}.value"]), rel=1e-12)
    np.testing.assert_allclose(gradient, TORCH[f"{number}.{weighted}.gradient"], rtol=1e-12, atol=1e-14)


def test_hinges_by_hand():
    """Rows: right by 2, right by 0.5, wrong by 1; as scikit-learn 1.9's hinge_loss (0, 0.5 and 2)."""
    z, ids = np.array([[3.0, 1.0, 0.0], [0.0, 1.5, 1.0], [2.0, 1.0, -4.0]]), np.array([0, 1, 1])
    value, gradient = run("categorical_hinge", z, ids)
    assert value == 2.5 / 3
    np.testing.assert_array_equal(gradient * 3, [[0, 0, 0], [0, -1, 1], [1, -1, 0]])
    # With negative rivals Keras' maximum over (1 - y) z would be 0, and this cost 0 instead of 0.5.
    assert run("categorical_hinge", np.array([[-0.5, -1.0]]), np.array([0]))[0] == 0.5
    value, gradient = run({"type": "multi_margin", "margin": 2.0}, z, ids)
    assert value == pytest.approx((0 + (0.5 + 1.5) / 3 + 3 / 3) / 3, rel=1e-15)
    np.testing.assert_allclose(gradient * 9, [[0, 0, 0], [1, -2, 1], [1, -1, 0]], atol=1e-15)


def test_focal_without_focus_is_cross_entropy_and_for_two_classes_binary_focal():
    z, ids = some("focal", 9)
    value, gradient = run({"type": "focal", "gamma": 0}, z, ids)
    expected, slope = run("cross_entropy", z, ids)
    assert value == pytest.approx(expected, rel=1e-14)
    np.testing.assert_allclose(gradient, slope, rtol=1e-11, atol=1e-15)
    one = run("binary_focal", z[:, :1], ids % 2)
    two = run("focal", np.concatenate([np.zeros((9, 1)), z[:, :1]], axis=1), ids % 2)
    assert two[0] == pytest.approx(one[0], rel=1e-14)
    np.testing.assert_allclose(two[1][:, 1:], one[1], rtol=1e-13)


def test_ordinal_is_the_log_likelihood_of_its_own_predictions():
    """By hand: conditionals 3/4, 1/2, 1/5 give 1/4, 3/8, 3/10, 3/40."""
    z = np.log([[3.0, 1.0, 0.25]])
    loss = Loss.parse("ordinal")
    np.testing.assert_allclose(loss.predictions(z), [[0.25, 0.375, 0.3, 0.075]], rtol=1e-14)
    for label, probability in enumerate([0.25, 0.375, 0.3, 0.075]):
        value, gradient = run("ordinal", z, np.array([label]))
        assert value == pytest.approx(-math.log(probability), rel=1e-14)
        expected = np.array([0.75, 0.5, 0.2]) - (np.arange(3) < label)
        np.testing.assert_allclose(gradient[0], np.where(np.arange(3) <= label, expected, 0), rtol=1e-13, atol=1e-16)
    far = loss.predictions(np.array([[1e4, -1e4], [-1e4, 1e4], [1e4, 1e4]], np.float32))
    np.testing.assert_array_equal(far, [[0, 1, 0], [1, 0, 0], [0, 0, 1]])
    assert loss.wants_ordered_classes()
    assert not Loss.parse("cross_entropy").wants_ordered_classes()


def test_dice_by_hand():
    """Shares of 1/2 everywhere: 1 - (1 + 1) / (1/2 + 1 + 1) for two classes, 1 - 1 / (1/4 + 1) for a negative."""
    assert run("dice", np.zeros((1, 2)), np.array([1]))[0] == pytest.approx(1 - 2 / 2.5, rel=1e-15)
    assert run("binary_dice", np.zeros((1, 1)), np.array([0]))[0] == pytest.approx(1 - 1 / 1.25, rel=1e-15)
    assert run("binary_dice", np.zeros((1, 1)), np.array([1]))[0] == pytest.approx(1 - 2 / 2.25, rel=1e-15)
    labels = np.array([[1.0, 0.0, 1.0, 0.0]])
    assert run("multi_label_dice", np.zeros((1, 4)), labels)[0] == pytest.approx(1 - 3 / 4, rel=1e-15)


def test_divergence_by_hand():
    """From (1/2, 1/2) to (3/4, 1/4): 3/4 log(3/2) + 1/4 log(1/2); from a certain target only its own -log p."""
    z = np.zeros((1, 2))
    value, gradient = run("kl_divergence", z, np.array([[0.75, 0.25]]))
    assert value == pytest.approx(0.75 * math.log(1.5) + 0.25 * math.log(0.5), rel=1e-14)
    np.testing.assert_allclose(gradient, [[-0.25, 0.25]], rtol=1e-15)
    assert run("kl_divergence", z, np.array([[0.0, 1.0]]))[0] == pytest.approx(math.log(2), rel=1e-15)
    same = np.log([[0.2, 0.3, 0.5]])
    assert run("kl_divergence", same, np.exp(same))[0] == pytest.approx(0, abs=1e-15)


def test_the_gradient_of_the_divergence_counts_what_the_shares_sum_to():
    """Shares from a file sum to 1 within 0.001: p times their sum, less each share."""
    _, gradient = run("kl_divergence", np.zeros((1, 2)), np.array([[0.75, 0.2508]]))
    np.testing.assert_allclose(gradient, [[0.5004 - 0.75, 0.5004 - 0.2508]], rtol=1e-13)


def test_predictions_are_probabilities():
    z = np.array([[0.0, math.log(3), -1e4, 0.0], [5.0, 5.0, 5.0, 5.0]])
    for name in ("categorical_hinge", "multi_margin", "focal", "dice", "kl_divergence"):
        np.testing.assert_allclose(Loss.parse(name).predictions(z), [[0.2, 0.6, 0, 0.2], [0.25] * 4], rtol=1e-14)
    both = Loss.parse("binary_dice").predictions(z[:1, 1:2])
    np.testing.assert_allclose(both, [[0.25, 0.75]], rtol=1e-15)
    np.testing.assert_allclose(Loss.parse("multi_label_dice").predictions(z[:, :2]), 1 / (1 + np.exp(-z[:, :2])))


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_an_output_that_is_not_finite_gives_such_a_loss(name, bad):
    outputs, targets = some(name, 3)
    for place in np.ndindex(outputs.shape):
        wrong = outputs.copy()
        wrong[place] = bad
        value, gradient = run(name, wrong, targets)
        assert math.isnan(value)
        assert np.isnan(gradient).all()


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_huge_outputs_stay_finite(name, dtype):
    outputs, targets = some(name, 6, dtype)
    value, gradient = run(name, np.sign(outputs) * np.asarray(1e9, dtype), targets)
    assert math.isfinite(value)
    assert np.isfinite(gradient).all()


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("weighted", [False, True])
def test_a_batch_is_the_sum_of_its_samples(name, weighted):
    outputs, targets = some(name, 6)
    weights = np.linspace(0.5, 2, 6) if weighted else None
    value, gradient = run(name, outputs, targets, weights, 4.0)
    parts = [slice(index, index + 1) for index in range(6)]
    singles = [run(name, outputs[p], targets[p], None if weights is None else weights[p], 4.0) for p in parts]
    assert value == pytest.approx(sum(single for single, _ in singles), rel=1e-13)
    np.testing.assert_allclose(gradient, np.concatenate([part for _, part in singles]), rtol=1e-12, atol=1e-16)


@pytest.mark.parametrize("name", ALL)
def test_a_weight_of_two_counts_a_sample_twice(name):
    outputs, targets = some(name, 4)
    value, gradient = run(name, outputs, targets, np.array([1.0, 2.0, 0.0, 1.0]))
    expected, twice = run(name, outputs[[0, 1, 1, 3]], targets[[0, 1, 1, 3]])
    assert value == pytest.approx(expected, rel=1e-14)
    np.testing.assert_allclose(gradient[[0, 1, 3]], [twice[0], twice[1] + twice[2], twice[3]], rtol=1e-13, atol=1e-16)
    np.testing.assert_array_equal(gradient[2], 0)


def test_output_sizes_and_what_does_not_fit():
    assert [Loss.parse(name).output_size(target_of(name)) for name in ALL] == [4, 4, 4, 4, 3, 1, 4, 4]
    for name in ALL:
        wrong = TargetSpec(classes=3) if name in (*COLUMNS, "binary_dice") else TargetSpec(columns=2)
        with pytest.raises(ShapeError, match=rf"\({name}\) needs .* as targets, got") as caught:
            Loss.parse(name).output_size(wrong)
        assert "Use " in caught.value.hint
    with pytest.raises(ShapeError, match="two columns of shares or more as targets, got one"):
        Loss.parse("kl_divergence").output_size(TargetSpec())
    with pytest.raises(ShapeError, match="3 weights in alpha, but there are 4 classes"):
        Loss.parse({"type": "focal", "alpha": [1, 2, 3]}).output_size(TargetSpec(classes=4))


@pytest.mark.parametrize(
    "settings",
    [
        {"type": "focal", "gamma": -1},
        {"type": "focal", "alpha": [1.0, 0.0]},
        {"type": "multi_margin", "power": 3},
        {"type": "multi_margin", "margin": 0},
        {"type": "dice", "smoothing": 0},
    ],
)
def test_settings_out_of_range(settings):
    with pytest.raises(ConfigError):
        Loss.parse(settings)


@pytest.mark.parametrize("name", [*ALL, "weighted_sum"])
def test_evaluate_allocates_nothing_the_size_of_a_batch(name):
    rows = 65_536
    outputs, targets = some("focal" if name == "weighted_sum" else name, rows, "float32")
    settings = {"type": name, "terms": [{"loss": "focal"}, {"loss": "dice"}]} if name == "weighted_sum" else name
    if name == "focal":
        settings = {"type": name, "alpha": [1, 2, 3, 4]}
    loss, weights, gradient = Loss.parse(settings), np.ones(rows, np.float32), np.empty_like(outputs)
    mem = memory(loss, outputs.shape[1], rows, "float32", poison=False)
    loss.evaluate(outputs, targets, weights, rows, gradient, mem)
    tracemalloc.start()
    try:
        loss.evaluate(outputs, targets, weights, rows, gradient, mem)
        assert tracemalloc.get_traced_memory()[1] < 250_000  # NumPy's own buffers, of constant size
    finally:
        tracemalloc.stop()
