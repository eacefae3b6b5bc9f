"""What a column of a table becomes: the family of features, and how each is fitted on the training rows."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from scratchnn.component import Component
from scratchnn.data.encoder import CategoryColumn, NumberColumn
from scratchnn.data.tables import COMMA_HINT, Array, Table, has_comma, in_order, is_missing, is_number
from scratchnn.errors import DataError

MOSTLY = 0.9
Scale = Literal["standard", "min_max", "none"]


class Feature(Component):
    """What one column becomes."""

    family: ClassVar[str] = "feature"

    def fit(self, table: Table, name: str) -> NumberColumn | CategoryColumn | None:
        """The column's encoding, fitted on these rows; None leaves the column out. Raises `DataError`."""
        raise NotImplementedError


class Number(Feature):
    """One number: x' = (x - offset) / scale; 0 throughout where the training rows are constant.

    `standard`: mean and standard deviation (of N, not N - 1); `min_max`: minimum and range; `none`: x itself.
    """

    type: Literal["number"] = "number"
    scale: Scale = Field("standard", description="standard (mean 0, deviation 1), min_max (0 to 1) or none.")

    def fit(self, table: Table, name: str) -> NumberColumn:
        """Takes offset and scale from these rows."""
        values = table.numbers(name)
        if self.scale == "none":
            return NumberColumn(name=name, offset=0.0, scale=1.0)
        offset, scale = (standard if self.scale == "standard" else min_max)(values)
        if not np.isfinite([offset, scale]).all():
            hint = f"Divide the column by a large number, or set data.features.{name}: ignore."
            raise DataError("the numbers are too large to scale", where=f"{table.where}:{name}", hint=hint)
        return NumberColumn(name=name, offset=offset, scale=scale)


class Category(Feature):
    """One input a level: 1 for the row's level, 0 for the others. A level unseen in training is 0 throughout.

    Levels are texts as written, in order of value where all are numbers, of the alphabet otherwise.
    """

    type: Literal["category"] = "category"
    encode: Literal["one_hot"] = Field("one_hot", description="one_hot: one input a level.")
    max_levels: int = Field(1000, ge=1, description="More levels than this are refused.")

    def fit(self, table: Table, name: str) -> CategoryColumn:
        """Takes the levels from these rows."""
        levels = in_order(table.cells(name))
        hint = f"Set data.features.{name}: ignore."
        where = f"{table.where}:{name}"
        if len(levels) == len(table):
            raise DataError("every row has a level of its own, so nothing can be learned", where=where, hint=hint)
        if len(levels) > self.max_levels:
            hint = f"{hint[:-1]}, or raise its max_levels."
            raise DataError(f"{len(levels)} levels, more than {self.max_levels}", where=where, hint=hint)
        return CategoryColumn(name=name, levels=levels)


class Ignore(Feature):
    """The column is not used."""

    type: Literal["ignore"] = "ignore"

    def fit(self, table: Table, name: str) -> None:
        """Nothing to fit."""


def infer(table: Table, name: str, mend: str = "") -> Number | Category:
    """The feature of a column that no one named: a number where every cell is a number, else a category.

    Raises `DataError` where it would be a guess: cells are missing, nine tenths are numbers and the rest is not, or
    nine tenths look like numbers with a comma. `mend` tells how to say that the column is a category.
    """
    cells = table.cells(name)
    if table.numbers_or_none(name) is not None:
        return Number()
    odd = [row for row, cell in enumerate(cells) if not is_number(cell)]
    commas = [row for row in odd if has_comma(cells[row])]
    category = mend or f"data.features.{name}: category"
    if commas and len(cells) - len(odd) + len(commas) >= MOSTLY * len(cells):
        got = f'"{cells[commas[0]]}" is text, but looks like a number with a comma'
        raise table.error(name, commas[0], got, f"{COMMA_HINT} For text set {category}.")
    if len(odd) < len(cells):
        if all(is_missing(cells[row]) for row in odd):
            raise table.missing(name, odd[0])
        if len(cells) - len(odd) >= MOSTLY * len(cells):
            got = f'"{cells[odd[0]]}" is not a number, but {len(cells) - len(odd)} of {len(cells)} cells are'
            raise table.error(name, odd[0], got, f"Mend the cell, or set {category}.")
    return Category()


def standard(values: Array) -> tuple[float, float]:
    """Mean and standard deviation (of N) in float64; deviation 0 exactly where all values are the same."""
    if values.min() == values.max():
        return float(values.flat[0]), 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        return float(values.mean(dtype=np.float64)), float(values.std(dtype=np.float64))


def min_max(values: Array) -> tuple[float, float]:
    """Minimum and range."""
    with np.errstate(over="ignore"):
        return float(values.min()), float(values.max() - values.min())
