"""A loss on each step is the inner loss on all steps in a row."""

from __future__ import annotations

import numpy as np
import pytest

from scratchnn.nn.arena import Arena, Workspace
from scratchnn.nn.layer import InputSpec
from scratchnn.nn.losses import EachStep, Loss, TargetSpec, fitted

RNG = np.random.default_rng(3)
Z, Y = RNG.standard_normal((4, 5, 3)), RNG.integers(3, size=(4, 5))
WEIGHTS = RNG.uniform(0.5, 2, 4)
MASK = np.arange(5) < np.array([5, 3, 1, 0])[:, None]


def run(loss, outputs, targets, weights, total):
    plan = loss.plan(InputSpec(outputs.shape[1:]))
    mem = Workspace(Arena(plan, outputs.dtype), plan, len(outputs), poison=True).memory(len(outputs))
    gradient = np.full_like(outputs, np.nan)
    value = loss.evaluate(outputs, targets, weights, total, gradient, mem)
    assert loss.evaluate(outputs, targets, weights, total, None, mem) == value
    return value, gradient


@pytest.mark.parametrize("inner", ["cross_entropy", {"type": "cross_entropy", "label_smoothing": 0.1}])
@pytest.mark.parametrize("weights", [None, WEIGHTS, MASK.astype(float), MASK * WEIGHTS[:, None]])
def test_every_step_is_a_sample(inner, weights):
    inner = Loss.parse(inner)
    loss = fitted(inner, TargetSpec(classes=3, steps=5))
    each = None if weights is None else np.broadcast_to(weights.reshape(4, -1), (4, 5)).reshape(-1)
    value, gradient = run(loss, Z, Y, weights, 7.0)
    expected, slope = run(inner, Z.reshape(20, 3), Y.reshape(20), each, 7.0)
    assert value == pytest.approx(expected, rel=1e-14)
    np.testing.assert_allclose(gradient.reshape(20, 3), slope, rtol=1e-14)
    if weights is not None and weights.ndim == 2:
        assert (gradient[~MASK] == 0).all()


def test_the_formula_with_label_smoothing():
    """-(1 - s) log p[y] - s mean(log p), over all steps."""
    loss = fitted(Loss.parse({"type": "cross_entropy", "label_smoothing": 0.3}), TargetSpec(classes=3, steps=5))
    log_p = Z - np.log(np.exp(Z).sum(axis=2, keepdims=True))
    chosen = np.take_along_axis(log_p, Y[..., None], axis=2)[..., 0]
    assert run(loss, Z, Y, None, 1.0)[0] == pytest.approx(-(0.7 * chosen + 0.3 * log_p.mean(axis=2)).sum(), rel=1e-13)


def test_what_it_says_of_each_step():
    loss = fitted(Loss.parse("cross_entropy"), TargetSpec(classes=3, steps=5))
    p = np.exp(Z) / np.exp(Z).sum(axis=2, keepdims=True)
    np.testing.assert_allclose(loss.predictions(Z), p, rtol=1e-12)
    chosen = np.take_along_axis(np.log(p), Y[..., None], axis=2)[..., 0]
    np.testing.assert_allclose(loss.log_likelihoods(Z, Y), chosen, rtol=1e-12)
    assert (loss.title, loss.targets_per_sample, loss.output_size(TargetSpec(classes=3, steps=5))) == (
        "cross_entropy",
        5,
        3,
    )
    assert "cross_entropy" in Loss.members()
    assert EachStep not in Loss.members().values()


@pytest.mark.parametrize(
    "loss",
    [
        *("cross_entropy", "focal", "categorical_hinge", "multi_margin", "dice"),
        {"type": "weighted_sum", "terms": [{"loss": "focal"}, {"loss": "dice"}]},
    ],
)
def test_the_likelihood_of_a_tiny_probability_is_exact(loss):
    z = np.array([[0.0, 200.0]], np.float32)
    assert Loss.parse(loss).log_likelihoods(z, np.array([0])).tolist() == [-200.0]
    each = fitted(Loss.parse(loss), TargetSpec(classes=2, steps=1))
    assert each.log_likelihoods(z[:, None], np.array([[0]])).tolist() == [[-200.0]]


def test_other_likelihoods_are_clipped():
    clipped = Loss.parse("binary_cross_entropy").log_likelihoods(np.array([[200.0]], np.float32), np.array([0]))
    assert clipped.tolist() == pytest.approx([np.log(np.finfo(np.float32).eps)])


def test_two_classes_with_one_output():
    loss = fitted(Loss.parse("binary_cross_entropy"), TargetSpec(classes=2, steps=5))
    z, y = Z[..., :1].copy(), Y % 2
    assert loss.predictions(z).shape == (4, 5, 2)
    expected = np.logaddexp(0, z[..., 0]) - y * z[..., 0]
    assert run(loss, z, y, None, 1.0)[0] == pytest.approx(expected.sum(), rel=1e-13)


def test_only_targets_with_steps_need_it():
    inner = Loss.parse("cross_entropy")
    assert fitted(inner, TargetSpec(classes=3)) is inner
    once = fitted(inner, TargetSpec(classes=3, steps=2))
    assert fitted(once, TargetSpec(classes=3, steps=2)) is once
