"""Rows of the layers that most networks are made of."""

from __future__ import annotations

from scratchnn.nn.activations import GELU, ReLU, SiLU, Softmax, Tanh
from scratchnn.nn.cases.rows import LayerCase
from scratchnn.nn.initializers import HeNormal
from scratchnn.nn.layers.activation import ActivationLayer
from scratchnn.nn.layers.dense import Dense
from scratchnn.nn.layers.dropout import Dropout
from scratchnn.nn.layers.normalization import BatchNorm
from scratchnn.nn.layers.shape import Flatten

LAYERS: tuple[LayerCase, ...] = (
    LayerCase(Dense(units=1), (1,), 1),
    LayerCase(Dense(units=4), (3,), 5),
    LayerCase(Dense(units=3, bias=False), (7,), 2),
    LayerCase(Dense(units=5, activation=Tanh()), (4,), 3),
    LayerCase(Dense(units=5, activation=ReLU(), l1=0.1, l2=0.1), (4,), 7),
    LayerCase(Dense(units=4, activation=GELU(), init=HeNormal()), (3,), 3),
    LayerCase(Dense(units=3, activation=Softmax()), (4,), 3),
    LayerCase(Dense(units=3, activation=GELU()), (5, 4), 1),
    LayerCase(Dense(units=2, activation=Softmax()), (3, 4), 3),
    LayerCase(Dense(units=4, bias=False), (2, 3, 2), 2),
    LayerCase(ActivationLayer(function=Tanh()), (5,), 1),
    LayerCase(ActivationLayer(function=SiLU()), (3, 4), 3),
    LayerCase(ActivationLayer(function=Softmax()), (2, 3, 4), 2),
    LayerCase(Flatten(), (5,), 1),
    LayerCase(Flatten(), (3, 4), 3),
    LayerCase(Flatten(), (2, 3, 4), 5),
    LayerCase(Dropout(rate=0.5), (5,), 1),
    LayerCase(Dropout(rate=0.2), (7,), 9),
    LayerCase(Dropout(rate=0.9), (3, 4), 5),
    LayerCase(Dropout(rate=0.0), (2, 3, 4), 3),
    LayerCase(BatchNorm(), (4,), 2),
    LayerCase(BatchNorm(momentum=0.3, epsilon=0.1), (5,), 7),
    LayerCase(BatchNorm(scale=False), (3, 4), 3),
    LayerCase(BatchNorm(center=False), (2, 3, 4), 5),
    LayerCase(BatchNorm(scale=False, center=False), (3, 2), 1),
)
