"""The layer that turns the codes of a table into vectors."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from scratchnn.errors import DataError, ShapeError
from scratchnn.nn.initializers import Initializer, TruncatedNormal
from scratchnn.nn.layer import Column, InputSpec, Plan
from scratchnn.nn.layers.embedding import VectorLayer, add_to_rows
from scratchnn.nn.memory import Array, Buffer, Memory, Pass, Shape

MOST_UNITS = 50


class FirstRowZero(Initializer):
    """Fills a table and sets its first row to 0. Not for configs: no tag."""

    inner: Initializer

    def fill(self, out: Array, fans: tuple[int, int], rng: np.random.Generator) -> None:
        """Fills every row, then clears the first."""
        self.inner.fill(out, fans, rng)
        out[0] = 0


@dataclass(frozen=True)
class Piece:
    """Inputs and outputs that belong together: some numbers, or one code, which has a table of this name."""

    inputs: slice
    outputs: slice
    table: str | None = None
    column: str = ""


class ColumnEmbedding(VectorLayer):
    """Each code c of a table's column j becomes the vector E_j[c]; numbers pass through. x: (B, F), y: (B, widths).

    Of windows over rows (B, T, F) each step by itself: y (B, T, widths).
    The columns keep their order: a number has the width 1, a code the width of its vectors. dE_j sums dy over the rows
    of each code; dx is dy for numbers and 0 for codes. Every column has a table of its own, named by it: `deck.weight`,
    with `_` for marks that are neither letters nor digits.

    With `units: auto` a column has min(50, round(1.6 n^0.56)) units for n codes: fastai's rule (`emb_sz_rule`), with a
    smaller limit. What a feature says for its own column wins over the layer. As in fastai the vectors start as a
    truncated N(0, 0.01^2), so that a level with few rows stays near the unseen ones: code 0, which stands for levels
    that training did not see, starts as zeros, and stays so where no training row has it.
    Source: Guo and Berkhahn 2016. Raises `DataError` for a code out of range.
    """

    type: Literal["column_embedding"] = "column_embedding"
    units: Annotated[int, Field(ge=1)] | Literal["auto"] = Field(
        "auto", description="Numbers for each code, in every column that says nothing itself. auto: by its codes."
    )
    init: Initializer = Field(
        TruncatedNormal(deviation=0.01), description="How the vectors start; the model's `init` does not apply."
    )

    def plan(self, inputs: InputSpec) -> Plan:
        """A child for the table of each column of codes."""
        if not inputs.code_columns:
            message = f"({self.tag()}) expects a table with columns of codes, got {inputs.shape} without one"
            hint = "Set encode: embedding for a category under data.features and put this layer first, or remove it."
            raise ShapeError(message, hint=hint)
        steps = [column.name for column in inputs.columns if column.sequence and column.codes is not None]
        if steps:
            message = f"({self.tag()}) expects one code in each column, but {steps[0]} is a sequence of codes"
            hint = f'Use a branch for each: {{type: select, columns: ["{steps[0]}"]}} then "embedding" in one of them.'
            raise ShapeError(message, hint=hint)
        names = iter(parameter_names(inputs.code_columns))
        pieces: list[Piece] = []
        columns: list[Column] = []
        children: dict[str, Plan] = {}
        place = width = 0
        for column in inputs.columns:
            taken, given, table = column.width, column.width, None
            if column.codes is not None:
                given, table = self._units(column, column.codes), next(names)
                children[table] = self._table(column.codes, given, inputs.shape[:-1])
            pieces.append(Piece(slice(place, place + taken), slice(width, width + given), table, column.name))
            columns.append(Column(column.name, width=given))
            place, width = place + taken, width + given
        output = InputSpec((*inputs.shape[:-1], width), columns=tuple(columns))
        return Plan(output, children=children, program=tuple(_joined(pieces)), reads_input=False)

    def _units(self, column: Column, codes: int) -> int:
        """How many numbers one of the codes of this column becomes."""
        if column.units != "auto":
            return column.units
        return self.units if self.units != "auto" else usual_units(codes)

    def _table(self, codes: int, units: int, steps: Shape) -> Plan:
        return Plan(
            InputSpec((*steps, units)),
            params={"weight": self.vectors_param(codes, units, FirstRowZero(inner=self.init))},
            saved={"codes": Buffer(steps, "ids")},
            scratch={
                "rows": Buffer((*steps, units)),
                "start": Buffer((*steps, 1), "ids"),
                "places": Buffer((*steps, units), "ids"),
            },
        )

    def forward(self, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        """Writes y."""
        for piece in mem.program:
            if piece.table is None:
                y[..., piece.outputs] = x[..., piece.inputs]
                continue
            inner = mem.children[piece.table]
            codes, weight, rows = inner.saved.codes, inner.params.weight, inner.scratch.rows
            np.copyto(codes, x[..., piece.inputs.start], casting="unsafe")
            if codes.view(np.uint64).max() >= len(weight):  # a negative one is a very large one
                self._refuse(piece.column, codes, len(weight))
            np.take(weight, codes, axis=0, out=rows, mode="clip")  # any other mode buffers the output, as y[...] would
            y[..., piece.outputs] = rows

    def backward(self, x: Array, y: Array, dy: Array, dx: Array | None, mem: Memory, run: Pass) -> None:
        """Writes the gradient of every table, and dx."""
        for piece in mem.program:
            if piece.table is not None:
                inner = mem.children[piece.table]
                gradient, scratch = inner.grads.weight, inner.scratch
                gradient.fill(0)
                scratch.rows[...] = dy[..., piece.outputs]
                add_to_rows(gradient, inner.saved.codes, scratch.rows, scratch.start, scratch.places)
            if dx is not None:
                dx[..., piece.inputs] = 0 if piece.table is not None else dy[..., piece.outputs]

    def _refuse(self, column: str, codes: Array, count: int) -> None:
        wrong = codes[(codes < 0) | (codes >= count)][0]
        message = f"the column {column} has the code {wrong}, expected codes from 0 to {count - 1}"
        raise DataError(message, where=f"({self.tag()})", hint="Encode the rows as the training did.")


def usual_units(codes: int) -> int:
    """min(50, round(1.6 n^0.56)).

    >>> [usual_units(codes) for codes in (1, 2, 5, 10, 100, 1000)]
    [2, 2, 4, 6, 21, 50]
    """
    return min(MOST_UNITS, round(1.6 * math.pow(codes, 0.56)))


def parameter_names(columns: Sequence[str]) -> list[str]:
    """A name for each column that a parameter can have, all different: dots, blanks and the marks of patterns are `_`.

    >>> parameter_names(["deck", "home town", "home.town", "größe", "*", ""])
    ['deck', 'home_town', 'home_town_2', 'größe', '_', '__2']
    """
    names: list[str] = []
    for column in columns:
        name = free = re.sub(r"[^\w-]", "_", column) or "_"
        number = 2
        while free in names:
            free, number = f"{name}_{number}", number + 1
        names.append(free)
    return names


def _joined(pieces: Sequence[Piece]) -> list[Piece]:
    """The same, with neighbouring numbers as one piece."""
    joined: list[Piece] = []
    for piece in pieces:
        last = joined[-1] if joined else None
        if last is None or last.table is not None or piece.table is not None:
            joined.append(piece)
        else:
            inputs = slice(last.inputs.start, piece.inputs.stop)
            joined[-1] = Piece(inputs, slice(last.outputs.start, piece.outputs.stop))
    return joined
