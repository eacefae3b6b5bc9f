"""The loss on labels that may be true together, where it weighs what is true."""

from __future__ import annotations

import math

import numpy as np
import pytest

from scratchnn.errors import ShapeError
from scratchnn.nn.losses import Loss, MultiLabelCrossEntropy, TargetSpec
from tests.nn.test_losses_numbers import run

Z = np.array([[0.5, -1.0, 40.0], [2.0, 0.0, -40.0], [-0.3, 1.5, 800.0], [0.1, -700.0, 3.0]])
Y = np.array([[1.0, 0, 1], [0, 1, 1], [1, 1, 0], [0, 0, 0]])
W = np.array([0.5, 2.0, 7.0])


def formula(z, y, w):
    """w y log(1 + e^-z) + (1 - y) log(1 + e^z), as `binary_cross_entropy_with_logits` of PyTorch is written."""
    return w * y * np.logaddexp(0, -z) + (1 - y) * np.logaddexp(0, z)


def slope(z, y, w):
    sigmoid = np.exp(-np.logaddexp(0, -z))
    return (1 - y) * sigmoid - w * y * np.exp(-np.logaddexp(0, z))


@pytest.mark.parametrize("weight", [W.tolist(), 3.0, 0.25])
@pytest.mark.parametrize("samples", [None, np.array([1.0, 0.0, 2.5, 0.5])])
def test_the_weight_of_what_is_true(weight, samples):
    each = np.ones(4) if samples is None else samples
    value, gradient = run({"type": "multi_label_cross_entropy", "positive_weight": weight}, Z, Y, samples)
    expected = (formula(Z, Y, np.array(weight)).mean(axis=1) * each).sum() / each.sum()
    assert value == pytest.approx(expected, rel=1e-12)
    expected = slope(Z, Y, np.array(weight)) * each[:, None] / (3 * each.sum())
    np.testing.assert_allclose(gradient, expected, rtol=1e-9, atol=1e-15)


def test_shares_are_weighted_too():
    """As the inputs of an autoencoder are."""
    y = np.array([[0.25, 0.5, 1.0]])
    value, _ = run({"type": "multi_label_cross_entropy", "positive_weight": 3.0}, Z[:1], y)
    assert value == pytest.approx(formula(Z[:1], y, 3.0).mean(), rel=1e-12)


def test_a_weight_of_one_for_each_is_no_weight():
    plain, each = run("multi_label_cross_entropy", Z[:, :2], Y[:, :2]), MultiLabelCrossEntropy(positive_weight=[1, 1])
    weighted = run(each, Z[:, :2], Y[:, :2])
    assert weighted[0] == pytest.approx(plain[0], rel=1e-14)
    np.testing.assert_allclose(weighted[1], plain[1], rtol=1e-14, atol=1e-300)


def test_the_best_constant_has_the_weighted_odds():
    """At z = log(w p / (1 - p)) the slope over rows of which a share p is true is 0."""
    y, w = np.array([[1.0], [0.0], [0.0], [0.0]]), 6.0
    z = np.full((4, 1), math.log(w * 0.25 / 0.75))
    _, gradient = run({"type": "multi_label_cross_entropy", "positive_weight": w}, z, y)
    assert gradient.sum() == pytest.approx(0, abs=1e-15)


def test_one_weight_for_each_label():
    loss = Loss.parse({"type": "multi_label_cross_entropy", "positive_weight": [1.0, 2.0]})
    assert loss.output_size(TargetSpec(columns=2)) == 2
    with pytest.raises(ShapeError, match="holds 2 weights for 3 labels") as caught:
        loss.output_size(TargetSpec(columns=3))
    assert caught.value.where == "positive_weight"
