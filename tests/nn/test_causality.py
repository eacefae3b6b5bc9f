from __future__ import annotations

import numpy as np
import pytest

from scratchnn.nn.causality import looks_ahead
from scratchnn.nn.initializers import Zeros
from scratchnn.nn.layer import InputSpec, Layer
from scratchnn.nn.network import Network

BLOCK = {"heads": 2, "feed_forward": 8}


def ahead_of(layers, steps, inits=None):
    made = [Layer.parse(layer) for layer in layers]
    network = Network(made, InputSpec((steps,), "ids", count=5), init_by_name=inits or {})
    network.initialize(np.random.default_rng(0))
    return looks_ahead(network, np.random.default_rng(1))


@pytest.mark.parametrize(
    ("layers", "ahead"),
    [
        ([{"type": "lstm", "units": 4, "return_sequences": True}], False),
        ([{"type": "gru", "units": 4, "return_sequences": True}], False),
        ([{"type": "transformer_decoder", **BLOCK}, {"type": "transformer_decoder", **BLOCK}], False),
        ([{"type": "multi_head_attention", "heads": 2, "causal": True}, "layer_norm"], False),
        ([{"type": "dense", "units": 3}], False),
        ([{"type": "transformer_encoder", **BLOCK}], True),
        ([{"type": "multi_head_attention", "heads": 2}], True),
        ([{"type": "lstm", "units": 4, "bidirectional": True, "return_sequences": True}], True),
        ([{"type": "conv1d", "filters": 4, "kernel_size": 3, "padding": "same"}], True),
    ],
)
@pytest.mark.parametrize("steps", [2, 7])
def test_layers(layers, ahead, steps):
    assert ahead_of([{"type": "embedding", "units": 4}, *layers], steps) is ahead


@pytest.mark.parametrize(("steps", "group"), [(2, 2), (4, 2), (4, 4), (8, 2), (8, 4), (9, 3), (12, 2), (12, 6)])
def test_steps_in_groups_see_those_of_their_group(steps, group):
    """Groups that end where the first half does hide from a look at the two halves alone."""
    mix = [{"type": "reshape", "shape": [steps // group, -1]}, {"type": "dense", "units": 4 * group}]
    layers = [{"type": "embedding", "units": 4}, *mix, {"type": "reshape", "shape": [steps, -1]}]
    assert ahead_of(layers, steps)


@pytest.mark.parametrize(("kind", "ahead"), [("transformer_encoder", True), ("transformer_decoder", False)])
@pytest.mark.parametrize("named", ["*", "*.output_weight"])
def test_weights_that_start_at_0_hide_nothing(kind, ahead, named):
    layers = [{"type": "embedding", "units": 4}, {"type": kind, **BLOCK, "dropout": 0.0}]
    assert ahead_of(layers, 6, {named: Zeros()}) is ahead


def test_the_network_is_left_as_it_was():
    made = [Layer.parse(layer) for layer in [{"type": "embedding", "units": 4}, {"type": "dense", "units": 3}]]
    network = Network(made, InputSpec((6,), "ids", count=5))
    network.initialize(np.random.default_rng(0))
    before = network.arena.parameters.copy()
    looks_ahead(network, np.random.default_rng(1))
    np.testing.assert_array_equal(network.arena.parameters, before)


def test_a_single_step_cannot():
    network = Network([Layer.parse({"type": "embedding", "units": 4})], InputSpec((1,), "ids", count=2))
    network.initialize(np.random.default_rng(0))
    assert not looks_ahead(network, np.random.default_rng(1))
