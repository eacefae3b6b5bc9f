"""Columns of levels."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import AfterValidator, Field

from scratchnn.data.columns import FittedColumn
from scratchnn.data.features.feature import Feature
from scratchnn.data.tables import Array, Table, in_order
from scratchnn.errors import DataError


def _distinct(levels: list[str]) -> list[str]:
    if len(set(levels)) < len(levels):
        raise ValueError("levels must be distinct")
    return levels


Levels = Annotated[list[str], Field(min_length=1), AfterValidator(_distinct)]


class CategoryColumn(FittedColumn):
    """One input a level: 1 for the row's level, 0 for the others."""

    type: Literal["category"] = "category"
    levels: Levels = Field(description="The levels, in the order of the inputs.")

    @property
    def width(self) -> int:
        """One a level."""
        return len(self.levels)

    @property
    def names(self) -> list[str]:
        """`deck=A`, ..."""
        return [f"{self.name}={level}" for level in self.levels]

    def encode(self, table: Table, out: Array) -> None:
        """Writes the ones."""
        places = {level: place for place, level in enumerate(self.levels)}
        hits = [(row, places[cell]) for row, cell in enumerate(table.cells(self.name)) if cell in places]
        if hits:
            out[tuple(zip(*hits, strict=True))] = 1

    def decode(self, values: Array) -> list[str]:
        """The level with the largest value, of equal ones the first."""
        return [self.levels[place] for place in values.argmax(axis=1).tolist()]

    def unseen(self, table: Table) -> Array:
        """Such cells encode to 0 throughout."""
        known = set(self.levels)
        return np.array([cell not in known for cell in table.cells(self.name)], bool)


class Category(Feature):
    """One input a level: 1 for the row's level, 0 for the others. A level unseen in training is 0 throughout.

    Levels are texts as written, in order of value where all are numbers, of the alphabet otherwise.
    """

    type: Literal["category"] = "category"
    encode: Literal["one_hot"] = Field("one_hot", description="one_hot: one input a level.")
    max_levels: int = Field(1000, ge=1, description="More levels than this are refused.")

    def fit(self, table: Table, name: str, targets: Array | None = None) -> CategoryColumn:
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
