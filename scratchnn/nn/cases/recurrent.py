"""Rows of the recurrent layers."""

from __future__ import annotations

from scratchnn.nn.cases.rows import LayerCase
from scratchnn.nn.initializers import HeNormal, Identity
from scratchnn.nn.layers.gru import GRU
from scratchnn.nn.layers.lstm import LSTM
from scratchnn.nn.layers.recurrent import Recurrent, SimpleRNN


def recurrent(kind: type[Recurrent]) -> tuple[LayerCase, ...]:
    """The rows of one kind of cell."""
    return (
        LayerCase(kind(units=1), (1, 1), 1),
        LayerCase(kind(units=3), (5, 2), 3),
        LayerCase(kind(units=3, return_sequences=True, bias=False), (4, 3), 2, masked=True),
        LayerCase(kind(units=2, layers=2, truncate=4), (4, 3), 5, masked=True),
        LayerCase(kind(units=2, bidirectional=True, recurrent_init=Identity()), (5, 3), 4, masked=True),
        LayerCase(kind(units=3, bidirectional=True, return_sequences=True, init=HeNormal()), (1, 2), 1),
        LayerCase(kind(units=2, layers=3, bidirectional=True, return_sequences=True, l2=0.1), (3, 5), 3, masked=True),
        LayerCase(kind(units=2, layers=3, bidirectional=True), (3, 1), 2),
    )


LAYERS: tuple[LayerCase, ...] = (
    *recurrent(SimpleRNN),
    LayerCase(SimpleRNN(units=3, activation="relu"), (5, 2), 4, masked=True),
    LayerCase(SimpleRNN(units=4, activation="relu", return_sequences=True), (3, 2), 2),
    *recurrent(LSTM),
    LayerCase(LSTM(units=3, forget_bias=0.0), (7, 2), 3),
    *recurrent(GRU),
)
