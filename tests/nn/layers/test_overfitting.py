"""Every kind of layer lets a network learn 8 samples by heart; other kinds have such a test in a file of their own.

No layer with parameters follows the one that is tried: nothing else could make up for a gradient that it got wrong.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from scratchnn.nn.activations import LeakyReLU, Tanh
from scratchnn.nn.layer import InputSpec, Layer
from scratchnn.nn.layers.activation import ActivationLayer
from scratchnn.nn.layers.activity import ActivityPenalty
from scratchnn.nn.layers.convolution import Conv1D, Conv2D, Conv2DTranspose
from scratchnn.nn.layers.dense import Dense
from scratchnn.nn.layers.depthwise import DepthwiseConv2D, SeparableConv2D
from scratchnn.nn.layers.dropout import Dropout
from scratchnn.nn.layers.global_pooling import GlobalAvgPool1D, GlobalAvgPool2D, GlobalMaxPool1D, GlobalMaxPool2D
from scratchnn.nn.layers.noise import GaussianNoise
from scratchnn.nn.layers.normalization import BatchNorm
from scratchnn.nn.layers.pooling import AvgPool1D, AvgPool2D, MaxPool1D, MaxPool2D
from scratchnn.nn.layers.resizing import Upsample2D, UpsampleBilinear2D, ZeroPad2D
from scratchnn.nn.layers.shape import Flatten, Permute, Reshape

IMAGE, SEQUENCE, FLAT = (6, 5, 2), (6, 3), (4,)
ELSEWHERE = {
    *("sequential", "repeat", "residual", "parallel", "time_distributed", "slice"),
    *("embedding", "tied_embedding", "column_embedding", "learned_positions", "sinusoidal_positions", "select"),
    *("simple_rnn", "lstm", "gru", "multi_head_attention", "transformer_encoder", "transformer_decoder"),
    *("layer_norm", "rms_norm", "group_norm", "instance_norm", "l2_normalize"),
    *("prelu", "maxout", "glu", "geglu", "swiglu", "squeeze_excite"),
    *("spatial_dropout", "alpha_dropout", "drop_path"),
}
TWO: list[Layer] = [Dense(units=32, activation=Tanh()), Dense(units=2)]
SQUARE: list[Layer] = [Dense(units=32, activation=Tanh()), Dense(units=8), Reshape(shape=[2, 2, 2])]
STEPS: list[Layer] = [Conv1D(filters=16, kernel_size=3, activation=Tanh()), Dense(units=2)]  # (4, 2) of a sequence
PIXELS: list[Layer] = [Conv2D(filters=16, kernel_size=3, activation=Tanh()), Dense(units=2)]  # (4, 3, 2) of an image
CASES: list[tuple[tuple[int, ...], list[Layer]]] = [
    (FLAT, TWO),
    (FLAT, [*TWO, ActivationLayer(function=LeakyReLU(slope=0.3))]),
    (FLAT, [*TWO, ActivityPenalty()]),
    (FLAT, [*TWO, Dropout(rate=0.002)]),
    (FLAT, [*TWO, GaussianNoise(deviation=1e-3)]),
    (
        IMAGE,
        [*PIXELS, BatchNorm(), GlobalAvgPool2D()],
    ),  # of many pixels, so that running variances are those of the batch
    (FLAT, [Dense(units=32, activation=Tanh()), Dense(units=6), Reshape(shape=[3, 2]), Permute(order=[1, 0])]),
    (SEQUENCE, [Conv1D(filters=8, kernel_size=3, activation=Tanh()), Conv1D(filters=2, kernel_size=4)]),
    (SEQUENCE, [Conv1D(filters=8, kernel_size=2, padding="causal", dilation=2), Conv1D(filters=2, kernel_size=6)]),
    (SEQUENCE, [*STEPS, MaxPool1D(pool_size=4)]),
    (SEQUENCE, [*STEPS, AvgPool1D(pool_size=4)]),
    (SEQUENCE, [*STEPS, GlobalMaxPool1D()]),
    (SEQUENCE, [*STEPS, GlobalAvgPool1D()]),
    (IMAGE, [Conv2D(filters=6, kernel_size=[6, 5], groups=2)]),
    (IMAGE, [Conv2D(filters=8, kernel_size=3, stride=2, activation=Tanh()), Conv2D(filters=2, kernel_size=2)]),
    (IMAGE, [Conv2D(filters=6, kernel_size=3, activation=Tanh()), DepthwiseConv2D(kernel_size=[4, 3])]),
    (IMAGE, [SeparableConv2D(filters=2, kernel_size=[6, 5], depth_multiplier=3)]),
    (IMAGE, [Conv2D(filters=8, kernel_size=[6, 5]), Conv2DTranspose(filters=1, kernel_size=2, stride=2)]),
    (IMAGE, [*PIXELS, MaxPool2D(pool_size=[4, 3])]),
    (IMAGE, [*PIXELS, AvgPool2D(pool_size=[2, 3])]),
    (IMAGE, [*PIXELS, GlobalMaxPool2D()]),
    (IMAGE, [*PIXELS, GlobalAvgPool2D()]),
    (FLAT, [*SQUARE, ZeroPad2D(), AvgPool2D()]),
    (FLAT, [*SQUARE, Upsample2D(), MaxPool2D()]),
    (FLAT, [*SQUARE, UpsampleBilinear2D(), AvgPool2D()]),
]


@pytest.mark.parametrize(("shape", "layers"), CASES, ids=[case[1][-1].tag() for case in CASES])
def test_eight_samples_are_learned_by_heart(
    shape: tuple[int, ...], layers: list[Layer], overfit: Callable[..., float]
) -> None:
    assert overfit([*layers, Flatten()], InputSpec(shape)) < 1e-3


def test_every_layer_is_here_or_elsewhere() -> None:
    here = {layer.tag() for _, layers in CASES for layer in layers} | {"flatten"}
    own = {tag for tag, member in Layer.members().items() if member.__module__.startswith("scratchnn.")}
    assert here | ELSEWHERE == own
    assert not here & ELSEWHERE
