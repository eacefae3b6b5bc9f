"""Columns of levels."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from scratchnn.data.features.feature import Feature
from scratchnn.data.features.levels import GAP, RARE, Census, LevelColumn, Missing
from scratchnn.data.tables import Array, Table
from scratchnn.errors import DataError


class CategoryColumn(LevelColumn):
    """One input a place: 1 for the row's level, 0 for the others. An unseen level without a place is 0 throughout."""

    type: Literal["category"] = "category"

    @property
    def width(self) -> int:
        """One a place."""
        return len(self.levels) + bool(self.rare)

    @property
    def names(self) -> list[str]:
        """`deck=A`, ..., `deck=(missing)`, `deck=(rare)`."""
        return [f"{self.name}={place}" for place in self.place_names]

    def encode(self, table: Table, out: Array) -> None:
        """Writes the ones."""
        places = self.places(table)
        rows = np.flatnonzero(places >= 0)
        out[rows, places[rows]] = 1

    def decode(self, values: Array) -> list[str]:
        """The level with the largest value, of equal ones the first; `(rare)` for the rare ones, "" for missing."""
        texts = [*self.levels, RARE]
        return [texts[place] for place in values.argmax(axis=1).tolist()]


class Category(Feature):
    """One input a level: 1 for the row's level, 0 for the others. A level unseen in training is 0 throughout.

    Levels are texts as written, in order of value where all are numbers, of the alphabet otherwise.

    Missing are an empty cell and, unless `missing` is refuse, the words for one (`NA`, `nan`, `null`, `none`, `?`,
    ...). as_category makes them one more level; where no training row has one, a missing cell is an unseen level.
    With `min_count` the levels with fewer training rows are one level, the rare one, and so are unseen levels.
    """

    type: Literal["category"] = "category"
    encode: Literal["one_hot"] = Field("one_hot", description="one_hot: one input a level.")
    missing: Missing = Field(
        "refuse", description="Cells without a value: refuse, as_category (a level of their own) or most_frequent."
    )
    min_count: int = Field(1, ge=1, description="Levels with fewer training rows are one level; 1: none are.")
    max_levels: int = Field(1000, ge=1, description="More levels than this are refused; the rare ones count as one.")

    def fit(self, table: Table, name: str, targets: Array | None = None) -> CategoryColumn:
        """Takes the levels from these rows."""
        census = Census.of(table, name, self.missing)
        levels, rare = self._grouped(census, table, name)
        return CategoryColumn(name=name, levels=levels, rare=rare, fill=census.fill)

    def _grouped(self, census: Census, table: Table, name: str) -> tuple[list[str], list[str]]:
        """The levels and the rare ones. Raises `DataError` where nothing can be learned from them."""
        where, ignore = f"{table.where}:{name}", f"Set data.features.{name}: ignore"
        if not census.counts or set(census.counts) == {GAP}:
            raise DataError("every value is missing", where=where, hint=f"{ignore}.")
        if len(census.counts) == len(table):
            message = "every row has a level of its own, so nothing can be learned"
            raise DataError(message, where=where, hint=f"{ignore}.")
        levels, rare = census.grouped(self.min_count)
        if not levels:
            most = max(census.counts.values())
            message = f"no level has {self.min_count} training rows, the most frequent has {most}"
            raise DataError(message, where=where, hint=f"Lower data.features.{name}.min_count.")
        count = len(levels) + bool(rare)
        if count > self.max_levels:
            message = f"{count} levels, more than {self.max_levels}"
            raise DataError(message, where=where, hint=f"{ignore}, or raise its min_count or max_levels.")
        return levels, rare
