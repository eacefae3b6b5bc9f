"""Rows of the layers that work along the steps of a sequence."""

from __future__ import annotations

from scratchnn.nn.activations import Tanh
from scratchnn.nn.cases.rows import LayerCase
from scratchnn.nn.layers.activation import ActivationLayer
from scratchnn.nn.layers.dense import Dense
from scratchnn.nn.layers.dropout import Dropout
from scratchnn.nn.layers.gru import GRU
from scratchnn.nn.layers.normalization import BatchNorm
from scratchnn.nn.layers.shape import Flatten
from scratchnn.nn.layers.time import Slice, TimeDistributed

LAYERS: tuple[LayerCase, ...] = (
    LayerCase(Slice(index=-1), (1, 1), 1),
    LayerCase(Slice(index=2), (5, 3), 4, masked=True),
    LayerCase(Slice(axis=1, index=0), (3, 2, 4), 2),
    LayerCase(Slice(start=-3), (5, 3), 3, masked=True),
    LayerCase(Slice(start=1, stop=4), (7,), 5),
    LayerCase(Slice(axis=-1, stop=-1), (3, 4), 2, ids=True),
    LayerCase(Slice(axis=1, start=1, stop=3), (2, 3, 4), 3),
    LayerCase(TimeDistributed(layers=[Dense(units=3)]), (1, 2), 1),
    LayerCase(TimeDistributed(layers=[Flatten(), Dense(units=2), BatchNorm()]), (4, 2, 3), 3, masked=True),
    LayerCase(TimeDistributed(layers=[ActivationLayer(function=Tanh()), Dropout(rate=0.3)]), (3, 4), 5),
    LayerCase(TimeDistributed(layers=[GRU(units=2), Dense(units=3, activation=Tanh())]), (3, 4, 2), 2, masked=True),
    LayerCase(TimeDistributed(layers=[TimeDistributed(layers=[Dense(units=2)]), Flatten()]), (2, 3, 2), 3),
)
