"""Rows of the layer that takes the columns of a table."""

from __future__ import annotations

from scratchnn.nn.cases.rows import LayerCase
from scratchnn.nn.layer import Column
from scratchnn.nn.layers.column_embedding import ColumnEmbedding

DECK, PORT = Column("deck", 3), Column("port", 2, units=1)
AGE, COLOR = Column("age"), Column("color", width=2)

LAYERS: tuple[LayerCase, ...] = (
    LayerCase(ColumnEmbedding(), (1,), 1, columns=(DECK,)),
    LayerCase(ColumnEmbedding(), (4,), 1, columns=(AGE, DECK, COLOR)),
    LayerCase(ColumnEmbedding(), (5,), 7, columns=(DECK, COLOR, AGE, PORT)),  # more rows than codes: they repeat
    LayerCase(ColumnEmbedding(units=4), (3,), 5, columns=(PORT, DECK, Column("home town", 6))),
)
