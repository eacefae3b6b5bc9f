"""A step that searches: one function of the parameters in all its evaluations."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from scratchnn.nn.layer import InputSpec
from scratchnn.nn.layers.activity import ActivityPenalty
from scratchnn.nn.layers.dense import Dense
from scratchnn.nn.layers.dropout import Dropout
from scratchnn.nn.layers.normalization import BatchNorm
from scratchnn.nn.losses import CrossEntropy
from scratchnn.nn.memory import Pass
from scratchnn.nn.network import Network
from scratchnn.nn.optimizers import Optimizer
from scratchnn.nn.regularizers import Penalty, Regularization
from scratchnn.nn.updater import Updater
from scratchnn.training.events import EpochEnd, Finished
from scratchnn.training.searching import SearchingStep

PENALTY = {"l1": 0.01, "l2": 0.1}


def build(part, layers, *, regularization=None, batch_size=8, **settings):
    network = Network(layers, InputSpec((3,)), dtype=part.inputs.dtype.name)
    network.initialize(np.random.default_rng(0))
    updater = Updater(Optimizer.parse({"type": "lbfgs", **settings}), network.arena)
    penalty = Penalty(Regularization.model_validate(regularization or {}), network.arena)
    run = Pass(training=True, rng=np.random.Generator(np.random.PCG64(1)))
    return network, SearchingStep(network, CrossEntropy(), penalty, updater, part, batch_size, run), updater


def begun(step, rows):
    """The step at the start of a call, before its first evaluation."""
    step._rows = rows
    step._state_before[...] = step._state
    step._draws = step._run.rng.bit_generator.state


@pytest.mark.parametrize("batch_size", [5, 23])
@pytest.mark.parametrize(
    "layers",
    [
        [Dense(units=3)],
        [Dense(units=5), BatchNorm(), Dropout(rate=0.4), Dense(units=3)],
        [Dense(units=5), ActivityPenalty(l1=0.1, l2=0.3), Dense(units=3)],
    ],
)
def test_the_gradient_is_that_of_the_value(part, layers, batch_size):
    """Central differences of what the search sees: the mean loss with the penalty, masks repeated."""
    train = part(23, 1, weighted=True, dtype="float64")
    network, step, _ = build(train, layers, regularization=PENALTY, batch_size=batch_size)
    begun(step, np.arange(23))
    step._evaluate()
    gradients = network.arena.gradients.copy()
    for name, slot in network.arena.slots.items():
        p, g = slot.view(network.arena.parameters).reshape(-1), slot.view(gradients).reshape(-1)
        for index in (0, len(p) - 1):
            before, values = p[index], []
            for offset in (1e-6, -1e-6):
                p[index] = before + offset
                values.append(step._evaluate())
            p[index] = before
            assert (values[0] - values[1]) / 2e-6 == pytest.approx(g[index], rel=1e-6, abs=1e-8), name


def test_several_small_batches_are_one_large_one(part):
    train = part(23, 1, weighted=True, dtype="float64")
    layers = [Dense(units=5, activation="tanh"), Dense(units=3)]
    whole, one, _ = build(train, layers, regularization=PENALTY, batch_size=23)
    parts, many, _ = build(train, layers, regularization=PENALTY, batch_size=4)
    for _ in range(2):
        assert many(np.arange(23), 1.0) == pytest.approx(one(np.arange(23), 1.0), rel=1e-8)
    np.testing.assert_allclose(parts.arena.parameters, whole.arena.parameters, atol=1e-6)


def test_running_statistics_move_once_in_a_step(part):
    """By a tenth of the way to what the last evaluation saw, however many there were."""
    train = part(23, 1, dtype="float64")
    network, step, _ = build(train, [Dense(units=4), BatchNorm(), Dense(units=3)], batch_size=23)
    arrays = network.arena.named_arrays()
    means, wanted = arrays["1.running_mean"], np.zeros(4)
    for _ in range(3):
        step(np.arange(23), 1.0)
        seen = train.inputs @ arrays["0.weight"] + arrays["0.bias"]
        wanted += 0.1 * (seen.mean(axis=0) - wanted)
        np.testing.assert_allclose(means, wanted, rtol=1e-9, atol=1e-12)


def test_masks_repeat_within_a_step_and_change_from_step_to_step(part):
    train = part(23, 1, dtype="float64")
    _, step, _ = build(train, [Dense(units=9), Dropout(rate=0.5), Dense(units=3)], batch_size=23)
    begun(step, np.arange(23))
    first = step._evaluate()
    assert step._evaluate() == first
    begun(step, np.arange(23))
    assert step._evaluate() != first


def test_it_learns_to_the_bottom_of_a_convex_loss(part):
    train = part(40, 1, dtype="float64")
    settings = {"regularization": {"l2": 0.1}, "batch_size": 40, "change_tolerance": 0}
    network, step, updater = build(train, [Dense(units=3)], **settings)
    losses = [step(np.arange(40), 1.0)[0] for _ in range(4)]
    begun(step, np.arange(40))
    step._evaluate()
    assert np.abs(network.arena.gradients).max() < 1e-6
    assert losses[-1] == pytest.approx(losses[-2], rel=1e-8)
    assert updater.step_count == 4


@pytest.mark.parametrize("batch_size", [3, 8])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_loss_that_is_not_finite_at_the_start_leaves_the_parameters_alone(part, value, batch_size):
    train = part(8, 3)
    train.inputs[5, 1] = value
    network, step, updater = build(train, [Dense(units=3)], batch_size=batch_size)
    before = network.arena.parameters.copy()
    with np.errstate(all="ignore"):
        assert not np.isfinite(step(np.arange(8), 1.0)[0])
    np.testing.assert_array_equal(network.arena.parameters, before)
    assert updater.step_count == 0


def test_a_gradient_that_is_not_finite_at_the_start_is_no_loss_either(part, monkeypatch):
    network, step, updater = build(part(8, 3), [Dense(units=3)])

    def differentiate(rows):
        network.arena.gradients[0] = np.inf
        return 1.0, 8.0

    monkeypatch.setattr(step, "_differentiate", differentiate)
    assert np.isnan(step(np.arange(8), 1.0)[0])
    assert updater.step_count == 0


def test_rows_without_weight_change_nothing(part):
    train = part(8, 3, weighted=True)
    train.weights[...] = 0
    network, step, updater = build(train, [Dense(units=3)])
    before = network.arena.parameters.copy()
    assert step(np.arange(8), 1.0) == (0.0, 0.0)
    np.testing.assert_array_equal(network.arena.parameters, before)
    assert updater.step_count == 0


@pytest.fixture
def small_buffers():
    """NumPy itself works through buffers of 8192 numbers; here through 16, so that they do not hide ours."""
    before = np.setbufsize(16)
    yield
    np.setbufsize(before)


@pytest.mark.usefixtures("small_buffers")
@pytest.mark.parametrize("batch_size", [2000, 6000])
def test_steady_steps_allocate_nothing_the_size_of_a_batch(part, batch_size):
    train = part(6000, 1, weighted=True)
    layers = [Dense(units=9, activation="tanh"), BatchNorm(), Dropout(rate=0.3), Dense(units=3)]
    _, step, _ = build(train, layers, regularization=PENALTY, batch_size=batch_size, iterations=3, change_tolerance=0)
    rows = np.arange(6000)
    for _ in range(3):
        step(rows, 1.0)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(5):
        step(rows, 1.0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak - before < 20_000  # the weights alone of all rows have 24,000 bytes, the inputs 72,000


def test_an_epoch_is_one_step_on_all_rows_and_tells_the_loss_after_it(make):
    made = make(optimizer="lbfgs", layers=[Dense(units=3)], epochs=3, regularization={"l2": 0.1})
    for event in made.trainer.events():
        if isinstance(event, EpochEnd):
            assert event.step == event.epoch
            assert event.train["loss"] == pytest.approx(made.evaluator.evaluate(made.train)["loss"], rel=1e-5)
    assert made.trainer.samples_seen == 3 * 23


def test_a_training_that_starts_without_numbers_has_diverged(make):
    made = make(optimizer="lbfgs", layers=[Dense(units=3)])
    made.train.inputs[0, 0] = np.inf
    with np.errstate(all="ignore"):
        *_, last = made.trainer.events()
    assert isinstance(last, Finished)
    assert (last.status, last.epochs) == ("diverged", 0)
