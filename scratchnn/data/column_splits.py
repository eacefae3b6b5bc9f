"""Splits that follow a column of the table: its groups, its order, the names of the parts, or a hash."""

from __future__ import annotations

from hashlib import blake2b
from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from scratchnn.data.moments import microseconds
from scratchnn.data.splits import Division, FractionSplit, Split, Undivided
from scratchnn.data.tables import Array, Table, is_number
from scratchnn.errors import DataError, suggestion


class GroupSplit(FractionSplit):
    """Whole groups: the rows with one value of the column are all in one part.

    First the test, then validation gets the groups, in random order, whose rows together come nearest to the part's
    size; at least one group is left for each other part. The column stays a feature unless `features` ignores it.
    """

    type: Literal["group"] = "group"
    column: str = Field(min_length=1, description="The column whose equal texts are one group.")

    @property
    def columns(self) -> list[str]:
        """The groups."""
        return [self.column]

    def divide(self, rows: Undivided) -> Division:
        """Draws one permutation of the groups. Raises `DataError` where groups are too few."""
        _, cells = rows.column(self.column)
        validation, test = self.sizes(rows.count, test=rows.test)
        ids = group_ids(cells)
        counts = np.bincount(ids)
        _check_distinct(len(counts), validation, test, "groups", self.column)
        left = rows.rng.permutation(len(counts))
        part = np.zeros(len(counts), np.int64)
        for number, size, others in ((2, test, 1 + (validation > 0)), (1, validation, 1)):
            if size:
                chosen = left[_nearest_sum(counts[left], size, len(left) - others)]
                part[chosen] = number
                left = left[part[left] == 0]
        return _by_part(part[ids])


class TimeSplit(FractionSplit):
    """The latest rows are the test, those before them validation, the earliest are for training.

    Rows are ordered by numbers or ISO 8601 dates; a time with an offset counts in UTC. Rows of one time stay together:
    each border is the one between two times that is nearest to the part's size.
    """

    type: Literal["time"] = "time"
    column: str = Field(min_length=1, description="The column of numbers or ISO dates that orders the rows.")

    @property
    def columns(self) -> list[str]:
        """The times."""
        return [self.column]

    def divide(self, rows: Undivided) -> Division:
        """Draws nothing. Raises `DataError` for a cell without a time, or where different times are too few."""
        ids = time_ids(*rows.column(self.column), self.column)
        validation, test = self.sizes(rows.count, test=rows.test)
        ends = np.cumsum(np.bincount(ids))  # ends[k]: the rows up to the k-th time
        _check_distinct(len(ends), validation, test, "times", self.column)
        part = np.zeros(len(ends), np.int64)
        last = len(ends)  # the times from here on are given away
        for number, size, wanted in ((2, test, test), (1, validation, test + validation)):
            if size:
                others = 1 + (number == 2 and validation > 0)
                border = others + int(np.argmin(np.abs(ends[others - 1 : last - 1] - (rows.count - wanted))))
                part[border:last] = number
                last = border
        return _by_part(part[ids])


class ColumnSplit(Split):
    """The column names the part of each row; it is no feature."""

    type: Literal["column"] = "column"
    column: str = Field(min_length=1, description="The column that names the part.")
    train: str = Field("train", min_length=1, description="The cell of a training row.")
    validation: str = Field("validation", min_length=1, description="The cell of a validation row.")
    test: str = Field("test", min_length=1, description="The cell of a test row.")
    takes_test = True
    marks = True

    @model_validator(mode="after")
    def _differ(self) -> Self:
        if len({self.train, self.validation, self.test}) < 3:
            raise PydanticCustomError("split", "`train`, `validation` and `test` must differ.")
        return self

    @property
    def columns(self) -> list[str]:
        """The names of the parts."""
        return [self.column]

    def divide(self, rows: Undivided) -> Division:
        """Draws nothing. Raises `DataError` for another name, or where no row is for training."""
        table, cells = rows.column(self.column)
        names = [self.train, self.validation, self.test]
        places = {name: place for place, name in enumerate(names)}
        for row, cell in enumerate(cells):
            if cell not in places:
                hint = suggestion(cell, names)
                raise table.error(self.column, row, f'"{cell}" is no part of the data', hint)
        return _with_training(_by_part(np.array([places[cell] for cell in cells], np.int64)), table.where)


class HashSplit(FractionSplit):
    """By a hash of the column's text: a row keeps its part for ever, whatever rows are added, removed or moved.

    u = BLAKE2b-64(salt, a zero byte, text, in UTF-8) / 2^64 in [0, 1): test below the fraction `test`, validation up
    to `test + validation`. Sizes are near the fractions by chance alone; the seed has no part in it. Rows with one
    text are in one part. The column stays a feature unless `features` ignores it.
    """

    type: Literal["hash"] = "hash"
    column: str = Field(min_length=1, description="The column that identifies a row.")
    salt: str = Field("", description="Another text gives another division.")

    @property
    def columns(self) -> list[str]:
        """The identities."""
        return [self.column]

    def divide(self, rows: Undivided) -> Division:
        """Draws nothing. Raises `DataError` where a part that has a fraction gets no row."""
        table, cells = rows.column(self.column)
        place = np.array([hash_place(self.salt, cell) for cell in cells])
        part = np.where(place < self.test, 2 * rows.test, np.where(place < self.test + self.validation, 1, 0))
        division = _with_training(_by_part(part), table.where)
        wanted = {"validation": self.validation > 0, "test": rows.test and self.test > 0}
        for name, is_wanted in wanted.items():
            if is_wanted and not len(getattr(division, name)):
                hint = "Use a larger fraction or another salt in data.split, or add rows."
                raise DataError(f"the hash puts no row into {name}", where=table.where, hint=hint)
        return division


def hash_place(salt: str, text: str) -> float:
    """u of one text, see `HashSplit`."""
    digest = blake2b(f"{salt}\0{text}".encode(), digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 11) / 2**53  # the 53 bits that a float holds: never 1


def group_ids(cells: tuple[str, ...]) -> Array:
    """The group of each row (N,), numbered as they come."""
    places = {name: place for place, name in enumerate(dict.fromkeys(cells))}
    return np.array([places[cell] for cell in cells], np.int64)


def time_ids(table: Table, cells: tuple[str, ...], name: str) -> Array:
    """The place of each row's time (N,) among the different times, the earliest first. Raises `DataError`."""
    return np.unique(_times(table, cells, name), return_inverse=True)[1]


def _by_part(part: Array) -> Division:
    """Rows by their part: 0 training, 1 validation, 2 test."""
    train, validation, test = (np.flatnonzero(part == number) for number in range(3))
    return Division(train, validation, test)


def _with_training(division: Division, where: str) -> Division:
    if not len(division.train):
        raise DataError("data.split leaves no row for training", where=where, hint="Training needs rows.")
    return division


def _check_distinct(count: int, validation: int, test: int, kind: str, column: str) -> None:
    needed = 1 + (validation > 0) + (test > 0)
    if count < needed:
        got = f'column "{column}" has {count} {kind}, too few for {needed} parts'
        raise DataError(got, where="data.split", hint="Use another column, or set a fraction to 0.")


def _nearest_sum(counts: Array, size: int, most: int) -> list[int]:
    """The places of at most `most` counts (from 1 on) whose sum is nearest to `size`.

    `first[s]` is the count that made the sum s possible before any later one did, so those that lead to it come
    before it. Sums above 2 `size` are farther than none, save where one count alone is larger.
    """
    limit = max(2 * size, int(counts.min()))
    first = np.full(limit + 1, -1, np.int64)
    reached = np.zeros(limit + 1, bool)
    reached[0] = True
    for place, count in enumerate(counts.tolist()):
        if count <= limit:
            new = reached[: limit + 1 - count] & ~reached[count:]
            first[count:][new] = place
            reached[count:] |= new
    sums = np.flatnonzero(reached)[1:]
    for total in sums[np.argsort(np.abs(sums - size), kind="stable")].tolist():
        chosen = []
        while total:
            chosen.append(int(first[total]))
            total -= int(counts[chosen[-1]])
        if len(chosen) <= most:
            break
    return chosen


def _times(table: Table, cells: tuple[str, ...], name: str) -> Array:
    """The column as numbers: its own, or the microseconds of its dates since 1970."""
    return table.numbers(name) if is_number(cells[0]) else microseconds(table, name)
