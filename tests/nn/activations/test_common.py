from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from pydantic import ValidationError

from scratchnn.errors import ConfigError
from scratchnn.nn.activations import Activation
from scratchnn.nn.layers.activation import ActivationLayer
from scratchnn.nn.network import Batch

TAGS = [tag for tag, member in Activation.members().items() if member.__module__.endswith(".common")]
LARGE = [88.0, 89.0, 104.0, 710.0, 1e4, 1e9]

Activate = Callable[..., Batch]


@pytest.mark.parametrize("tag", TAGS)
def test_it_agrees_with_torch(tag: str, agree: Callable[..., None]) -> None:
    agree(tag, [ActivationLayer(function=Activation.parse(tag))])


def test_elu_with_another_alpha_agrees_with_torch(agree: Callable[..., None]) -> None:
    agree("elu_alpha", [ActivationLayer(function=Activation.parse({"type": "elu", "alpha": 0.3}))])


@pytest.mark.parametrize(
    ("function", "y", "derivative"),
    [
        ("linear", [-2, 0, 2], [1, 1, 1]),
        ("relu", [0, 0, 2], [0, 0, 1]),
        ({"type": "leaky_relu", "slope": 0.25}, [-0.5, 0, 2], [0.25, 0.25, 1]),
        ({"type": "leaky_relu", "slope": 0.0}, [0, 0, 2], [0, 0, 1]),
        ({"type": "leaky_relu", "slope": 1.0}, [-2, 0, 2], [1, 1, 1]),
        ("sigmoid", [1 / (1 + np.e**2), 0.5, 1 / (1 + np.e**-2)], [0.104993585, 0.25, 0.104993585]),
        ("softplus", [np.log1p(np.e**-2), np.log(2), np.log1p(np.e**2)], [0.119202922, 0.5, 0.880797078]),
        ({"type": "elu", "alpha": 0.5}, [0.5 * (np.e**-2 - 1), 0, 2], [0.5 * np.e**-2, 0.5, 1]),
        ("gelu", [-2 * 0.0227501319, 0, 2 * 0.9772498681], [-0.0852318011, 0.5, 1.0852318011]),
    ],
)
def test_values_worked_out_by_hand(
    function: object, y: list[float], derivative: list[float], activate: Activate
) -> None:
    batch = activate(function, [-2.0, 0.0, 2.0])
    np.testing.assert_allclose(batch.outputs[0], y, atol=1e-9)
    np.testing.assert_allclose(batch.input_gradient[0], derivative, atol=1e-9)


@pytest.mark.parametrize("rows", [1, 63, 64, 200])
def test_relu_masks_small_and_large_batches_alike(rows: int, activate: Activate) -> None:
    z = np.random.default_rng(0).standard_normal((rows, 64))
    z[0, :3] = [0.0, -0.0, 1e-300]
    batch = activate("relu", z)
    np.testing.assert_array_equal(batch.outputs, np.where(z > 0, z, 0))
    np.testing.assert_array_equal(batch.input_gradient, np.where(z > 0, 1.0, 0.0))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("tag", [tag for tag in TAGS if tag != "softmax"])
def test_large_inputs_reach_the_limits_without_overflow(tag: str, dtype: str, activate: Activate) -> None:
    right, left = {
        "linear": (LARGE, [-z for z in LARGE]),
        "sigmoid": (1, 0),
        "tanh": (1, -1),
        "leaky_relu": (LARGE, [-0.01 * z for z in LARGE]),
        "elu": (LARGE, -1),
        "selu": ([1.0507009873554805 * z for z in LARGE], -1.0507009873554805 * 1.6732632423543772),
    }.get(tag, (LARGE, 0))
    high, low = activate(tag, LARGE, dtype), activate(tag, [-z for z in LARGE], dtype)
    np.testing.assert_allclose(high.outputs[0], np.broadcast_to(right, len(LARGE)), rtol=1e-6, atol=1e-20)
    np.testing.assert_allclose(low.outputs[0], np.broadcast_to(left, len(LARGE)), rtol=1e-6, atol=1e-20)
    slopes = {"linear": (1, 1), "sigmoid": (0, 0), "tanh": (0, 0), "leaky_relu": (1, 0.01), "selu": (1.050701, 0)}
    above, below = slopes.get(tag, (1, 0))
    np.testing.assert_allclose(high.input_gradient[0], above, rtol=1e-6, atol=1e-20)
    np.testing.assert_allclose(low.input_gradient[0], below, rtol=1e-6, atol=1e-20)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_softmax_of_large_inputs_is_a_distribution(dtype: str, activate: Activate) -> None:
    batch = activate("softmax", [[1e4, -1e4, 0.0], [-1e9, -1e9, -1e9], [1e4, 1e4, -1e9]], dtype)
    third = 1 / 3
    np.testing.assert_allclose(batch.outputs, [[1, 0, 0], [third, third, third], [0.5, 0.5, 0]], rtol=1e-6)
    np.testing.assert_allclose(batch.input_gradient, 0, atol=1e-6)  # the sum of the outputs does not change


def test_softmax_works_over_the_last_axis_only(activate: Activate) -> None:
    z = np.arange(24.0).reshape(2, 3, 4)
    outputs = activate("softmax", z).outputs
    expected = np.exp([0, 1, 2, 3]) / np.exp([0, 1, 2, 3]).sum()
    np.testing.assert_allclose(outputs, np.broadcast_to(expected, (2, 3, 4)), atol=1e-12)


def test_the_tail_of_the_sigmoid_keeps_its_relative_accuracy(activate: Activate) -> None:
    outputs = activate("sigmoid", [-20.0, -80.0], "float32").outputs
    np.testing.assert_allclose(outputs[0], [2.0611536e-09, 1.8048514e-35], rtol=1e-5)


@pytest.mark.parametrize(
    ("tag", "init"),
    [("linear", "glorot_uniform"), ("tanh", "glorot_uniform"), ("sigmoid", "glorot_uniform"), ("selu", "lecun_normal")]
    + [(tag, "he_normal") for tag in ("relu", "leaky_relu", "elu", "silu", "gelu", "gelu_tanh", "softplus")],
)
def test_the_initializer_that_suits_it(tag: str, init: str) -> None:
    assert Activation.parse(tag).fallback_init().tag() == init


@pytest.mark.parametrize(("field", "value"), [("slope", -0.1), ("slope", 1.5), ("alpha", 1.0)])
def test_a_wrong_field_is_refused(field: str, value: float) -> None:
    with pytest.raises(ConfigError, match=field):
        Activation.parse({"type": "leaky_relu", field: value})


def test_a_component_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Activation.parse("leaky_relu").slope = 0.5  # type: ignore[attr-defined]
