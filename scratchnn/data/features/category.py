"""Columns of levels."""

from __future__ import annotations

from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator

from scratchnn.data.columns import FittedColumn
from scratchnn.data.features.codes import MOST_CODES, CodeColumn, Units
from scratchnn.data.features.feature import Feature
from scratchnn.data.features.hashing import HashColumn
from scratchnn.data.features.levels import GAP, RARE, Census, LevelColumn, Missing
from scratchnn.data.features.ordinal import OrdinalColumn
from scratchnn.data.features.target import TargetColumn
from scratchnn.data.tables import Array, Table, is_missing
from scratchnn.errors import DataError

Encoding = Literal["one_hot", "embedding", "ordinal", "hash", "target"]

MEANT_FOR: dict[str, tuple[Encoding, ...]] = {
    "min_count": ("one_hot", "embedding", "target"),
    "max_levels": ("one_hot", "embedding", "ordinal", "target"),
    "order": ("ordinal",),
    "buckets": ("hash",),
    "smoothing": ("target",),
    "units": ("embedding",),
}
"""The encodings that a field has a meaning for, where not for all."""


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
    """A column of levels, which are texts as written.

    `encode` says what becomes of a level:
    - one_hot: one input a level, 1 for the row's level. Unseen in training: 0 throughout.
    - embedding: one code, 1 for the first level, for which a `column_embedding` learns numbers. Unseen: code 0.
    - ordinal: the rank of the level, scaled to mean 0 and deviation 1. Unseen: 0, the mean.
    - hash: one input a bucket, 1 for the bucket that the level's check sum gives. Unseen, in a bucket that no training
      row fell into: 0 throughout.
    - target: the mean target of the level's training rows, drawn to the mean of all of them and scaled; a training row
      does not see its own target, see `TargetColumn`. Unseen: the mean of all.

    Levels come in order of value where all are numbers, of the alphabet otherwise, unless `order` says it.

    Missing are an empty cell and, unless `missing` is refuse, the words for one (`NA`, `nan`, `null`, `none`, `?`,
    ...). as_category makes them one more level, the last; where no training row has one, a missing cell is an unseen
    level. An ordinal gives them the mean, and 1 in an input of their own.

    With `min_count` the levels with fewer training rows are one level, the rare one, and so are unseen levels; of codes
    it is 0.
    """

    type: Literal["category"] = "category"
    encode: Encoding = Field(
        "one_hot",
        description="one_hot (an input a level), embedding (a code for column_embedding), ordinal (the rank), hash (an "
        "input a bucket of levels) or target (the mean target of the level's rows).",
    )
    missing: Missing = Field(
        "refuse", description="Cells without a value: refuse, as_category (a level of their own) or most_frequent."
    )
    min_count: int = Field(
        1, ge=1, description="Levels with fewer training rows are one level; 1: none are. Not for ordinal and hash."
    )
    max_levels: int = Field(
        1000, ge=1, lt=MOST_CODES, description="More levels than this are refused; the rare ones count as one."
    )
    order: list[str] | None = Field(
        None, min_length=1, description="For ordinal: every level, lowest first. Absent: by value or the alphabet."
    )
    buckets: int = Field(64, ge=1, le=100_000, description="For hash: how many inputs the levels share.")
    smoothing: float = Field(
        10.0, ge=0, allow_inf_nan=False, description="For target: how many rows the mean of all counts for."
    )
    units: Units = Field(
        "auto", description="For embedding: how many numbers are learned for each level. auto: by how many levels."
    )

    @model_validator(mode="after")
    def _fits_encoding(self) -> Self:
        for name, encodings in MEANT_FOR.items():
            if self.encode not in encodings and getattr(self, name) != type(self).model_fields[name].default:
                raise ValueError(f"`{name}` is for encode: {' or '.join(encodings)}, not for {self.encode}. Remove it.")
        order = self.order or []
        if len(set(order)) < len(order):
            raise ValueError("`order` names a level twice.")
        for level in order:
            if not level.strip() or (self.missing != "refuse" and is_missing(level)):
                raise ValueError(f'`order` names "{level}", which is the word for a missing cell. Remove it.')
        return self

    @property
    def can_be_reconstructed(self) -> bool:
        """The level of other encodings cannot be told from outputs."""
        return self.encode in ("one_hot", "ordinal")

    def fit(self, table: Table, name: str, targets: Array | None = None) -> FittedColumn:
        """Takes the levels from these rows, and their means from the targets where these are to be seen."""
        census = Census.of(table, name, self.missing)
        levels, rare = self._grouped(census, table, name)
        one_hot = CategoryColumn(name=name, levels=levels, rare=rare, fill=census.fill)
        if self.encode == "embedding":
            return CodeColumn(name=name, levels=levels, rare=rare, fill=census.fill, units=self.units)
        if self.encode == "ordinal":
            return OrdinalColumn.fit(table, name, self._ordered(levels, table, name), census.fill)
        if self.encode == "hash":
            return HashColumn.fit(name, levels, census.fill, self.buckets)
        if self.encode == "target":
            if targets is None:
                hint = f"Set another encode for data.features.{name}."
                raise DataError("there is no target to encode levels by", where=f"{table.where}:{name}", hint=hint)
            return TargetColumn.fit(table, one_hot, targets, self.smoothing)
        return one_hot

    def _grouped(self, census: Census, table: Table, name: str) -> tuple[list[str], list[str]]:
        """The levels and the rare ones. Raises `DataError` where nothing can be learned from them."""
        where, ignore = f"{table.where}:{name}", f"Set data.features.{name}: ignore"
        if not census.counts or set(census.counts) == {GAP}:
            raise DataError("every value is missing", where=where, hint=f"{ignore}.")
        if len(census.counts) == len(table) and self.order is None:
            message = "every row has a level of its own, so nothing can be learned"
            raise DataError(message, where=where, hint=f"{ignore}.")
        levels, rare = census.grouped(self.min_count)
        if not levels:
            most = max(census.counts.values())
            message = f"no level has {self.min_count} training rows, the most frequent has {most}"
            raise DataError(message, where=where, hint=f"Lower data.features.{name}.min_count.")
        count = len(levels) + bool(rare)
        if count > self.max_levels and self.encode != "hash":
            hint = f"{ignore}, or encode: hash, or a higher min_count or max_levels."
            raise DataError(f"{count} levels, more than {self.max_levels}", where=where, hint=hint)
        return levels, rare

    def _ordered(self, levels: list[str], table: Table, name: str) -> list[str]:
        """The levels as `order` has them, those of missing cells last. Raises `DataError` for one that it lacks."""
        if self.order is None:
            return levels
        lacking = [level for level in levels if level not in (*self.order, GAP)]
        if lacking:
            row = table.texts(name).index(lacking[0])
            hint = f"Add it to data.features.{name}.order, or mend the cell."
            raise table.error(name, row, f'the order has no level "{lacking[0]}"', hint)
        return [*self.order, *(level for level in levels if level == GAP)]
