from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from scratchnn.errors import ConfigError, ShapeError
from scratchnn.nn.activations import GELU, SELU, ReLU, Tanh
from scratchnn.nn.initializers import HeNormal, Ones
from scratchnn.nn.layer import Column, InputSpec, Layer
from scratchnn.nn.layers.activation import ActivationLayer
from scratchnn.nn.layers.dense import Dense
from scratchnn.nn.layers.normalization import BatchNorm
from scratchnn.nn.network import Network


@pytest.mark.parametrize(
    ("case", "layer"),
    [
        ("dense", Dense(units=3)),
        ("dense_no_bias", Dense(units=3, bias=False)),
        ("dense_gelu", Dense(units=3, activation=GELU())),
        ("dense_steps", Dense(units=3, activation=Tanh())),
        ("dense_image", Dense(units=3)),
    ],
)
def test_it_agrees_with_torch(case: str, layer: Dense, agree: Callable[..., None]) -> None:
    agree(case, [layer])


def test_a_row_of_layers_agrees_with_torch(agree: Callable[..., None]) -> None:
    layers = [Dense(units=6), Layer.parse("silu"), BatchNorm(), Layer.parse("tanh"), Dense(units=2)]
    agree("chain", layers)


@pytest.mark.parametrize(
    ("layer", "inputs", "message"),
    [
        (Dense(units="auto"), InputSpec((3,)), r"units: auto is only for the last layer\. Give a number of units"),
        (Dense(units=2), InputSpec((3,), kind="ids"), r"expects numbers, got ids"),
        (
            Dense(units=2),
            InputSpec((3,), columns=(Column("age"), Column("deck", 5), Column("port", 3))),
            r"expects numbers, but the columns deck, port are codes\. Put \"column_embedding\" before it\.",
        ),
    ],
)
def test_inputs_that_do_not_fit(layer: Dense, inputs: InputSpec, message: str) -> None:
    with pytest.raises(ShapeError, match=r"model\.layers\[0\]: \(dense\) " + message):
        Network([layer], inputs)


def test_auto_takes_the_count_that_the_target_needs() -> None:
    assert Dense(units="auto").with_outputs(7) == Dense(units=7)
    assert Dense(units=3).with_outputs(7) == Dense(units=3)


def test_the_activation_chooses_the_initializer_where_nobody_else_does() -> None:
    def deviation(layer: Dense, init: object = None) -> float:
        network = Network([layer], InputSpec((400,)), init=init)
        network.initialize(np.random.default_rng(0))
        return float(network.arena.named_arrays()["0.weight"].std())

    assert deviation(Dense(units=300)) == pytest.approx((2 / 700) ** 0.5, rel=0.01)
    assert deviation(Dense(units=300, activation=ReLU())) == pytest.approx((2 / 400) ** 0.5, rel=0.01)
    assert deviation(Dense(units=300, activation=SELU())) == pytest.approx((1 / 400) ** 0.5, rel=0.01)
    assert deviation(Dense(units=300, init=HeNormal()), Ones()) == pytest.approx((2 / 400) ** 0.5, rel=0.01)
    assert deviation(Dense(units=300), Ones()) == 0


def test_biases_start_as_their_own_setting_says() -> None:
    network = Network([Dense(units=2, bias_init=Ones())], InputSpec((3,)), init=HeNormal())
    network.initialize(np.random.default_rng(0))
    assert network.arena.named_arrays()["0.bias"].tolist() == [1, 1]


@pytest.mark.parametrize("fields", [{}, {"units": 0}, {"units": "2"}, {"units": True}, {"units": 2, "l1": -1}])
def test_wrong_settings(fields: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        Layer.parse({"type": "dense", **fields})


def test_flops_count_the_products() -> None:
    assert Dense(units=5, activation=ReLU()).plan(InputSpec((3,))).flops == 30
    assert Dense(units=5).plan(InputSpec((2, 4, 3))).flops == 8 * 30


def test_a_bare_activation_is_a_layer() -> None:
    assert Layer.parse("relu") == ActivationLayer(function=ReLU())
