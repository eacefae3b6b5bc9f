from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchnn.errors import DataError
from scratchnn.nn.losses import MAE, MSE, BinaryCrossEntropy, CrossEntropy, Focal, Term, WeightedSum
from scratchnn.nn.losses.loss import Loss
from scratchnn.nn.temperature import fit_temperature, predictions_at

Z = np.array(
    [
        [-3.2, -5.3, -1.0],
        [1.7, 4.5, 0.4],
        [-2.2, -3.1, 3.0],
        [6.5, 1.1, -4.9],
        [-3.8, 6.4, 0.8],
        [-6.9, -0.3, -4.7],
        [-2.5, -2.0, -2.9],
        [2.2, -0.3, -2.4],
        [1.6, 3.3, -6.6],
        [-1.0, -3.9, -0.7],
        [-5.2, 0.1, -0.2],
        [-1.2, -4.2, -1.6],
    ]
)
Y = np.array([0, 1, 2, 2, 1, 1, 0, 0, 1, 0, 1, 0])
W = np.array([0.7, 1.5, 1.2, 1.7, 0.9, 1.0, 1.7, 1.3, 1.3, 0.9, 0.5, 1.9])


# scipy 1.17.1: minimize_scalar(method="bounded", xatol=1e-12) of the mean log loss, good to about 1e-7.
@pytest.mark.parametrize(("weights", "expected"), [(None, 3.7835088109539288), (W, 5.242719403790617)])
def test_the_least_log_loss_that_scipy_finds(weights, expected):
    assert fit_temperature(Z, Y, weights) == pytest.approx(expected, rel=1e-7)


def test_one_output_as_scipy():
    y = np.array([1, 1, 0, 1, 1, 0, 0, 1, 0, 0, 0, 0])
    assert fit_temperature(Z[:, :1], y) == pytest.approx(3.2571564074520154, rel=1e-7)


def test_worked_by_hand():
    z = np.array([[4.0], [4.0], [4.0], [4.0], [-4.0]])  # right in 4 of 5: sigmoid(4 / T) = 4/5
    assert fit_temperature(z, np.array([1, 1, 1, 0, 0])) == pytest.approx(4 / math.log(4), rel=1e-12)


@given(st.floats(1e-3, 1e3))
@settings(max_examples=25)
def test_scaled_outputs_have_a_scaled_temperature(factor):
    assert fit_temperature(factor * Z, Y) == pytest.approx(factor * fit_temperature(Z, Y), rel=1e-9)


def test_the_slope_is_zero_there_in_float32_too():
    t = fit_temperature(Z.astype(np.float32), Y)

    def loss(temperature):
        scaled = Z.astype(np.float32).astype(np.float64) / temperature
        return float(np.mean(np.log(np.exp(scaled).sum(axis=1)) - scaled[np.arange(12), Y]))

    step = 1e-4 * t
    assert abs(loss(t + step) - loss(t - step)) < 1e-9
    assert loss(t) < min(loss(0.99 * t), loss(1.01 * t))


@pytest.mark.parametrize(
    ("z", "y", "words"),
    [
        ([[2.0], [-1.0]], [1, 0], "every row is called rightly"),
        ([[2.0], [-1.0]], [0, 1], "the outputs tell nothing"),
        ([[0.0], [0.0]], [0, 1], "the outputs tell nothing"),
        ([[math.inf], [0.0]], [0, 1], "not finite"),
    ],
)
def test_where_none_is_the_best(z, y, words):
    with pytest.raises(DataError, match=words):
        fit_temperature(np.array(z), np.array(y))


def test_rows_without_a_weight_do_not_count():
    z, y = np.array([[2.0], [-1.0], [-3.0]]), np.array([1, 0, 1])
    with pytest.raises(DataError, match="every row is called rightly"):
        fit_temperature(z, y, np.array([1.0, 1.0, 0.0]))


def test_predictions_keep_their_dtype_and_1_changes_nothing():
    outputs = Z.astype(np.float32)
    for loss in (CrossEntropy(), BinaryCrossEntropy()):
        own = outputs if isinstance(loss, CrossEntropy) else outputs[:, :1]
        assert predictions_at(loss, own, 1.0).tobytes() == loss.predictions(own).tobytes()
        cooled = predictions_at(loss, own, 2.0)
        assert cooled.dtype == np.float32
        np.testing.assert_allclose(cooled, loss.predictions(own / 2), rtol=1e-6)


def test_which_losses_take_one():
    takes = {
        tag for tag, member in Loss.members().items() if not member.needs_fields() and member().takes_temperature()
    }
    assert takes == {
        "binary_cross_entropy",
        "cross_entropy",
        "hinge",
        "squared_hinge",
        "binary_focal",
        "categorical_hinge",
        "multi_margin",
        "focal",
        "dice",
        "binary_dice",
    }
    assert WeightedSum(terms=[Term(loss=CrossEntropy()), Term(loss=Focal())]).takes_temperature()
    assert not WeightedSum(terms=[Term(loss=MSE()), Term(loss=MAE())]).takes_temperature()
