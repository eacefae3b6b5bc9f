"""One training step against a slow clear one in plain NumPy: dense, relu, dense, softmax cross-entropy, Adam."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from scratchnn.nn import updater
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
from scratchnn.training.step import Step

DECAYED = ("0.weight", "1.weight")


def build(part, layers, *, regularization=None, batch_size=8, threads=1, seed=0, optimizer="adam"):
    network = Network(layers, InputSpec((3,)), dtype=part.inputs.dtype.name)
    network.initialize(np.random.default_rng(seed))
    bound = Updater(Optimizer.parse(optimizer), network.arena, threads)
    penalty = Penalty(Regularization.model_validate(regularization or {}), network.arena)
    run = Pass(training=True, rng=np.random.default_rng(1))
    return network, Step(network, CrossEntropy(), penalty, bound, part, batch_size, run), bound


class Naive:
    """The same, written as in a textbook."""

    def __init__(self, network, l1=0.0, l2=0.0, clip_norm=None):
        self.p = {name: array.copy() for name, array in network.arena.named_arrays().items()}
        self.m = {name: np.zeros_like(array) for name, array in self.p.items()}
        self.v = {name: np.zeros_like(array) for name, array in self.p.items()}
        self.l1, self.l2, self.clip_norm, self.t = l1, l2, clip_norm, 0

    def step(self, x, y, w, rate):
        p = self.p
        hidden = np.maximum(x @ p["0.weight"] + p["0.bias"], 0)
        z = hidden @ p["1.weight"] + p["1.bias"]
        probability = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        losses = -np.log(probability[np.arange(len(y)), y])
        dz = (probability - np.eye(3)[y]) * w[:, None] / w.sum()
        dhidden = dz @ p["1.weight"].T * (hidden > 0)
        g = {"0.weight": x.T @ dhidden, "0.bias": dhidden.sum(0), "1.weight": hidden.T @ dz, "1.bias": dz.sum(0)}
        for name in DECAYED:
            g[name] = g[name] + self.l2 * p[name] + self.l1 * np.sign(p[name])
        if self.clip_norm:
            norm = np.sqrt(sum((array**2).sum() for array in g.values()))
            g = {name: array * min(1, self.clip_norm / (norm + 1e-6)) for name, array in g.items()}
        self.t += 1
        for name in p:
            self.m[name] = 0.9 * self.m[name] + 0.1 * g[name]
            self.v[name] = 0.999 * self.v[name] + 0.001 * g[name] ** 2
            mean, variance = self.m[name] / (1 - 0.9**self.t), self.v[name] / (1 - 0.999**self.t)
            p[name] = p[name] - rate * mean / (np.sqrt(variance) + 1e-8)
        return float((w * losses).sum()), float(w.sum())


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("penalty", [{}, {"l1": 0.02, "l2": 0.3}, {"clip_norm": 0.1}, {"l2": 0.3, "clip_norm": 0.1}])
def test_steps_equal_those_of_plain_numpy(part, weighted, penalty):
    train = part(23, 1, weighted=weighted, dtype="float64")
    layers = [Dense(units=5, activation="relu"), Dense(units=3)]
    network, step, bound = build(train, layers, regularization=penalty)
    naive = Naive(network, **penalty)
    order = np.random.default_rng(9).permutation(23)
    for number in range(12):
        rows = order[number % 3 * 8 : (number % 3 + 1) * 8]  # every third batch has 7 rows
        weights = train.weights[rows] if weighted else np.ones(len(rows))
        expected = naive.step(train.inputs[rows], train.targets[rows], weights, 0.05)
        assert step(rows, 0.05) == pytest.approx(expected, rel=1e-10)
        for name, array in network.arena.named_arrays().items():
            np.testing.assert_allclose(array, naive.p[name], rtol=1e-8, atol=1e-10, err_msg=name)
    assert bound.step_count == 12


def test_a_sample_of_weight_2_is_two_samples(part):
    train = part(8, 3, weighted=True, dtype="float64")
    train.weights[...] = [2, 1, 1, 0, 1, 1, 1, 1]
    layers = [Dense(units=3)]
    first, step, _ = build(train, layers)
    step(np.arange(8), 0.1)
    train.weights[...] = 1
    second, step, _ = build(train, layers)
    step(np.array([0, 0, 1, 2, 4, 5, 6, 7]), 0.1)
    np.testing.assert_allclose(first.arena.parameters, second.arena.parameters, rtol=1e-12)


def test_a_batch_without_weight_changes_nothing(part):
    train = part(8, 3, weighted=True)
    train.weights[:4] = 0
    network, step, bound = build(train, [Dense(units=3)], regularization={"l2": 1.0})
    before = network.arena.parameters.copy()
    assert step(np.arange(4), 0.1) == (0.0, 0.0)
    np.testing.assert_array_equal(network.arena.parameters, before)
    assert bound.step_count == 0


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_loss_that_is_not_finite_leaves_the_parameters_alone(part, value):
    train = part(8, 3)
    train.inputs[5, 1] = value
    network, step, bound = build(train, [Dense(units=3)])
    before = network.arena.parameters.copy()
    with np.errstate(all="ignore"):
        loss, _ = step(np.arange(8), 0.1)
    assert not np.isfinite(loss)
    np.testing.assert_array_equal(network.arena.parameters, before)
    assert bound.step_count == 0


def test_two_threads_give_the_bits_of_one(part, monkeypatch):
    monkeypatch.setattr(updater, "THREADED", 100)
    monkeypatch.setattr(updater, "CHUNK", 64)
    train = part(23, 1, weighted=True)
    layers = [Dense(units=50, activation="tanh"), Dropout(rate=0.2), Dense(units=50), Dense(units=3)]
    made = [build(train, layers, threads=threads, regularization={"l2": 0.1}) for threads in (1, 2)]
    for _, step, bound in made:
        for _ in range(20):
            step(np.arange(8), 0.01)
        bound.close()
    (first, *_), (second, *_) = made
    np.testing.assert_array_equal(first.arena.parameters, second.arena.parameters)


@pytest.fixture
def small_buffers():
    """NumPy itself works through buffers of 8192 numbers; here through 16, so that they do not hide ours."""
    before = np.setbufsize(16)
    yield
    np.setbufsize(before)


@pytest.mark.usefixtures("small_buffers")
@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
@pytest.mark.parametrize("weighted", [False, True])
def test_steady_steps_allocate_nothing_the_size_of_a_batch(part, optimizer, weighted):
    train = part(6000, 1, weighted=weighted)
    layers = [Dense(units=9, activation="relu"), BatchNorm(), Dropout(rate=0.3), Dense(units=5), Dense(units=3)]
    penalty = {"l1": 0.001, "l2": 0.01, "clip_norm": 1.0}
    _, step, _ = build(train, layers, regularization=penalty, batch_size=5000, optimizer=optimizer)
    whole, rest = np.arange(5000), np.arange(5000, 6000)
    for rows in (whole, rest) * 3:
        step(rows, 0.001)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(20):
        step(whole, 0.001)
        step(rest, 0.001)
    now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak - now < 4096  # of a batch the weights alone have 20,000 bytes, the ids 40,000, the inputs 60,000
    assert now - before < 16_000  # what Python and NumPy keep of small objects; does not grow with the steps


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("size", [1, 4, 5, 7, 11])
def test_accumulated_batches_are_one_large_one(part, weighted, size):
    """Also where the last batch is shorter, and where a batch has no weight at all."""
    train = part(23, 1, weighted=weighted, dtype="float64")
    if weighted:
        train.weights[4:10] = 0
    layers = [Dense(units=5, activation="tanh"), Dense(units=3)]
    penalty = {"l1": 0.02, "l2": 0.3, "clip_norm": 0.5}
    whole, one, _ = build(train, layers, batch_size=12, regularization=penalty)
    parts, many, bound = build(train, layers, batch_size=size, regularization=penalty)
    for rows in (np.arange(12), np.arange(12, 23), np.arange(4, 10)) * 3:
        assert many(rows, 0.05) == pytest.approx(one(rows, 0.05), rel=1e-12)
        np.testing.assert_allclose(parts.arena.parameters, whole.arena.parameters, rtol=1e-12, atol=1e-13)
    assert bound.step_count == (6 if weighted else 9)


def test_a_loss_that_is_not_finite_in_a_later_batch_leaves_the_parameters_alone(part):
    train = part(8, 3)
    train.inputs[5, 1] = np.nan
    network, step, bound = build(train, [Dense(units=3)], batch_size=3)
    before = network.arena.parameters.copy()
    with np.errstate(all="ignore"):
        assert not np.isfinite(step(np.arange(8), 0.1)[0])
    np.testing.assert_array_equal(network.arena.parameters, before)
    assert bound.step_count == 0


def test_constraints_hold_after_every_step(part):
    train = part(8, 3)
    entries = {"constraints": [{"match": "0.weight", "constraint": {"type": "max_norm", "limit": 0.5}}]}
    network, step, _ = build(train, [Dense(units=3)], regularization=entries)
    for _ in range(3):
        step(np.arange(8), 0.5)
        norms = np.linalg.norm(network.arena.named_arrays()["0.weight"], axis=0)
        assert (norms < 0.5 + 1e-6).all()
    assert norms.max() > 0.4


def test_a_layers_own_constraint_holds_after_every_step(part):
    train = part(8, 3)
    layers = [Dense(units=4, constraint={"type": "max_norm", "limit": 0.5}), Dense(units=3)]
    network, step, _ = build(train, layers)
    free = build(train, [Dense(units=4), Dense(units=3)])
    arrays, unbound = network.arena.named_arrays(), free[0].arena.named_arrays()
    for number in range(3):
        step(np.arange(8), 0.5)
        free[1](np.arange(8), 0.5)
        assert np.linalg.norm(arrays["0.weight"], axis=0) == pytest.approx(0.5, rel=1e-6)
        if number == 0:  # the first step saw the same weights
            for name in ("0.bias", "1.weight", "1.bias"):
                np.testing.assert_array_equal(arrays[name], unbound[name])
    assert (np.linalg.norm(unbound["0.weight"], axis=0) > 0.6).all()


ACTIVE = [Dense(units=4, activation="tanh"), ActivityPenalty(l1=0.3, l2=0.7), Dense(units=3)]


def test_an_activity_penalty_is_part_of_the_mean_that_is_minimized(part):
    """The gradient that reaches the optimizer, against finite differences of (loss + penalty) / sum of the weights."""
    train = part(8, 3, weighted=True, dtype="float64")
    network, step, _ = build(train, ACTIVE, optimizer="sgd")
    weights = network.arena.named_arrays()["0.weight"]

    def mean():
        before = network.arena.parameters.copy()
        loss, total = step(np.arange(8), 0.0)
        network.arena.parameters[...] = before
        assert step._run.penalty > 0
        return (loss + step._run.penalty) / total

    numeric = np.empty_like(weights)
    for place in np.ndindex(weights.shape):
        start = weights[place]
        weights[place] = start + 1e-6
        above = mean()
        weights[place] = start - 1e-6
        numeric[place] = (above - mean()) / 2e-6
        weights[place] = start
    before = weights.copy()
    step(np.arange(8), 1.0)
    np.testing.assert_allclose(before - weights, numeric, rtol=1e-6, atol=1e-9)


def test_an_activity_penalty_over_several_batches_is_that_of_one(part):
    train = part(8, 3, weighted=True, dtype="float64")
    large, at_once, _ = build(train, ACTIVE, batch_size=8)
    small, in_parts, _ = build(train, ACTIVE, batch_size=3)  # 3, 3 and 2 rows
    assert at_once(np.arange(8), 0.1) == pytest.approx(in_parts(np.arange(8), 0.1), rel=1e-12)
    assert at_once._run.penalty == pytest.approx(in_parts._run.penalty, rel=1e-12)
    np.testing.assert_allclose(large.arena.parameters, small.arena.parameters, rtol=1e-10)


def test_an_activity_penalty_that_is_not_finite_leaves_the_parameters_alone(part):
    train = part(8, 3)
    network, step, bound = build(train, [Dense(units=3), ActivityPenalty(l2=1), Dense(units=3)])
    network.arena.named_arrays()["0.weight"][...] *= 1e20  # the square is not finite, the loss is
    network.arena.named_arrays()["2.weight"][...] = 0
    before = network.arena.parameters.copy()
    with np.errstate(all="ignore"):
        loss, _ = step(np.arange(8), 0.1)
    assert loss == np.inf
    np.testing.assert_array_equal(network.arena.parameters, before)
    assert bound.step_count == 0
