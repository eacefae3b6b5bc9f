"""Rows of the layer that takes the columns of a table."""

from __future__ import annotations

from scratchnn.nn.cases.rows import LayerCase
from scratchnn.nn.layer import Column, Layer
from scratchnn.nn.layers.column_embedding import ColumnEmbedding
from scratchnn.nn.layers.composite import Parallel
from scratchnn.nn.layers.dense import Dense
from scratchnn.nn.layers.embedding import Embedding
from scratchnn.nn.layers.global_pooling import GlobalMaxPool1D
from scratchnn.nn.layers.gru import GRU
from scratchnn.nn.layers.select import Select
from scratchnn.nn.layers.time import Slice

DECK, PORT = Column("deck", 3), Column("port", 2, units=1)
AGE, COLOR = Column("age"), Column("color", width=2)
WIDE_AND_DEEP: list[list[Layer]] = [
    [Slice(stop=2)],
    [Slice(start=1), ColumnEmbedding(), Dense(units=3)],
]  # both take the place between
REVIEW, PRICES = Column("review", 4, width=5, sequence=True), Column("prices", width=3, sequence=True)
TEXT_AND_NUMBERS: list[list[Layer]] = [
    [Select(columns=["review"]), Embedding(units=2), GRU(units=2)],
    [Select(columns=["color", "age"]), Dense(units=2)],
    [Select(columns=["prices"]), GRU(units=2, return_sequences=True), GlobalMaxPool1D()],
    [Select(columns=["age", "deck"]), ColumnEmbedding(units=2)],
]

LAYERS: tuple[LayerCase, ...] = (
    LayerCase(ColumnEmbedding(), (1,), 1, columns=(DECK,)),
    LayerCase(ColumnEmbedding(), (4,), 1, columns=(AGE, DECK, COLOR)),
    LayerCase(ColumnEmbedding(), (5,), 7, columns=(DECK, COLOR, AGE, PORT)),  # more rows than codes: they repeat
    LayerCase(ColumnEmbedding(units=4), (3,), 5, columns=(PORT, DECK, Column("home town", 6))),
    LayerCase(ColumnEmbedding(units=2), (4, 5), 3, columns=(DECK, COLOR, AGE, PORT)),
    LayerCase(Parallel(branches=WIDE_AND_DEEP, merge="concat"), (4,), 6, columns=(COLOR, DECK, PORT)),
    LayerCase(Select(columns=["color", "age"]), (4,), 1, columns=(AGE, DECK, COLOR)),
    LayerCase(Select(columns=["deck", "age"]), (9,), 3, columns=(AGE, REVIEW, COLOR, DECK)),
    LayerCase(Select(without=["age", "review"]), (9,), 2, columns=(AGE, REVIEW, COLOR, DECK)),
    LayerCase(Select(columns=["review"]), (6,), 4, columns=(AGE, REVIEW)),
    LayerCase(Select(columns=["prices"]), (4,), 5, columns=(PRICES, AGE)),
    LayerCase(Select(columns=["color"]), (5, 4), 3, columns=(AGE, COLOR, Column("rain"))),
    LayerCase(
        Parallel(branches=TEXT_AND_NUMBERS, merge="concat"), (12,), 6, columns=(DECK, REVIEW, COLOR, PRICES, AGE)
    ),
)
