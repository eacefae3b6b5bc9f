"""A step allocates nothing the size of a batch: norms, noise, gates and activations at work on 512 KiB."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from scratchnn.nn.activations import Activation
from scratchnn.nn.layer import InputSpec, Layer
from scratchnn.nn.layers.activation import ActivationLayer
from scratchnn.nn.layers.dense import Dense
from scratchnn.nn.layers.gates import GEGLU, GLU, Maxout, PReLU, SqueezeExcite, SwiGLU
from scratchnn.nn.layers.group_normalization import GroupNorm, InstanceNorm
from scratchnn.nn.layers.noise import AlphaDropout, DropPath, GaussianNoise, SpatialDropout
from scratchnn.nn.layers.row_normalization import L2Normalize, LayerNorm, RMSNorm
from scratchnn.nn.network import Network

LAYERS: list[Layer] = [
    *(Dense(units=32), LayerNorm(), LayerNorm(axes=2), RMSNorm(), L2Normalize()),
    *(GroupNorm(groups=4), InstanceNorm(scale=True)),
    *(GaussianNoise(), SpatialDropout(), AlphaDropout(), DropPath()),
    *(PReLU(), PReLU(shared=False), Maxout(), GLU(), GEGLU(), SwiGLU(), SqueezeExcite()),
    *(ActivationLayer(function=Activation.parse(tag)) for tag in Activation.members()),
]


@pytest.mark.parametrize("layer", LAYERS, ids=str)
def test_a_step_allocates_nothing_the_size_of_a_batch(
    layer: Layer, step_memory: Callable[..., tuple[int, int]]
) -> None:
    network = Network([layer], InputSpec((8, 32)))
    network.initialize(np.random.default_rng(0))
    batch = network.workspace(512, input_gradient=True).batch(512)
    batch.inputs[...] = np.random.default_rng(0).standard_normal((512, 8, 32))
    peak, kept = step_memory(batch)
    assert peak < 80 * 1024  # NumPy's own buffers: 8192 numbers each, whatever the size of the batch
    assert kept < 1024
