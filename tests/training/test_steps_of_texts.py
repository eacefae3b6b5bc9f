"""Training and judging on each step: a mean over the real steps, and no array of all their probabilities."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from scratchnn.data.encoder import Encoder
from scratchnn.data.preparation import Part
from scratchnn.data.targets import NextToken
from scratchnn.data.vocabulary import TextInputs
from scratchnn.nn.layer import InputSpec
from scratchnn.nn.layers.activity import ActivityPenalty
from scratchnn.nn.layers.dense import Dense
from scratchnn.nn.layers.embedding import Embedding
from scratchnn.nn.losses import CrossEntropy, TargetSpec, fitted
from scratchnn.nn.memory import Pass
from scratchnn.nn.metrics import Metric
from scratchnn.nn.network import Network
from scratchnn.nn.optimizers import Optimizer
from scratchnn.nn.regularizers import Penalty, Regularization
from scratchnn.nn.updater import Updater
from scratchnn.training.evaluation import Evaluator
from scratchnn.training.step import Step

COUNT, STEPS = 5, 7
ENCODER = Encoder(
    inputs=TextInputs(tokens="characters", context=STEPS, vocabulary=list("abcd")),
    target=NextToken(names=["next_character"]),
)


def made(rows, padding=None, count=COUNT, steps=STEPS, seed=0, between=()):
    rng = np.random.default_rng(seed)
    ids, targets = rng.integers(count, size=(2, rows, steps))
    layers = [Embedding(units=3, padding_index=padding), *between, Dense(units=count)]
    network = Network(layers, InputSpec((steps,), "ids", count=count), dtype="float64")
    network.initialize(rng)
    loss = fitted(CrossEntropy(), TargetSpec(classes=count, steps=steps))
    return network, loss, Part(ids, targets, None, np.arange(rows))


def log_probabilities(network, part):
    arrays = network.arena.named_arrays()
    z = arrays["0.weight"][part.inputs] @ arrays["1.weight"] + arrays["1.bias"]
    return z - np.log(np.exp(z).sum(axis=-1, keepdims=True))


@pytest.mark.parametrize("rows", [1, 300, 1300])
@pytest.mark.parametrize("padding", [None, 2])
@pytest.mark.parametrize("weighted", [False, True])
def test_figures_are_means_over_the_real_steps(rows, padding, weighted):
    network, loss, part = made(rows, padding)
    if weighted:
        part = Part(part.inputs, part.targets, np.random.default_rng(1).uniform(0.5, 2, rows), part.rows)
    metrics = [Metric.parse(tag) for tag in ("accuracy", "log_loss", "perplexity")]
    figures = Evaluator(network, loss, metrics, ENCODER).evaluate(part)
    log_p = log_probabilities(network, part)
    chosen = np.take_along_axis(log_p, part.targets[..., None], axis=-1)[..., 0]
    real = np.ones_like(chosen) if padding is None else (part.inputs != padding).astype(float)
    weights = real if part.weights is None else real * part.weights[:, None]
    mean = -np.average(chosen, weights=weights)
    right = np.average(log_p.argmax(axis=-1) == part.targets, weights=weights)
    expected = {"loss": mean, "accuracy": right, "log_loss": mean, "perplexity": np.exp(mean)}
    assert figures == pytest.approx(expected, rel=1e-10)


def test_judging_holds_no_array_of_all_probabilities():
    network, loss, part = made(1000, count=200, steps=32)
    evaluator = Evaluator(network, loss, [Metric.parse("perplexity")], ENCODER)
    evaluator.evaluate(part)
    tracemalloc.start()
    evaluator.evaluate(part)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    whole = 1000 * 32 * 200 * 8
    assert peak < whole / 2  # a chunk of 4096 steps needs a few arrays of an eighth of it


def stepped(network, loss, part, batch_size, rows):
    updater = Updater(Optimizer.parse({"type": "sgd", "learning_rate": 1.0}), network.arena, 1)
    penalty = Penalty(Regularization(), network.arena)
    step = Step(network, loss, penalty, updater, part, batch_size, Pass(True, np.random.default_rng(0)))
    before = network.arena.parameters.copy()
    result = step(np.arange(rows), 1.0)
    return result, before - network.arena.parameters  # the gradient: the rate is 1


@pytest.mark.parametrize("padding", [None, 2])
@pytest.mark.parametrize("batch_size", [8, 3])
def test_a_step_follows_the_mean_over_real_steps(padding, batch_size):
    network, loss, part = made(8, padding)
    real = np.ones_like(part.inputs, bool) if padding is None else part.inputs != padding
    if padding is not None:
        network.arena.named_arrays()["0.weight"][padding] = 0
    log_p = log_probabilities(network, part)
    chosen = np.take_along_axis(log_p, part.targets[..., None], axis=-1)[..., 0]
    slope = (np.exp(log_p) - np.eye(COUNT)[part.targets]) * real[..., None] / real.sum()
    (total, weight), gradient = stepped(network, loss, part, batch_size, 8)
    assert weight == real.sum()
    assert total == pytest.approx(-(chosen * real).sum(), rel=1e-12)
    found = network.arena.slots["1.bias"].view(gradient)
    np.testing.assert_allclose(found, slope.sum(axis=(0, 1)), rtol=1e-10, atol=1e-14)


def test_a_batch_of_padding_alone_changes_nothing():
    network, loss, part = made(4, padding=2)
    part.inputs[...] = 2
    network.arena.named_arrays()["0.weight"][2] = 0  # as it is kept anyway
    for batch_size in (4, 2):
        result, gradient = stepped(network, loss, part, batch_size, 4)
        assert result == (0.0, 0.0)
        assert (gradient == 0).all()


@pytest.mark.parametrize("batch_size", [8, 3])
def test_an_activity_penalty_is_part_of_the_mean_over_real_steps(batch_size):
    """Of (loss + penalty) / real steps, the gradient by the embedding's rows, against that by hand."""
    network, loss, part = made(8, padding=2, between=[ActivityPenalty(l2=0.7)])
    plain, *_ = made(8, padding=2)
    for other, name in ((network, "2.weight"), (plain, "1.weight")):
        other.arena.parameters[...] = np.linspace(-1, 1, len(other.arena.parameters))
        other.arena.named_arrays()["0.weight"][2] = 0
        other.arena.named_arrays()[name][...] = np.eye(3, COUNT)
    embedded = network.arena.named_arrays()["0.weight"].copy()
    _, gradient = stepped(network, loss, part, batch_size, 8)
    _, without = stepped(plain, loss, part, batch_size, 8)
    real = np.bincount(part.inputs[part.inputs != 2], minlength=COUNT)
    expected = 0.7 * embedded * real[:, None] / real.sum()
    found = network.arena.slots["0.weight"].view(gradient) - plain.arena.slots["0.weight"].view(without)
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-13)
