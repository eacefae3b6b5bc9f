"""The loss of mixed samples: by hand, against central differences, and in training steps of every kind."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from scratchnn.data.augmentation import Augmenter, Fills, Mix, Mixup
from scratchnn.data.preparation import Part
from scratchnn.nn.arena import Workspace
from scratchnn.nn.layer import InputSpec
from scratchnn.nn.layers.activity import ActivityPenalty
from scratchnn.nn.layers.dense import Dense
from scratchnn.nn.losses import MSE, CrossEntropy, Loss, TargetSpec
from scratchnn.nn.memory import Pass
from scratchnn.nn.network import Network
from scratchnn.nn.optimizers import Optimizer
from scratchnn.nn.regularizers import Penalty, Regularization
from scratchnn.nn.updater import Updater
from scratchnn.training.mixing import MixedLoss
from scratchnn.training.step import Step

FLOAT = np.dtype(np.float64)
MIX = Mix(np.array([0.25, 1.0, 0.5]), np.array([2, 0, 1]))


class Scripted:
    """Mixes every batch of n samples with these shares and partners, the same in each call."""

    def __init__(self, shares, partners):
        self.shares, self.partners = np.array(shares), np.array(partners)

    def __call__(self, samples):
        n = len(samples)
        shares, partners = self.shares[:n], self.partners[self.partners < n]
        samples[...] = shares[:, None] * samples + (1 - shares[:, None]) * samples[partners]
        return Mix(shares, partners)


def workspace(loss, outputs, rows):
    network = Network([Dense(units=outputs)], InputSpec((1,)), dtype="float64")
    return Workspace(network.arena, loss.plan(InputSpec((outputs,))), rows, poison=True)


def test_two_classes_worked_by_hand():
    """Outputs (0, 0): each class costs log 2. Outputs (log 3, 0): p = (3/4, 1/4)."""
    loss = MixedLoss(CrossEntropy(), 5, FLOAT)
    outputs = np.array([[np.log(3), 0.0], [0.0, 0.0], [np.log(3), 0.0]])
    targets, gradient = np.array([0, 1, 1]), np.empty((3, 2))
    loss.mix(MIX, targets, None)
    value = loss.evaluate(outputs, targets, None, 3.0, gradient, workspace(CrossEntropy(), 2, 3).memory(3))
    # 1/4 of class 0 with 3/4 of class 1; class 1 alone; half of class 1 with half of class 1
    expected = 0.25 * np.log(4 / 3) + 0.75 * np.log(4) + np.log(2) + np.log(4)
    assert value == pytest.approx(expected, rel=1e-14)
    np.testing.assert_allclose(gradient * 3, [[0.5, -0.5], [0.5, -0.5], [0.75, -0.75]], rtol=1e-14)


def test_weights_are_those_of_both_samples():
    loss, weights = MixedLoss(CrossEntropy(), 3, FLOAT), np.array([4.0, 2.0, 8.0])
    targets, outputs, gradient = np.array([0, 1, 1]), np.zeros((3, 2)), np.empty((3, 2))
    loss.mix(MIX, targets, weights)
    assert weights.tolist() == [0.25 * 4 + 0.75 * 8, 2.0, 0.5 * 8 + 0.5 * 2]
    value = loss.evaluate(outputs, targets, weights, 1.0, gradient, workspace(CrossEntropy(), 2, 3).memory(3))
    assert value == pytest.approx(14 * np.log(2), rel=1e-14)
    # w (p - t): 7/2 less 1 of class 0 and 6 of class 1
    np.testing.assert_allclose(gradient, [[2.5, -2.5], [1.0, -1.0], [2.5, -2.5]], rtol=1e-14)


def test_numbers_are_mixed_as_the_samples_are():
    loss, weights = MixedLoss(MSE(), 3, FLOAT), np.array([4.0, 2.0, 8.0])
    targets, outputs, gradient = np.array([[0.0], [10.0], [8.0]]), np.zeros((3, 1)), np.empty((3, 1))
    loss.mix(MIX, targets, weights)
    assert targets.tolist() == [[6.0], [10.0], [9.0]]
    assert weights.tolist() == [7.0, 2.0, 5.0]
    value = loss.evaluate(outputs, targets, weights, 1.0, gradient, workspace(MSE(), 1, 3).memory(3))
    assert value == pytest.approx(7 * 36 + 2 * 100 + 5 * 81, rel=1e-14)
    np.testing.assert_allclose(gradient, [[-84.0], [-40.0], [-90.0]], rtol=1e-14)


@pytest.mark.parametrize(
    ("loss", "target"),
    [
        ({"type": "cross_entropy", "label_smoothing": 0.1}, TargetSpec(classes=4)),
        ("binary_cross_entropy", TargetSpec(classes=2)),
        ("focal", TargetSpec(classes=4)),
        ("dice", TargetSpec(classes=4)),
        ("ordinal", TargetSpec(classes=4)),
        ("multi_margin", TargetSpec(classes=4)),
        ("mse", TargetSpec(columns=3)),
        ("huber", TargetSpec(columns=3)),
        ("poisson", TargetSpec(columns=3)),
        ("multi_label_cross_entropy", TargetSpec(columns=3)),
        ("gaussian_nll", TargetSpec(columns=3)),
        (
            {"type": "weighted_sum", "terms": [{"loss": "cross_entropy"}, {"loss": "dice", "weight": 0.5}]},
            TargetSpec(classes=4),
        ),
    ],
    ids=str,
)
@pytest.mark.parametrize("weighted", [False, True])
def test_gradients_equal_central_differences(loss, target, weighted):
    rng = np.random.default_rng(3)
    loss = Loss.parse(loss)
    rows, size = 6, loss.output_size(target)
    outputs = rng.normal(size=(rows, size))
    targets = loss.sample_targets(target, rows, rng)
    weights = rng.uniform(0.5, 2, rows) if weighted else None
    mixed, mem = MixedLoss(loss, rows, FLOAT), workspace(loss, size, rows).memory(rows)
    mixed.mix(Mix(rng.uniform(0, 1, rows), rng.permutation(rows)), targets, weights)
    gradient, unused = np.empty_like(outputs), np.empty_like(outputs)
    mixed.evaluate(outputs, targets, weights, 2.5, gradient, mem)
    numeric = np.empty_like(outputs)
    for place in np.ndindex(outputs.shape):
        values = []
        for step in (1e-6, -1e-6):
            moved = outputs.copy()
            moved[place] += step
            values.append(mixed.evaluate(moved, targets, weights, 2.5, unused, mem))
        numeric[place] = (values[0] - values[1]) / 2e-6 / 2.5
    np.testing.assert_allclose(gradient, numeric, rtol=1e-6, atol=1e-9)


def build(part, layers, augmenter, *, loss=None, batch_size=8):
    network = Network(layers, InputSpec((3,)), dtype=part.inputs.dtype.name)
    network.initialize(np.random.default_rng(0))
    updater = Updater(Optimizer.parse("sgd"), network.arena, 1)
    penalty = Penalty(Regularization(), network.arena)
    run = Pass(training=True, rng=np.random.default_rng(1))
    return network, Step(network, loss or CrossEntropy(), penalty, updater, part, batch_size, run, augmenter)


SHARES, PARTNERS = [0.25, 0.9, 0.5, 1.0, 0.0, 0.7, 0.3, 0.6], [2, 0, 1, 3, 7, 4, 5, 6]
LAYERS = [Dense(units=4, activation="tanh"), Dense(units=3)]


@pytest.mark.parametrize("weighted", [False, True])
def test_a_step_is_one_on_both_targets_of_the_mixed_samples(part, weighted):
    """A sample twice, with its own target and that of its partner, weighed with their shares."""
    train = part(8, 3, weighted=weighted, dtype="float64")
    mixed, step = build(train, LAYERS, Scripted(SHARES, PARTNERS))
    shares, partners = np.array(SHARES), np.array(PARTNERS)
    weights = train.weights if weighted else np.ones(8)
    inputs = shares[:, None] * train.inputs + (1 - shares[:, None]) * train.inputs[partners]
    twice = Part(
        np.concatenate([inputs, inputs]),
        np.concatenate([train.targets, train.targets[partners]]),
        np.concatenate([shares * weights, (1 - shares) * weights[partners]]),
        np.arange(16),
    )
    plain, reference = build(twice, LAYERS, None, batch_size=16)
    before = train.inputs.copy()
    assert step(np.arange(8), 0.1) == pytest.approx(reference(np.arange(16), 0.1), rel=1e-12)
    np.testing.assert_allclose(mixed.arena.parameters, plain.arena.parameters, rtol=1e-12, atol=1e-14)
    np.testing.assert_array_equal(train.inputs, before)


@pytest.mark.parametrize("columns", [1, 2])
def test_a_step_on_numbers_is_one_on_the_mixed_targets(part, columns):
    train = part(8, 3, weighted=True, dtype="float64")
    targets = np.random.default_rng(2).normal(size=(8, columns))
    train = Part(train.inputs, targets, train.weights, train.rows)
    layers = [Dense(units=4, activation="tanh"), Dense(units=columns)]
    mixed, step = build(train, layers, Scripted(SHARES, PARTNERS), loss=MSE())
    shares, partners = np.array(SHARES)[:, None], np.array(PARTNERS)
    made = [shares * each + (1 - shares) * each[partners] for each in (train.inputs, targets, train.weights[:, None])]
    plain, reference = build(Part(made[0], made[1], made[2][:, 0], train.rows), layers, None, loss=MSE())
    assert step(np.arange(8), 0.1) == pytest.approx(reference(np.arange(8), 0.1), rel=1e-12)
    np.testing.assert_allclose(mixed.arena.parameters, plain.arena.parameters, rtol=1e-12, atol=1e-14)
    np.testing.assert_array_equal(train.targets, targets)


@pytest.mark.parametrize("weighted", [False, True])
def test_accumulated_mixed_batches_are_added(part, weighted):
    """Two batches of 4 whose mixes stay inside each: the same as one of 8. Also with a last batch of 3."""
    train = part(8, 3, weighted=weighted, dtype="float64")
    for rows, partners in ((8, [1, 2, 3, 0, 5, 6, 7, 4]), (7, [1, 2, 0, 3, 5, 6, 4])):
        first = partners[:4]
        shares = SHARES[:4] * 2
        if rows == 7:
            first = [1, 2, 0, 3]
        whole, one = build(train, LAYERS, Scripted(shares, partners))
        parts, many = build(train, LAYERS, Scripted(shares[:4], first), batch_size=4)
        assert many(np.arange(rows), 0.1) == pytest.approx(one(np.arange(rows), 0.1), rel=1e-12)
        np.testing.assert_allclose(parts.arena.parameters, whole.arena.parameters, rtol=1e-12, atol=1e-14)


def test_a_batch_of_one_is_as_it_was(part):
    train = part(8, 3, weighted=True, dtype="float64")
    mixed, step = build(train, LAYERS, augmenter(0))
    plain, reference = build(train, LAYERS, None)
    for row in range(8):
        assert step(np.array([row]), 0.1) == pytest.approx(reference(np.array([row]), 0.1), rel=1e-12)
    np.testing.assert_allclose(mixed.arena.parameters, plain.arena.parameters, rtol=1e-12, atol=1e-14)


def augmenter(seed):
    return Augmenter([Mixup(alpha=1.0)], Fills(np.zeros(1), np.zeros(1)), np.random.default_rng(seed))


def test_mixed_samples_without_any_weight_change_nothing(part):
    train = part(8, 3, weighted=True)
    train.weights[:4] = 0
    network, step = build(train, LAYERS, augmenter(0))
    before = network.arena.parameters.copy()
    assert step(np.arange(4), 0.1) == (0.0, 0.0)
    np.testing.assert_array_equal(network.arena.parameters, before)


def test_an_activity_penalty_weighs_the_mixed_samples(part):
    train = part(8, 3, weighted=True, dtype="float64")
    layers = [Dense(units=4), ActivityPenalty(l1=0.3), Dense(units=3)]
    network, step = build(train, layers, Scripted(SHARES, PARTNERS))
    weight, bias = (network.arena.named_arrays()[f"0.{name}"].copy() for name in ("weight", "bias"))
    step(np.arange(8), 0.1)
    shares, partners = np.array(SHARES)[:, None], np.array(PARTNERS)
    inputs, weights = (shares * a + (1 - shares) * a[partners] for a in (train.inputs, train.weights[:, None]))
    expected = 0.3 * (weights * np.abs(inputs @ weight + bias)).sum()
    assert step._run.penalty == pytest.approx(expected, rel=1e-12)


def test_mixed_losses_that_are_not_finite_leave_the_parameters_alone(part):
    train = part(8, 3)
    train.inputs[5, 1] = np.nan
    network, step = build(train, LAYERS, augmenter(0))
    before = network.arena.parameters.copy()
    with np.errstate(all="ignore"):
        assert not np.isfinite(step(np.arange(8), 0.1)[0])
    np.testing.assert_array_equal(network.arena.parameters, before)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("numbers", [False, True])
def test_steady_mixed_steps_allocate_only_shares_and_partners(part, weighted, numbers):
    train = part(6000, 1, weighted=weighted)
    loss = MSE() if numbers else CrossEntropy()
    if numbers:
        train = Part(train.inputs, np.zeros((6000, 3), np.float32), train.weights, train.rows)
    _, step = build(train, LAYERS, augmenter(0), loss=loss, batch_size=5000)
    for _ in range(3):
        step(np.arange(5000), 0.001)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(5):
        step(np.arange(5000), 0.001)
    now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak - before < 2.2 * 8 * 5000 + 140_000  # shares and partners, and NumPy's own buffers of 8192 numbers
    assert now - before < 16_000
