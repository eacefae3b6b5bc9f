"""Columns of lists of numbers."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field, FiniteFloat

from scratchnn.data.features.lists import SEPARATOR, ListColumn, lists_of
from scratchnn.data.features.number_column import finite, min_max, standard
from scratchnn.data.features.steps import StepFeature
from scratchnn.data.tables import Array, Table, is_number, quoted
from scratchnn.errors import DataError

ALMOST_ZERO = 2.0**-100
"""Stands for a number that is 0 when it is scaled, because 0 is padding. It changes no sum of a float."""


class SequenceColumn(ListColumn):
    """x' = (x - offset) / scale for each number of a list; 0 is padding, and an x' of 0 is `ALMOST_ZERO`, 2^-100."""

    type: Literal["sequence"] = "sequence"
    offset: FiniteFloat = Field(description="Subtracted first.")
    scale: Annotated[float, Field(ge=0, allow_inf_nan=False)] = Field(
        description="Divided by. 0: all numbers were the same."
    )

    def encode(self, table: Table, out: Array) -> None:
        """Writes the numbers. Raises `DataError` with the cell for a text among them."""
        for row, values in enumerate(numbers_of(table, self.name, self.separator)):
            kept = values[: self.length] if self.keep == "start" else values[-self.length :]
            with np.errstate(over="ignore"):
                scaled = (kept - self.offset) / self.scale if self.scale else np.zeros_like(kept)
                out[row, : len(kept)] = np.where(scaled == 0, ALMOST_ZERO, scaled)
            if out.dtype == np.float32:
                place = out[row, : len(kept)]
                place[place == 0] = ALMOST_ZERO  # too small for a float32

    def missing(self, table: Table) -> Array:
        """The rows without a number."""
        return np.array([not items for items in lists_of(table, self.name, self.separator)], bool)


class Sequence(StepFeature):
    """A list of numbers in each cell as steps (T, 1), for the layers of sequences; see `items` for lists of texts.

    A cell is a JSON list `[1.5, 2]`, also from JSON Lines or a list column of Parquet, or numbers with white space (or
    `separator`) between them. All numbers of all training rows are scaled together: `standard` by their mean and
    standard deviation, `min_max` to 0 ... 1. Behind the last number are zeros, which are masked as padding; a number
    that is 0 when it is scaled is written as 2^-100 instead, so that it stays one. A cell without a number is padding
    throughout and flagged as missing.

    As the only input the network is given the steps themselves:

        data: {source: beats.jsonl, target: kind, features: {beat: {type: sequence, length: auto, keep: end}}}
        model: {layers: [{type: lstm, units: 16}, {type: dense, units: auto}]}

    Beside other columns the layer `select` takes it out of the table.
    """

    type: Literal["sequence"] = "sequence"
    separator: str | None = SEPARATOR
    scale: Literal["standard", "min_max", "none"] = Field(
        "standard", description="standard (mean 0, deviation 1), min_max (0 to 1) or none."
    )

    def fit(self, table: Table, name: str, targets: Array | None = None) -> SequenceColumn:
        """Takes the length and the scale from these rows. Raises `DataError` for a cell that is no list of numbers."""
        rows = numbers_of(table, name, self.separator)
        length = self.fitted_length(list(map(len, rows)), table, name)
        values = np.concatenate(rows)
        try:
            if self.scale == "none":
                offset, scale = 0.0, 1.0
            else:
                offset, scale = finite((standard if self.scale == "standard" else min_max)(values))
        except OverflowError:
            hint = "Divide them by a large number."
            where = f"{table.where}:{name}"
            raise DataError("the numbers are too large to scale", where=where, hint=hint) from None
        return SequenceColumn(
            name=name, length=length, keep=self.keep, separator=self.separator, offset=offset, scale=scale
        )


def numbers_of(table: Table, name: str, separator: str | None) -> list[Array]:
    """The numbers (n,) of each row in float64. Raises `DataError` with the cell for what is no finite number."""
    rows = []
    for row, items in enumerate(lists_of(table, name, separator)):
        for place, item in enumerate(items):
            if not is_number(item):
                hint = f"Mend the cell, set `separator`, or set data.features.{name}: items for a list of texts."
                raise table.error(name, row, f"item {place} of the list, {quoted(item)}, is not a number", hint)
        values = np.array([float(item) for item in items])
        if not np.isfinite(values).all():
            place = int(np.argmin(np.isfinite(values)))
            got = f"item {place} of the list, {quoted(items[place])}, is not a finite number"
            raise table.error(name, row, got, "Remove it from the list, or write a number below 1.8e308.")
        rows.append(values)
    return rows
