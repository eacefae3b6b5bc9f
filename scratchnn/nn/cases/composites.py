"""Rows of the layers made of layers, also around layers that draw and layers that keep statistics."""

from __future__ import annotations

from typing import Literal

from scratchnn.nn.activations import GELU, ReLU, Softmax, Tanh
from scratchnn.nn.cases.rows import LayerCase
from scratchnn.nn.layer import Layer
from scratchnn.nn.layers.activation import ActivationLayer
from scratchnn.nn.layers.composite import Parallel, Repeat, Residual, Sequential
from scratchnn.nn.layers.dense import Dense
from scratchnn.nn.layers.dropout import Dropout
from scratchnn.nn.layers.gates import GLU, PReLU, SqueezeExcite
from scratchnn.nn.layers.noise import AlphaDropout, DropPath, GaussianNoise
from scratchnn.nn.layers.normalization import BatchNorm
from scratchnn.nn.layers.row_normalization import LayerNorm
from scratchnn.nn.layers.shape import Flatten

TANH = ActivationLayer(function=Tanh())
RELU = ActivationLayer(function=ReLU())
MERGES: tuple[Literal["add", "concat", "multiply", "average", "max"], ...] = (
    *("add", "concat", "multiply"),
    *("average", "max"),
)


def branches(units: int) -> list[list[Layer]]:
    """Three ways to so many numbers; the last one draws and keeps statistics."""
    return [
        [Dense(units=units, activation=Tanh())],
        [LayerNorm(), Dense(units=units)],
        [Dense(units=3), Dropout(rate=0.3), BatchNorm(), Dense(units=units), Dropout(rate=0.2)],
    ]


LAYERS: tuple[LayerCase, ...] = (
    LayerCase(Sequential(layers=[Dense(units=3)]), (2,), 1),
    LayerCase(Sequential(layers=[RELU, Dense(units=3, activation=GELU()), Dropout(rate=0.4)]), (4,), 5),
    LayerCase(Sequential(layers=[BatchNorm(), Dropout(rate=0.3), Dense(units=2), TANH]), (3, 4), 3),
    LayerCase(Sequential(layers=[Sequential(layers=[Dropout(), TANH]), Flatten()]), (2, 3), 2),
    LayerCase(Repeat(times=1, layers=[Dense(units=3)]), (2,), 1),
    LayerCase(Repeat(times=3, layers=[Dense(units=4, activation=Tanh()), Dropout(rate=0.3)]), (3,), 5),
    LayerCase(Repeat(times=2, layers=[BatchNorm(), Residual(layers=[TANH, Dense(units=2)])]), (3, 2), 4),
    LayerCase(Residual(layers=[Dense(units=4)]), (4,), 1),
    LayerCase(Residual(layers=[TANH]), (2, 3), 3),
    LayerCase(Residual(layers=[Dense(units=5, activation=Softmax())]), (4,), 3),
    LayerCase(Residual(layers=[BatchNorm(), RELU, Dropout(rate=0.3), Dense(units=3)]), (3,), 5),
    LayerCase(Residual(layers=[Dense(units=3), Dropout(rate=0.3), BatchNorm()]), (2, 5), 4),
    LayerCase(Residual(layers=[Dropout(rate=0.5)]), (2, 3), 4),
    LayerCase(Residual(layers=[Dense(units=3), SqueezeExcite(ratio=2), DropPath(rate=0.4)]), (2, 3), 5),
    LayerCase(Residual(layers=[Dense(units=4), GLU(), AlphaDropout()], shortcut=[GaussianNoise(), TANH]), (2,), 4),
    LayerCase(Parallel(branches=[[BatchNorm(), DropPath(rate=0.3)], [BatchNorm(), PReLU()]]), (2, 3), 5),
    LayerCase(Residual(layers=[Flatten(), Dense(units=3)], shortcut=[Flatten(), Dropout(), BatchNorm()]), (1, 3), 5),
    LayerCase(Residual(layers=[TANH], shortcut=[BatchNorm(), RELU]), (3,), 5),
    LayerCase(Residual(layers=[Residual(layers=[TANH, Dropout(rate=0.3)]), Dense(units=2)]), (3,), 3),
    LayerCase(Residual(layers=[Dense(units=3), TANH]), (4, 2), 3, masked=True),
    *(LayerCase(Parallel(branches=branches(2), merge=merge), (4,), 3) for merge in MERGES),
    *(LayerCase(Parallel(branches=[[], *branches(3)], merge=merge), (2, 3), 4) for merge in MERGES),
    *(LayerCase(Parallel(branches=[[TANH], [Dense(units=4)]], merge=merge), (4,), 1) for merge in MERGES),
    LayerCase(Parallel(branches=[[TANH]]), (3,), 2),
    LayerCase(Parallel(branches=[[Dense(units=3)], [], [Dense(units=2)]], merge="concat"), (4, 2), 3, masked=True),
)
