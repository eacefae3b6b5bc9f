"""Splits into folds that follow a column of the table: its groups, its order, or a hash."""

from __future__ import annotations

from itertools import permutations
from typing import Literal

import numpy as np
from pydantic import Field

from scratchnn.data.column_splits import GroupSplit, HashSplit, TimeSplit, group_ids, hash_place, time_ids
from scratchnn.data.folds import ChainedFolds, Folds, permutation
from scratchnn.data.splits import Split, Undivided
from scratchnn.data.tables import Array
from scratchnn.errors import DataError


class GroupFolds(Folds):
    """Folds of whole groups: the rows with one value of the column are all in one fold.

    The groups are taken in random order, each into the fold that has fewest rows yet; then groups are moved as long as
    that makes two folds more equal, so that at last no two folds differ by more than the smallest group of the larger
    one. Validation gets whole groups of the others, as the type `group` does. A column of as many fold numbers makes
    just these folds, in another order. The column stays a feature unless `features` ignores it.
    """

    type: Literal["group_folds"] = "group_folds"
    column: str = Field(min_length=1, description="The column whose equal texts are one group.")
    repeat: int = Field(0, ge=0, description="Another number gives another order of the groups.")

    @property
    def columns(self) -> list[str]:
        """The groups."""
        return [self.column]

    def assign(self, rows: Undivided) -> Array:
        """Draws `repeat + 1` permutations of the groups. Raises `DataError` where groups are too few."""
        _, cells = rows.column(self.column)
        ids = group_ids(cells)
        counts = np.bincount(ids)
        needed = max(self.folds, 1 + self._left_over)
        if len(counts) < needed:
            message = f'column "{self.column}" has {len(counts)} groups, too few for {self.folds} folds'
            message += " and validation rows beside each" if needed > self.folds else ""
            raise DataError(message, where="data.split", hint="Use another column or fewer folds.")
        order = permutation(rows, len(counts), self.repeat)
        folds = np.empty(len(counts), np.int64)
        folds[order] = _balanced(counts[order], self.folds)
        return folds[ids]

    def within(self) -> Split:
        """Random groups."""
        return GroupSplit(column=self.column, validation=self.validation, test=0.0)


class TimeFolds(ChainedFolds):
    """Folds in the order of time: each is tested by what was trained on the rows before it.

    The rows, in the order of the type `time`, are cut into `folds + 1` blocks, as equal as can be where rows of one
    time stay together. Fold k is block k + 1; training and, at its end, validation are the blocks before it; later rows
    are left out, and the first block is never tested on. This is forward chaining with a window that expands.
    """

    type: Literal["time_folds"] = "time_folds"
    column: str = Field(min_length=1, description="The column of numbers or ISO dates that orders the rows.")

    @property
    def columns(self) -> list[str]:
        """The times."""
        return [self.column]

    def assign(self, rows: Undivided) -> Array:
        """Draws nothing. Raises `DataError` for a cell without a time, or where different times are too few."""
        ids = time_ids(*rows.column(self.column), self.column)
        return self._chain(np.cumsum(np.bincount(ids)), "different times")[ids]

    def within(self) -> Split:
        """The latest rows before the fold are for validation."""
        return TimeSplit(column=self.column, validation=self.validation, test=0.0)


class HashFolds(Folds):
    """Folds by a hash of the column's text: a row keeps its fold for ever, whatever rows are added, removed or moved.

    The fold is floor(u * folds), with u as the type `hash` has it; sizes are near each other by chance alone. Whether
    one of the other rows is for validation is told by a second hash, and so the same for each fold. The seed has no
    part in it. The column stays a feature unless `features` ignores it.
    """

    type: Literal["hash_folds"] = "hash_folds"
    column: str = Field(min_length=1, description="The column that identifies a row.")
    salt: str = Field("", description="Another text gives another division.")
    repeat: int = Field(0, ge=0, description="Another number gives another division, as another salt does.")

    @property
    def columns(self) -> list[str]:
        """The identities."""
        return [self.column]

    def assign(self, rows: Undivided) -> Array:
        """Draws nothing. Raises `DataError` where a fold gets no row, or one fold all."""
        table, cells = rows.column(self.column)
        salt = self._salt
        folds = np.array([int(hash_place(salt, cell) * self.folds) for cell in cells])
        empty = np.flatnonzero(np.bincount(folds, minlength=self.folds) == 0)
        if len(empty):
            hint = "Use fewer folds or another salt in data.split, or add rows."
            raise DataError(f"the hash puts no row into fold {empty[0]}", where=table.where, hint=hint)
        return folds

    def within(self) -> Split:
        """The second hash."""
        return HashSplit(column=self.column, salt=f"{self._salt}\0validation", validation=self.validation, test=0.0)

    @property
    def _salt(self) -> str:
        return f"{self.salt}\0{self.repeat}" if self.repeat else self.salt


def _balanced(counts: Array, folds: int) -> Array:
    """A fold for each group of `counts` rows, see `GroupFolds`. There are as many groups as folds, or more."""
    sums = np.zeros(folds, np.int64)
    places = np.empty(len(counts), np.int64)
    for group, count in enumerate(counts.tolist()):
        places[group] = lightest = int(np.argmin(sums))
        sums[lightest] += count
    moved = True
    while moved:  # each move lowers the sum of squares of `sums`, so this ends
        moved = False
        for heavy, light in permutations(range(folds), 2):
            gap = int(sums[heavy] - sums[light])
            members = np.flatnonzero((places == heavy) & (counts < gap))
            if len(members):
                group = members[int(np.argmin(np.abs(2 * counts[members] - gap)))]
                places[group] = light
                sums[heavy] -= counts[group]
                sums[light] += counts[group]
                moved = True
    return places
