from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from scratchnn.errors import ConfigError
from scratchnn.nn.activations import (
    CELU,
    Activation,
    Exponential,
    LogSigmoid,
    Mish,
    Softsign,
    Squareplus,
    TanhShrink,
)
from scratchnn.nn.layers.activation import ActivationLayer
from scratchnn.nn.network import Batch

Activate = Callable[..., Batch]
LARGE = np.array([104.0, 710.0, 1e4, 1e9])


@pytest.mark.parametrize(
    ("case", "function"),
    [
        ("exponential", Exponential()),
        ("log_sigmoid", LogSigmoid()),
        ("celu", CELU()),
        ("celu_alpha", CELU(alpha=0.25)),
        ("softsign", Softsign()),
        ("tanh_shrink", TanhShrink()),
        ("squareplus", Squareplus()),
        ("squareplus_curve", Squareplus(curve=0.5)),
        ("mish", Mish()),
    ],
)
def test_it_agrees_with_torch(case: str, function: Activation, agree: Callable[..., None]) -> None:
    agree(case, [ActivationLayer(function=function)])


@pytest.mark.parametrize(
    ("function", "y", "derivative"),
    [
        ({"type": "celu", "alpha": 2}, [2 * (np.exp(-1.5) - 1), 0, 3], [np.exp(-1.5), 1, 1]),
        ("softsign", [-0.75, 0, 0.75], [1 / 16, 1, 1 / 16]),
        ({"type": "squareplus", "curve": 16}, [1, 2, 4], [0.2, 0.5, 0.8]),
        ("log_sigmoid", [-np.log1p(np.exp(3)), -np.log(2), -np.log1p(np.exp(-3))], [0.952574127, 0.5, 0.047425873]),
        ("tanh_shrink", [np.tanh(3) - 3, 0, 3 - np.tanh(3)], [np.tanh(3) ** 2, 0, np.tanh(3) ** 2]),
    ],
)
def test_values_worked_out_by_hand(
    function: object, y: list[float], derivative: list[float], activate: Activate
) -> None:
    batch = activate(function, [-3.0, 0.0, 3.0])
    np.testing.assert_allclose(batch.outputs[0], y, atol=1e-9)
    np.testing.assert_allclose(batch.input_gradient[0], derivative, atol=1e-9)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("tag", "right", "left", "slopes"),
    [
        ("log_sigmoid", 0, -LARGE, (0, 1)),
        ("celu", LARGE, -1, (1, 0)),
        ("softsign", 1, -1, (0, 0)),
        ("tanh_shrink", LARGE - 1, 1 - LARGE, (1, 1)),
        ("squareplus", LARGE, 0, (1, 0)),
        ("mish", LARGE, 0, (1, 0)),
    ],
)
def test_large_inputs(
    tag: str, right: object, left: object, slopes: tuple[float, float], dtype: str, activate: Activate
) -> None:
    for z, y, slope in ((LARGE, right, slopes[0]), (-LARGE, left, slopes[1])):
        batch = activate(tag, z, dtype)
        np.testing.assert_allclose(batch.outputs[0], np.broadcast_to(y, 4), atol=0.01)
        np.testing.assert_allclose(batch.input_gradient[0], np.full(4, slope), atol=1e-3)


def test_squareplus_keeps_its_digits_far_left(activate: Activate) -> None:
    """There y = curve / (4 |z|), up to a share of curve / z^2."""
    assert activate("squareplus", [-1e4], "float32").outputs[0, 0] == pytest.approx(1e-4, rel=1e-5)


def test_exponential_ends_in_infinity(activate: Activate) -> None:
    with np.errstate(over="ignore"):
        assert activate("exponential", [1e4, -1e4]).outputs.tolist() == [[np.inf, 0]]


@pytest.mark.parametrize(
    ("tag", "init"), [("celu", "he_normal"), ("mish", "he_normal"), ("softsign", "glorot_uniform")]
)
def test_the_initializer_that_suits_it(tag: str, init: str) -> None:
    assert Activation.parse(tag).fallback_init().tag() == init


@pytest.mark.parametrize("fields", [{"type": "celu", "alpha": 0}, {"type": "squareplus", "curve": 0}])
def test_wrong_settings(fields: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        Activation.parse(fields)
