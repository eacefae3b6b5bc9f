"""The layer that takes columns out of a table by their names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator

from scratchnn.errors import ShapeError, suggestion
from scratchnn.nn.layer import Column, InputSpec, Layer, Plan
from scratchnn.nn.memory import Array, Buffer, Memory, Pass


@dataclass(frozen=True)
class Places:
    """Where the chosen columns lie on the last axis: the inputs and the outputs of each piece.

    `steps`: it is a sequence; `ids`: of ids.
    """

    pieces: tuple[tuple[slice, slice], ...]
    steps: bool = False
    ids: bool = False


class Select(Layer):
    """y are some columns of a table, chosen by their names and in this order. x: (B, F).

    Columns of numbers and of codes stay a table: y (B, widths). A sequence stands alone, so that an `lstm` or an
    `embedding` can follow: a column of token ids gives ids (B, T), a list of numbers (B, T, 1), and its padding, which
    is 0, becomes the mask of the steps. So a text and other columns go through branches of their own:

        - type: parallel
          merge: concat
          branches:
            - [{type: select, columns: [review]}, {type: embedding, units: 16}, {type: gru, units: 16}]
            - [{type: select, without: [review]}, {type: dense, units: 8}]

    Windows of a series (B, T, F) keep their steps: y (B, T, widths). dx is dy in the places of the chosen columns,
    and 0 elsewhere; ids have no gradient.
    """

    type: Literal["select"] = "select"
    columns: list[str] | None = Field(
        None, min_length=1, description="The names of the columns, in the order of the outputs."
    )
    without: list[str] | None = Field(None, min_length=1, description="In place of `columns`: all columns but these.")

    @model_validator(mode="after")
    def _one_list(self) -> Self:
        if (self.columns is None) == (self.without is None):
            raise ValueError("needs the names in `columns`, or in `without`, and not in both")
        named = self.columns or self.without or []
        if len(set(named)) < len(named):
            raise ValueError("columns must be distinct")
        return self

    def plan(self, inputs: InputSpec) -> Plan:
        """The places of the columns, and the mask of a sequence."""
        hint = "Put it before every layer that mixes the columns. A table of one sequence needs no select."
        self.expects(bool(inputs.columns), "a table with named columns", inputs, hint)
        known: dict[str, tuple[Column, int]] = {}
        place = 0
        for column in inputs.columns:
            known[column.name] = column, place
            place += column.width
        for name in self.columns or self.without or ():
            if name not in known:
                message = f'({self.tag()}) there is no column "{name}"'
                raise ShapeError(message, hint=suggestion(name, known))
        names = self.columns or [name for name in known if name not in (self.without or ())]
        self.expects(bool(names), "a column beside those of `without`", inputs, "Leave one out of `without`.")
        chosen = [known[name] for name in names]
        pieces, width = [], 0
        for column, start in chosen:
            pieces.append((slice(start, start + column.width), slice(width, width + column.width)))
            width += column.width
        columns = tuple(column for column, _ in chosen)
        steps = next((column for column in columns if column.sequence), None)
        if steps is None:
            output = InputSpec((*inputs.shape[:-1], width), columns=columns)
            return Plan(output, program=Places(tuple(pieces)), reads_input=False)
        if len(columns) > 1:
            message = f'({self.tag()}) "{steps.name}" is a sequence, which stands alone, got {len(columns)} columns'
            raise ShapeError(message, hint="Choose it in a branch of its own of a parallel layer.")
        if steps.codes is None:
            output = InputSpec((width, 1), padded=True)
        else:
            output = InputSpec((width,), "ids", count=steps.codes, padded=True)
        places = Places(tuple(pieces), steps=True, ids=steps.codes is not None)
        return Plan(output, saved={"real": Buffer((width,), "bool")}, program=places, reads_input=False)

    def forward(self, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        """Writes y, and the mask (B, T) of a sequence."""
        places: Places = mem.program
        flat = y.reshape(len(y), -1) if places.steps else y
        for inputs, outputs in places.pieces:
            np.copyto(flat[..., outputs], x[..., inputs], casting="unsafe")
        if places.steps:
            run.mask = np.not_equal(flat, 0, out=mem.saved.real)

    def backward(self, x: Array, y: Array, dy: Array, dx: Array | None, mem: Memory, run: Pass) -> None:
        """Writes dx."""
        if dx is None:
            return
        places: Places = mem.program
        dx.fill(0)
        if places.ids:
            return
        flat = dy.reshape(len(dy), -1) if places.steps else dy
        for inputs, outputs in places.pieces:
            dx[..., inputs] = flat[..., outputs]
