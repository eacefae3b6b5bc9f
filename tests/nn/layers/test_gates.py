from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from scratchnn.errors import ConfigError, ShapeError
from scratchnn.nn.contracts import RaggedMask
from scratchnn.nn.layer import InputSpec, Layer
from scratchnn.nn.layers.dense import Dense
from scratchnn.nn.layers.gates import GEGLU, GLU, Maxout, PReLU, SqueezeExcite, SwiGLU
from scratchnn.nn.memory import Pass
from scratchnn.nn.network import Network


@pytest.mark.parametrize(
    ("case", "layer"),
    [
        ("prelu", PReLU()),
        ("prelu_channels", PReLU(shared=False)),
        ("glu", GLU()),
        ("geglu", GEGLU()),
        ("swiglu", SwiGLU()),
        ("maxout", Maxout(pieces=3)),
        ("squeeze_excite", SqueezeExcite(ratio=2)),
    ],
)
def test_it_agrees_with_torch(case: str, layer: Layer, agree: Callable[..., None]) -> None:
    agree(case, [layer])


@pytest.mark.parametrize("layer", [PReLU(shared=False), Maxout(), GLU(), GEGLU(), SwiGLU(), SqueezeExcite(ratio=4)])
def test_it_overfits_eight_samples(layer: Layer, overfit: Callable[..., float]) -> None:
    layers = [Dense(units=16), layer, Layer.parse("flatten"), Dense(units=2)]
    assert overfit(layers, InputSpec((3, 4))) < 1e-3


def test_slopes_start_at_a_quarter_and_are_never_decayed() -> None:
    shared, own = (Network([PReLU(shared=shared)], InputSpec((2, 3)), dtype="float64") for shared in (True, False))
    for network, shape in ((shared, (1,)), (own, (3,))):
        network.initialize(np.random.default_rng(0))
        slope = network.arena.named_arrays()["0.slope"]
        assert (slope.shape, slope[0], network.arena.decayed) == (shape, 0.25, 0)
        np.testing.assert_array_equal(network.predict(np.full((1, 2, 3), -2.0)), np.full((1, 2, 3), -0.5))


def test_the_first_of_equal_pieces_takes_the_gradient() -> None:
    network = Network([Maxout(pieces=3)], InputSpec((6,)))
    batch = network.workspace(1, input_gradient=True, poison=True).batch(1)
    batch.inputs[...] = [2, 5, 5, 1, 1, 1]
    np.testing.assert_array_equal(batch.forward(Pass()), [[5, 1]])
    batch.output_gradient[...] = [[3, 4]]
    batch.backward(Pass())
    np.testing.assert_array_equal(batch.input_gradient, [[0, 3, 0, 4, 0, 0]])


def test_padded_steps_do_not_count_in_the_mean() -> None:
    """Sample 0 has three steps, sample 1 two: its third may be anything."""
    network = Network([RaggedMask(), SqueezeExcite(ratio=1)], InputSpec((3, 2)), dtype="float64")
    network.initialize(np.random.default_rng(0))
    rng = np.random.default_rng(1)
    x = rng.standard_normal((2, 3, 2))
    other = x.copy()
    other[1, 2] = 99
    outputs, others = network.predict(x), network.predict(other)
    np.testing.assert_array_equal(outputs[0], others[0])
    np.testing.assert_array_equal(outputs[1, :2], others[1, :2])
    arrays = network.arena.named_arrays()
    mean = x[1, :2].mean(axis=0)
    inside = np.maximum(mean @ arrays["1.gate.0.weight"], 0)
    gate = 1 / (1 + np.exp(-inside @ arrays["1.gate.1.weight"]))
    np.testing.assert_allclose(outputs[1], x[1] * gate)


def test_there_is_always_a_unit_inside() -> None:
    network = Network([SqueezeExcite()], InputSpec((4, 3)))
    assert network.arena.slots["0.gate.0.weight"].shape == (3, 1)


@pytest.mark.parametrize(
    ("layer", "inputs", "message"),
    [
        (GLU(), InputSpec((2, 3)), r"\(glu\) expects an even number of features, got \(2, 3\)\. Give the layer before"),
        (SwiGLU(), InputSpec((4,), "ids"), r"\(swiglu\) expects numbers, got ids"),
        (
            Maxout(pieces=4),
            InputSpec((6,)),
            r"\(maxout\) expects a multiple of 4 numbers, got \(6,\)\. Choose `pieces`",
        ),
        (PReLU(), InputSpec((4,), "ids"), r"\(prelu\) expects numbers, got ids"),
        (SqueezeExcite(), InputSpec((4,)), r"\(squeeze_excite\) expects images or sequences, got \(4,\)\. Place it"),
    ],
)
def test_inputs_that_do_not_fit(layer: Layer, inputs: InputSpec, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        Network([layer], inputs)


@pytest.mark.parametrize("fields", [{"type": "maxout", "pieces": 1}, {"type": "squeeze_excite", "ratio": 0}])
def test_wrong_settings(fields: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        Layer.parse(fields)
