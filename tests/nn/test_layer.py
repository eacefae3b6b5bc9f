"""Where `units: auto` is filled in."""

from __future__ import annotations

import pytest

from scratchnn.errors import ShapeError
from scratchnn.nn.layer import InputSpec, Layer, with_outputs
from scratchnn.nn.network import Network

AUTO = {"type": "dense", "units": "auto"}
HIDDEN = {"type": "dense", "units": 5}


@pytest.mark.parametrize(
    "tail",
    [
        [AUTO],
        [AUTO, {"type": "reshape", "shape": [2, 3]}],
        [AUTO, "sigmoid", {"type": "reshape", "shape": [3, -1]}],
        [{"type": "sequential", "layers": [HIDDEN, AUTO, "flatten"]}],
        [{"type": "sequential", "layers": [HIDDEN, AUTO]}, {"type": "reshape", "shape": [2, 3]}],
    ],
)
def test_the_last_dense_is_given_the_outputs_also_before_a_change_of_shape(tail: list[object]) -> None:
    layers = [Layer.parse(layer) for layer in [HIDDEN, *tail]]
    network = Network(with_outputs(layers, 6), InputSpec((4,)))
    assert network.outputs.size == 6
    assert layers[1] == Layer.parse(tail[0])  # the given ones stay as they were


@pytest.mark.parametrize("tail", [[AUTO, HIDDEN], [AUTO, {"type": "dropout", "rate": 0.5}, HIDDEN, "flatten"]])
def test_no_other_dense_is_filled_in(tail: list[object]) -> None:
    layers = with_outputs([Layer.parse(layer) for layer in tail], 6)
    with pytest.raises(ShapeError, match="units: auto is only for the last layer"):
        Network(layers, InputSpec((4,)))


@pytest.mark.parametrize("layer", ["flatten", {"type": "reshape", "shape": [6]}, "tanh"])
def test_layers_that_only_keep_the_size_are_left_alone(layer: object) -> None:
    assert with_outputs([Layer.parse(layer)], 9) == [Layer.parse(layer)]
