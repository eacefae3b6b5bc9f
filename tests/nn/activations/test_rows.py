from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchnn.nn.activations import Activation, LogSoftmax, Sparsemax
from scratchnn.nn.layer import InputSpec
from scratchnn.nn.layers.activation import ActivationLayer
from scratchnn.nn.network import Batch, Network

Activate = Callable[..., Batch]


@pytest.mark.parametrize(("case", "function"), [("log_softmax", LogSoftmax()), ("sparsemax", Sparsemax())])
def test_it_agrees_with_torch(case: str, function: Activation, agree: Callable[..., None]) -> None:
    agree(case, [ActivationLayer(function=function)])


def test_log_softmax_worked_out_by_hand(activate: Activate) -> None:
    batch = activate("log_softmax", [np.log([1.0, 2.0, 5.0]).tolist()])
    np.testing.assert_allclose(batch.outputs, np.log([[1 / 8, 2 / 8, 5 / 8]]))
    np.testing.assert_allclose(batch.input_gradient, [[1 - 3 / 8, 1 - 6 / 8, 1 - 15 / 8]])


def test_sparsemax_worked_out_by_hand(activate: Activate) -> None:
    """Two numbers that differ by t up to 1: (1 + t) / 2, (1 - t) / 2. Martins and Astudillo 2016, section 2.3."""
    z = [[0.5, 0.0, -3.0], [0.0, 1.0, 0.0], [2.0, 2.0, 2.0], [0.0, 0.0, 7.0]]
    third = 1 / 3
    expected = [[0.75, 0.25, 0], [0, 1, 0], [third, third, third], [0, 0, 1]]
    np.testing.assert_allclose(activate("sparsemax", z).outputs, expected, atol=1e-12)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-5, 5), min_size=1, max_size=7), st.floats(-100, 100))
def test_sparsemax_is_the_nearest_distribution(z: list[float], shift: float) -> None:
    """The conditions of the projection: where y > 0, z - y is one number tau; elsewhere z <= tau."""
    network = Network([ActivationLayer(function=Sparsemax())], InputSpec((len(z),)), dtype="float64")
    y, moved = network.predict(np.array([z, np.array(z) + shift]))
    assert y.sum() == pytest.approx(1)
    np.testing.assert_allclose(y, moved, atol=1e-12)
    tau = (np.array(z) - y)[y > 0]
    np.testing.assert_allclose(tau, tau[0], atol=1e-12)
    assert (np.array(z)[y == 0] <= tau[0] + 1e-12).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_large_inputs(dtype: str, activate: Activate) -> None:
    z = [[1e4, -1e4, 0.0], [-1e9, -1e9, -1e9], [1e9, 1e9, -1e9]]
    third, half = 1 / 3, np.log(0.5)
    expected = [[0, -2e4, -1e4], [np.log(third)] * 3, [half, half, -2e9]]
    np.testing.assert_allclose(activate("log_softmax", z, dtype).outputs, expected, rtol=1e-6)
    expected = [[1, 0, 0], [third] * 3, [0.5, 0.5, 0]]
    np.testing.assert_allclose(activate("sparsemax", z, dtype).outputs, expected, rtol=1e-6)


@pytest.mark.parametrize("function", ["log_softmax", "sparsemax"])
def test_only_the_last_axis_counts(function: str, activate: Activate) -> None:
    z = np.random.default_rng(0).standard_normal((2, 3, 4))
    np.testing.assert_allclose(activate(function, z).outputs.reshape(6, 4), activate(function, z.reshape(6, 4)).outputs)
