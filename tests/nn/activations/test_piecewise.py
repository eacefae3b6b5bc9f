from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from scratchnn.errors import ConfigError
from scratchnn.nn.activations import (
    Activation,
    HardShrink,
    HardSigmoid,
    HardSwish,
    HardTanh,
    ReLU6,
    SoftShrink,
    Threshold,
)
from scratchnn.nn.layers.activation import ActivationLayer
from scratchnn.nn.network import Batch

Activate = Callable[..., Batch]
LARGE = np.array([104.0, 710.0, 1e4, 1e9])


@pytest.mark.parametrize(
    ("case", "function"),
    [
        ("relu6", ReLU6()),
        ("hard_tanh", HardTanh()),
        ("hard_tanh_limits", HardTanh(low=-0.5, high=3.0)),
        ("hard_sigmoid", HardSigmoid()),
        ("hard_swish", HardSwish()),
        ("hard_shrink", HardShrink()),
        ("hard_shrink_wide", HardShrink(threshold=1.0)),
        ("soft_shrink", SoftShrink()),
        ("soft_shrink_wide", SoftShrink(threshold=1.0)),
        ("threshold", Threshold()),
        ("threshold_value", Threshold(threshold=0.5, value=-2.0)),
    ],
)
def test_it_agrees_with_torch_also_at_the_corners(case: str, function: Activation, agree: Callable[..., None]) -> None:
    agree(case, [ActivationLayer(function=function)])


@pytest.mark.parametrize(
    ("function", "y", "derivative"),
    [
        ("relu6", [0, 0, 4, 6, 6], [0, 0, 1, 0, 0]),
        ("hard_tanh", [-1, 0, 1, 1, 1], [0, 1, 0, 0, 0]),
        ({"type": "hard_tanh", "low": -3, "high": 5}, [-2, 0, 4, 5, 5], [1, 1, 1, 0, 0]),
        ("hard_sigmoid", [1 / 6, 0.5, 1, 1, 1], [1 / 6, 1 / 6, 0, 0, 0]),
        ("hard_swish", [-1 / 3, 0, 4, 6, 8], [-1 / 6, 0.5, 1, 1, 1]),
        ({"type": "hard_shrink", "threshold": 4.5}, [0, 0, 0, 6, 8], [0, 0, 0, 1, 1]),
        ({"type": "soft_shrink", "threshold": 1.5}, [-0.5, 0, 2.5, 4.5, 6.5], [1, 0, 1, 1, 1]),
        ({"type": "threshold", "threshold": 4, "value": 9}, [9, 9, 9, 6, 8], [0, 0, 0, 1, 1]),
    ],
)
def test_values_worked_out_by_hand(
    function: object, y: list[float], derivative: list[float], activate: Activate
) -> None:
    batch = activate(function, [-2.0, 0.0, 4.0, 6.0, 8.0])
    np.testing.assert_allclose(batch.outputs[0], y, atol=1e-12)
    np.testing.assert_allclose(batch.input_gradient[0], derivative, atol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("tag", "right", "left", "slopes"),
    [
        ("relu6", 6, 0, (0, 0)),
        ("hard_tanh", 1, -1, (0, 0)),
        ("hard_sigmoid", 1, 0, (0, 0)),
        ("hard_swish", LARGE, 0, (1, 0)),
        ("hard_shrink", LARGE, -LARGE, (1, 1)),
        ("soft_shrink", LARGE - 0.5, 0.5 - LARGE, (1, 1)),
        ("threshold", LARGE, 0, (1, 0)),
    ],
)
def test_large_inputs(
    tag: str, right: object, left: object, slopes: tuple[float, float], dtype: str, activate: Activate
) -> None:
    for z, y, slope in ((LARGE, right, slopes[0]), (-LARGE, left, slopes[1])):
        batch = activate(tag, z, dtype)
        np.testing.assert_allclose(batch.outputs[0], np.broadcast_to(y, 4), rtol=1e-6)
        np.testing.assert_array_equal(batch.input_gradient[0], np.full(4, slope))


@pytest.mark.parametrize(
    ("tag", "init"),
    [("relu6", "he_normal"), ("hard_swish", "he_normal"), ("threshold", "he_normal"), ("hard_tanh", "glorot_uniform")],
)
def test_the_initializer_that_suits_it(tag: str, init: str) -> None:
    assert Activation.parse(tag).fallback_init().tag() == init


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "hard_tanh", "low": 1},
        {"type": "hard_shrink", "threshold": -1},
        {"type": "soft_shrink", "threshold": float("inf")},
    ],
)
def test_wrong_settings(fields: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        Activation.parse(fields)
