"""Rows of the layers that turn ids into vectors and that tell places in a sequence."""

from __future__ import annotations

from scratchnn.nn.activations import Tanh
from scratchnn.nn.cases.rows import LayerCase
from scratchnn.nn.layers.dense import Dense
from scratchnn.nn.layers.dropout import Dropout
from scratchnn.nn.layers.embedding import Embedding, LearnedPositions, SinusoidalPositions, TiedEmbedding
from scratchnn.nn.layers.normalization import BatchNorm
from scratchnn.nn.layers.time import Slice
from scratchnn.nn.layers.transformer import TransformerDecoder

DECODER = TransformerDecoder(heads=2, feed_forward=3, activation=Tanh())
LAST = Slice(index=-1)

LAYERS: tuple[LayerCase, ...] = (
    LayerCase(SinusoidalPositions(), (1, 4), 1),
    LayerCase(SinusoidalPositions(), (5, 3), 3),
    LayerCase(SinusoidalPositions(), (4, 6), 2, masked=True),
    LayerCase(LearnedPositions(), (1, 4), 1),
    LayerCase(LearnedPositions(), (5, 3), 3),
    LayerCase(LearnedPositions(), (4, 2), 5, masked=True),
    LayerCase(Embedding(count=2, units=3), (4,), 1, ids=True),
    LayerCase(Embedding(count=5, units=1), (1,), 3, ids=True),
    LayerCase(Embedding(count=2, units=3, padding_index=0), (7,), 5, ids=True),
    LayerCase(Embedding(count=3, units=4, padding_index=1), (3,), 2, ids=True),
    LayerCase(TiedEmbedding(count=2, units=3, layers=[Dense(units=3, activation=Tanh())]), (4,), 1, ids=True),
    LayerCase(TiedEmbedding(count=3, units=4, padding_index=1, layers=[DECODER]), (5,), 3, ids=True),
    LayerCase(TiedEmbedding(count=5, units=2, bias=False, layers=[LAST, BatchNorm(), Dropout()]), (3,), 4, ids=True),
    LayerCase(TiedEmbedding(count=2, units=3, padding_index=0, layers=[LearnedPositions()]), (1,), 2, ids=True),
)
