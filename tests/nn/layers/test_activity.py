from __future__ import annotations

import numpy as np
import pytest

from scratchnn.errors import ShapeError
from scratchnn.nn.contracts import RaggedMask
from scratchnn.nn.layer import InputSpec
from scratchnn.nn.layers.activity import ActivityPenalty
from scratchnn.nn.layers.dense import Dense
from scratchnn.nn.layers.time import TimeDistributed
from scratchnn.nn.memory import Pass
from scratchnn.nn.network import Network

X = [[1.0, -2.0, 0.0], [3.0, 0.5, -1.0]]


def passed(layers, x, *, training=True, weights=None, total=1.0):
    """What comes out, the penalty, and the gradient of x where that of the outputs is 1."""
    x = np.array(x)
    network = Network(layers, InputSpec(x.shape[1:]), dtype="float64")
    batch = network.workspace(len(x), input_gradient=True, poison=True).batch(len(x))
    batch.inputs[...] = x
    run = Pass(training, weights=weights, total=total)
    outputs = batch.forward(run).copy()
    batch.output_gradient[...] = 1
    batch.backward(run)
    return outputs, run.penalty, batch.input_gradient


def test_by_hand():
    """Sample 1: 2 * 3 + 5 / 2 * 4 = 16, sample 2: 2 * 4.5 + 10.25 / 2 * 4 = 29.5."""
    outputs, penalty, dx = passed([ActivityPenalty(l1=2, l2=4)], X, total=2.0)
    np.testing.assert_array_equal(outputs, X)
    assert penalty == pytest.approx(16 + 29.5, rel=1e-12)
    np.testing.assert_allclose(dx, [[1 + 3, 1 - 5, 1], [1 + 7, 1 + 2, 1 - 3]], rtol=1e-12)


def test_weights_of_samples():
    _, penalty, dx = passed([ActivityPenalty(l1=2, l2=4)], X, weights=np.array([3.0, 0.5]), total=3.5)
    assert penalty == pytest.approx(3 * 16 + 0.5 * 29.5, rel=1e-12)
    np.testing.assert_allclose(dx[0], 1 + np.array([6, -10, 0]) * 3 / 3.5, rtol=1e-12)
    np.testing.assert_allclose(dx[1], 1 + np.array([14, 4, -6]) * 0.5 / 3.5, rtol=1e-12)


def test_outside_of_training_it_adds_nothing():
    outputs, penalty, dx = passed([ActivityPenalty(l1=2, l2=4)], X, training=False)
    np.testing.assert_array_equal(outputs, X)
    assert penalty == 0
    np.testing.assert_array_equal(dx, 1)


def test_padded_steps_do_not_count():
    """The second sample of (B, T, F) has its last step padded."""
    x = np.random.default_rng(0).normal(size=(2, 3, 4))
    _, penalty, dx = passed([RaggedMask(), ActivityPenalty(l2=2)], x)
    assert penalty == pytest.approx((x[0] ** 2).sum() + (x[1, :2] ** 2).sum(), rel=1e-12)
    np.testing.assert_allclose(dx[1, :2], 1 + 2 * x[1, :2], rtol=1e-12)
    np.testing.assert_array_equal(dx[1, 2], 1)


def test_steps_seen_as_samples_have_the_weights_of_their_sample():
    x = np.random.default_rng(0).normal(size=(2, 3, 4))
    weights = np.array([0.5, 2.0])
    found = passed([TimeDistributed(layers=[ActivityPenalty(l1=1, l2=2)])], x, weights=weights, total=2.5)
    expected = passed([ActivityPenalty(l1=1, l2=2)], x, weights=weights, total=2.5)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


def test_several_add_up():
    assert passed([ActivityPenalty(l1=1), ActivityPenalty(l1=2)], X)[1] == pytest.approx(3 * 7.5, rel=1e-12)


def test_between_layers_it_copies_nothing():
    layers = [Dense(units=3), ActivityPenalty(l1=1), Dense(units=2)]
    plan = Network(layers, InputSpec((3,))).plan
    assert list(plan.saved) == ["y0"]


def test_ids_are_refused():
    with pytest.raises(ShapeError, match="expects numbers, got ids"):
        Network([ActivityPenalty(l1=1)], InputSpec((3,), "ids"))
