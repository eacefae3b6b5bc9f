from __future__ import annotations

import numpy as np
import pytest

from scratchnn.nn.causality import looks_ahead
from scratchnn.nn.layer import InputSpec, Layer
from scratchnn.nn.network import Network

BLOCK = {"heads": 2, "feed_forward": 8}


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
    made = [Layer.parse(layer) for layer in [{"type": "embedding", "units": 4}, *layers]]
    network = Network(made, InputSpec((steps,), "ids", count=5))
    network.initialize(np.random.default_rng(0))
    assert looks_ahead(network, np.random.default_rng(1)) is ahead


def test_a_single_step_cannot():
    network = Network([Layer.parse({"type": "embedding", "units": 4})], InputSpec((1,), "ids", count=2))
    network.initialize(np.random.default_rng(0))
    assert not looks_ahead(network, np.random.default_rng(1))
