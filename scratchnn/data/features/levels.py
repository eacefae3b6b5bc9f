"""The levels of a category column: which there are, which are too rare, what a missing cell stands for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from pydantic import AfterValidator, Field

from scratchnn.data.columns import FittedColumn
from scratchnn.data.features.filling import how_to_take_missing
from scratchnn.data.tables import Array, Table, in_order, is_missing

GAP = ""
"""The level of missing cells. No other cell can be this text."""

RARE = "(rare)"
"""The name of the level that stands for the rare ones."""

AS_CATEGORY = "{type: category, missing: as_category}"
"""What makes missing cells a level of their own."""

Missing = Literal["refuse", "as_category", "most_frequent"]


def _distinct(levels: list[str]) -> list[str]:
    if len(set(levels)) < len(levels):
        raise ValueError("levels must be distinct")
    return levels


Levels = Annotated[list[str], AfterValidator(_distinct)]


class FilledColumn(FittedColumn):
    """The base of the columns whose cells are texts: says what a missing cell stands for.

    Missing are an empty cell and the words for one: `NA`, `nan`, `null`, `none`, `?`, ... Where `fill` is absent only
    an empty cell is missing, and refused; the words are levels like any other.
    """

    fill: str | None = Field(
        None,
        description='What a missing cell stands for: a level, or "" for a level of its own. Absent: it is refused.',
    )

    def filled(self, table: Table) -> list[str]:
        """The cells, with what the missing ones stand for. Raises `DataError` for a missing cell without that."""
        hint = f"Fill the cell or remove the row; or train with data.features.{self.name}: {AS_CATEGORY}."
        return filled(table, self.name, self.fill, hint)

    def missing(self, table: Table) -> Array:
        """Every cell without a value, where those are not refused."""
        if self.fill is None:
            return super().missing(table)
        cells = table.texts(self.name)
        gaps = _gaps(cells)
        return np.fromiter((cell in gaps for cell in cells), bool, len(cells))


class LevelColumn(FilledColumn):
    """The base of the columns that know their levels. Each has a place, from 0 on; those in `rare` share the next one.

    A level unseen in training has the place of the rare ones, or where there are none no place: -1.
    """

    levels: Levels = Field(min_length=1, description='The levels in their order; "" is the one of missing cells.')
    rare: Levels = Field([], description="Levels of the training rows that are one, because each has few rows.")

    @property
    def place_names(self) -> list[str]:
        """A name for each place: `A`, ..., `(missing)`, `(rare)`."""
        names = [level if level != GAP else "(missing)" for level in self.levels]
        return [*names, RARE] if self.rare else names

    def places(self, table: Table) -> Array:
        """The place (N,) of each row's level."""
        return places(self.filled(table), self.levels, others=len(self.levels) if self.rare else -1)

    def unseen(self, table: Table) -> Array:
        """The levels that no training row had. Missing cells are among them where no training row had one."""
        known = {*self.levels, *self.rare}
        cells = self.filled(table)
        return np.fromiter((cell not in known for cell in cells), bool, len(cells))


@dataclass(frozen=True)
class Census:
    """How many training rows each level has, in the order of the levels, and what a missing cell stands for.

    Missing cells that are a level of their own come last, as `GAP`.
    """

    counts: Mapping[str, int]
    fill: str | None

    @classmethod
    def of(cls, table: Table, name: str, missing: Missing) -> Census:
        """Counts the levels of these rows; without any they are empty. Raises `DataError` for a cell to be refused.

        Of several levels that are the most frequent the first stands for missing cells.
        """
        fill = None if missing == "refuse" else GAP
        found = Counter(filled(table, name, fill, how_to_take_missing(name, AS_CATEGORY)))
        gaps = found.pop(GAP, 0)
        counts = {level: found[level] for level in in_order(list(found))}
        if missing == "most_frequent" and counts:
            fill = max(counts, key=lambda level: counts[level])
            counts[fill] += gaps
        elif gaps:
            counts[GAP] = gaps
        return cls(counts, fill)

    def grouped(self, min_count: int) -> tuple[list[str], list[str]]:
        """The levels with so many rows or more, and the others."""
        kept = [level for level, count in self.counts.items() if count >= min_count]
        return kept, [level for level, count in self.counts.items() if count < min_count]


def filled(table: Table, name: str, fill: str | None, hint: str) -> list[str]:
    """The cells of a column with `fill` for the missing ones.

    Without `fill` raises the `DataError` of an empty cell, with this hint.
    """
    cells = table.texts(name)
    if fill is None:
        empty = next((row for row, cell in enumerate(cells) if not cell.strip()), None)
        if empty is not None:
            raise table.missing(name, empty, hint)
        return list(cells)
    gaps = _gaps(cells)
    return [fill if cell in gaps else cell for cell in cells] if gaps else list(cells)


def places(cells: list[str], levels: list[str], others: int) -> Array:
    """The place (N,) of each cell among the levels; `others` for one that is not there."""
    known = {level: place for place, level in enumerate(levels)}
    return np.fromiter((known.get(cell, others) for cell in cells), np.int64, len(cells))


def _gaps(cells: tuple[str, ...]) -> set[str]:
    """The different texts among the cells that say that there is no value."""
    return {cell for cell in set(cells) if is_missing(cell)}
