"""Rows of the layer that takes the columns of a table."""

from __future__ import annotations

from scratchnn.nn.cases.rows import LayerCase
from scratchnn.nn.layer import Column, Layer
from scratchnn.nn.layers.column_embedding import ColumnEmbedding
from scratchnn.nn.layers.composite import Parallel
from scratchnn.nn.layers.dense import Dense
from scratchnn.nn.layers.time import Slice

DECK, PORT = Column("deck", 3), Column("port", 2, units=1)
AGE, COLOR = Column("age"), Column("color", width=2)
WIDE_AND_DEEP: list[list[Layer]] = [
    [Slice(stop=2)],
    [Slice(start=1), ColumnEmbedding(), Dense(units=3)],
]  # both take the place between

LAYERS: tuple[LayerCase, ...] = (
    LayerCase(ColumnEmbedding(), (1,), 1, columns=(DECK,)),
    LayerCase(ColumnEmbedding(), (4,), 1, columns=(AGE, DECK, COLOR)),
    LayerCase(ColumnEmbedding(), (5,), 7, columns=(DECK, COLOR, AGE, PORT)),  # more rows than codes: they repeat
    LayerCase(ColumnEmbedding(units=4), (3,), 5, columns=(PORT, DECK, Column("home town", 6))),
    LayerCase(Parallel(branches=WIDE_AND_DEEP, merge="concat"), (4,), 6, columns=(COLOR, DECK, PORT)),
)
