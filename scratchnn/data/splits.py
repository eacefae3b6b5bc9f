"""How the rows of one source are divided into training, validation and test."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from scratchnn.component import Component
from scratchnn.data.tables import Array, Table, is_missing
from scratchnn.errors import DataError, suggestion

FOLDS = "_folds"  # what the tag of a variant in folds adds to that of its split
FOLD_KEYS = frozenset({"folds", "fold", "repeat"})


@dataclass(frozen=True)
class Strata:
    """The class of every row: `ids` (N,) into `names`."""

    ids: Array
    names: Sequence[str]


@dataclass(frozen=True)
class Division:
    """Row numbers of each part, ascending and disjoint; together all rows, unless the split leaves some out."""

    train: Array
    validation: Array
    test: Array


@dataclass(frozen=True)
class Undivided:
    """The rows of one source, and what a split may look at to divide them.

    `count` rows; `rng` for every draw; `strata` is None where there are no classes; `table` is None for arrays;
    relative paths start at `base`; without `test` no test rows are taken, because the source gives them.
    `numbers` (N,) are the rows' numbers in the source, ascending, and `total` is how many rows that has: None where
    all of them are here. A feature may have dropped some.
    """

    count: int
    rng: np.random.Generator
    strata: Strata | None = None
    table: Table | None = None
    base: Path = Path()
    test: bool = True
    numbers: Array | None = None
    total: int | None = None

    def take(self, rows: Array) -> Undivided:
        """Some of these rows (0-based), in this order, with the classes that they have."""
        strata = None
        if self.strata is not None:
            known, ids = np.unique(self.strata.ids[rows], return_inverse=True)
            strata = Strata(ids, [self.strata.names[place] for place in known.tolist()])
        table = None if self.table is None else self.table.take(rows)
        return replace(self, count=len(rows), strata=strata, table=table, numbers=self.source_rows()[rows])

    def source_rows(self) -> Array:
        """The number of each row in the source (N,)."""
        return np.arange(self.count) if self.numbers is None else self.numbers

    def column(self, name: str) -> tuple[Table, tuple[str, ...]]:
        """The table and the text of a column. Raises `DataError` where there is none, or where a cell is missing."""
        if self.table is None:
            hint = "Use the split random."
            raise DataError(f'arrays have no column "{name}" to divide by', where="data.split", hint=hint)
        if name not in self.table.columns:
            got = f'data.split names a column "{name}" that is not there'
            raise DataError(got, where=self.table.where, hint=suggestion(name, self.table.columns))
        cells = self.table.columns[name]
        row = next((row for row, cell in enumerate(cells) if is_missing(cell)), None)
        if row is not None:
            written = f' ("{cells[row]}")' if cells[row].strip() else ""
            got = f"the value is missing{written}, but data.split divides by this column"
            raise self.table.error(name, row, got, "Fill the cell, or remove the row.")
        return self.table, cells


class Split(Component):
    """A way to divide rows.

    Where a type has a variant in folds, the name of the type with `folds` beside it stands for that variant:

    >>> from scratchnn.data.folds import RandomFolds
    >>> Split.parse({"type": "random", "folds": 5, "fold": 2}) == RandomFolds(folds=5, fold=2)
    True
    """

    family: ClassVar[str] = "split"
    takes_test: ClassVar[bool] = False  # whether it says itself which rows are the test
    marks: ClassVar[bool] = False  # whether its column only tells the part, and is no feature
    keeps_order: ClassVar[bool] = False  # whether each part is a run of rows, or several: what texts need
    paths: ClassVar[tuple[str, ...]] = ()  # the fields that hold a path

    @property
    def columns(self) -> list[str]:
        """The columns that it looks at."""
        return []

    def moved(self, move: Callable[[str], str]) -> Self:
        """The same split with each of its paths changed by `move`."""
        return self.model_copy(update={name: move(getattr(self, name)) for name in self.paths})

    def divide(self, rows: Undivided) -> Division:
        """The row numbers of each part. Raises `DataError` where the rows cannot be divided so."""
        raise NotImplementedError

    @classmethod
    def shorthand(cls, value: object) -> object:
        """A tag, or a mapping with `folds`, in its full form. Raises `ValueError` for `folds` where they do not fit."""
        if not isinstance(value, Mapping) or not isinstance(value.get("type"), str):
            return super().shorthand(value)
        tag = value["type"]
        member = cls._members.get(tag)
        in_folds = f"{tag}{FOLDS}" in cls._members
        if member is None or "folds" in member.model_fields or not (FOLD_KEYS & value.keys()):
            return super().shorthand(value)
        if not in_folds and "folds" in value:
            others = [other.removesuffix(FOLDS) for other in cls._members if other.endswith(FOLDS)]
            message = "`folds` is for the types {others}; {tag} has none. Remove it, or choose one of them."
            raise PydanticCustomError("folds", message, {"others": ", ".join(others), "tag": tag})
        if in_folds and "test" in value:
            message = "`test` does not go with `folds`: the rows of fold number `fold` are the test. Remove `test`."
            raise PydanticCustomError("folds", message)
        return {**value, "type": f"{tag}{FOLDS}"} if in_folds else value


class NoSplit(Split):
    """Every row is for training."""

    type: Literal["none"] = "none"
    keeps_order = True

    def divide(self, rows: Undivided) -> Division:
        """All rows, nothing, nothing."""
        nothing = np.arange(0)
        return Division(np.arange(rows.count), nothing, nothing)


class FractionSplit(Split):
    """What splits by fractions share. A part of fraction f > 0 is to get max(1, floor(f N + 1/2)) of N rows."""

    validation: float = Field(0.15, ge=0, lt=1, description="Fraction of the rows that guides training.")
    test: float = Field(0.15, ge=0, lt=1, description="Fraction of the rows for the final metrics.")

    @model_validator(mode="after")
    def _leaves_training(self) -> Self:
        if self.validation + self.test >= 1:
            raise PydanticCustomError("split", "validation and test together must be below 1, to leave training rows.")
        return self

    def sizes(self, rows: int, *, test: bool) -> list[int]:
        """The rows of validation and test. Raises `DataError` where none would be left for training."""
        sizes = [_size(rows, self.validation), _size(rows, self.test if test else 0.0)]
        if sum(sizes) >= rows:
            hint = "Add rows, or use smaller fractions in data.split."
            raise DataError(
                f"{rows} rows are too few for parts of {' and '.join(map(str, filter(None, sizes)))} beside training",
                where="data.split",
                hint=hint,
            )
        return sizes


class PositionSplit(FractionSplit):
    """The rows as they come: the first for training, those after them for validation, the last for the test.

    For rows in the order of time, and the way that texts are cut: before they are cut into windows, so that no window
    lies in two parts. A text's rows are its tokens. A part of fraction f > 0 gets exactly max(1, floor(f N + 1/2)).
    """

    type: Literal["position"] = "position"
    keeps_order = True

    def divide(self, rows: Undivided) -> Division:
        """Draws nothing. Raises `DataError` where rows are too few."""
        validation, tested = self.sizes(rows.count, test=rows.test)
        cuts = [rows.count - tested - validation, rows.count - tested]
        return Division(*np.split(np.arange(rows.count), cuts))


class RandomSplit(FractionSplit):
    """Random rows, for classification in the classes' own proportions.

    A part of fraction f > 0 gets exactly max(1, floor(f N + 1/2)) rows. Stratified, each class gets its share of them,
    rounded by largest remainder, and at least one row in each part; rows with labels that may be true together are
    drawn at random, and a label that then has no training row is an error. A class with fewer rows than there are parts
    cannot be divided so: this is an error whether `stratify` is written or not, because a part without some class
    would go unnoticed.
    """

    type: Literal["random"] = "random"
    stratify: bool = Field(True, description="Keep the classes' proportions in each part. Classification only.")

    def divide(self, rows: Undivided) -> Division:
        """Draws one permutation of all rows. Raises `DataError` where rows are too few."""
        sizes, strata = self.sizes(rows.count, test=rows.test), rows.strata
        order = rows.rng.permutation(rows.count)
        if strata is None or not self.stratify:
            parts = np.split(order, np.cumsum(sizes))
        else:
            parts = _stratified(order, sizes, strata)
        validation, tested, train = (np.sort(part) for part in parts)
        return Division(train, validation, tested)


def _size(rows: int, fraction: float) -> int:
    return max(1, math.floor(fraction * rows + 0.5)) if fraction > 0 else 0


def check_rarest(counts: Array, names: Sequence[str], needed: int, purpose: str) -> None:
    """Raises the `DataError` of a class with fewer rows than a stratified division needs."""
    rare = int(np.argmin(counts))
    if counts[rare] < needed:
        rows = "1 row" if counts[rare] == 1 else f"{counts[rare]} rows"
        got = f'class "{names[rare]}" has {rows}, too few for {purpose}'
        hint = "Add rows, merge the class with another, remove its rows, or set stratify: false in data.split."
        raise DataError(got, where="data.split", hint=hint)


def _stratified(order: Array, sizes: list[int], strata: Strata) -> list[Array]:
    """The rows of `order` as parts of these sizes, then the rest."""
    ids, names = strata.ids[order], strata.names
    counts = np.bincount(ids, minlength=len(names))
    needed = 1 + sum(size > 0 for size in sizes)
    check_rarest(counts, names, needed, f"{needed} parts")
    rest = len(order) - sum(sizes)
    smallest = min(size for size in [*sizes, rest] if size)
    if smallest < len(names):
        got = f"a part of {smallest} rows cannot hold each of {len(names)} classes"
        hint = "Use larger fractions, or set stratify: false in data.split."
        raise DataError(got, where="data.split", hint=hint)
    members = [order[ids == label] for label in range(len(names))]
    taken = np.zeros(len(names), np.int64)
    parts = []
    for position, size in enumerate(sizes):
        later = 1 + sum(other > 0 for other in sizes[position + 1 :])
        shares = _shares(counts - taken, size, counts - taken - later) if size else np.zeros_like(taken)
        pairs = zip(members, taken, shares, strict=True)
        parts.append(np.concatenate([rows[start : start + share] for rows, start, share in pairs]))
        taken += shares
    parts.append(np.concatenate([rows[start:] for rows, start in zip(members, taken, strict=True)]))
    return parts


def _shares(counts: Array, size: int, most: Array) -> Array:
    """How many of the `counts` rows of each class go into a part: near their proportion, from 1 to `most`."""
    ideal = counts * (size / counts.sum())
    shares: Array = np.clip(np.floor(ideal).astype(np.int64), 1, most)
    while shares.sum() != size:
        step = 1 if shares.sum() < size else -1
        want = (
            np.where(shares < most, ideal - shares, -np.inf)
            if step > 0
            else np.where(shares > 1, shares - ideal, -np.inf)
        )
        shares[int(np.argmax(want))] += step
    return shares
