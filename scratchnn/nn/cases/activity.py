"""Rows of the penalty on outputs, also where the layers around it work in place or see steps as samples."""

from __future__ import annotations

from scratchnn.nn.activations import ReLU, Tanh
from scratchnn.nn.cases.rows import LayerCase
from scratchnn.nn.layers.activation import ActivationLayer
from scratchnn.nn.layers.activity import ActivityPenalty
from scratchnn.nn.layers.composite import Parallel, Residual, Sequential
from scratchnn.nn.layers.dense import Dense
from scratchnn.nn.layers.dropout import Dropout
from scratchnn.nn.layers.time import TimeDistributed

TANH = ActivationLayer(function=Tanh())
RELU = ActivationLayer(function=ReLU())
BOTH = ActivityPenalty(l1=0.3, l2=0.7)

LAYERS: tuple[LayerCase, ...] = (
    LayerCase(ActivityPenalty(), (4,), 3),
    LayerCase(ActivityPenalty(l1=0.5), (4,), 1),
    LayerCase(ActivityPenalty(l2=2.0), (3, 2, 2), 5),
    LayerCase(BOTH, (3, 4), 4),
    LayerCase(BOTH, (5, 2), 3, masked=True),
    LayerCase(Sequential(layers=[Dense(units=3, activation=Tanh()), BOTH, RELU, Dropout(rate=0.3), BOTH]), (4,), 5),
    LayerCase(Residual(layers=[BOTH, Dense(units=3), BOTH]), (3,), 4),
    LayerCase(Parallel(branches=[[Dense(units=2), BOTH], [TANH, ActivityPenalty(l1=0.2)]], merge="concat"), (3,), 3),
    LayerCase(TimeDistributed(layers=[Dense(units=3), TANH, BOTH]), (3, 2), 4),
)
