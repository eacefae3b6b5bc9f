"""Columns of so many levels that they share inputs."""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from scratchnn.data.features.levels import FilledColumn
from scratchnn.data.tables import Array, Table


class HashColumn(FilledColumn):
    """One input a bucket: 1 for the bucket of the row's level, 0 for the others.

    The bucket is the BLAKE2b digest of 8 bytes of the level in UTF-8, as a little-endian number, modulo the number of
    buckets: the same in every process and version. Levels in one bucket cannot be told apart. A level in a bucket that
    no training row fell into is unseen, and 0 throughout, since no weight of it was learned.
    Source: Weinberger et al. 2009, without the sign.
    """

    type: Literal["hash"] = "hash"
    buckets: int = Field(ge=1, description="How many buckets there are.")
    used: list[Annotated[int, Field(ge=0)]] = Field(
        min_length=1, description="The buckets of the training rows, in their order."
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.used != sorted(set(self.used)) or self.used[-1] >= self.buckets:
            raise ValueError("used buckets must be distinct, in order, and below the number of buckets")
        return self

    @classmethod
    def fit(cls, name: str, levels: list[str], fill: str | None, buckets: int) -> Self:
        """Takes the buckets of these levels."""
        return cls(name=name, fill=fill, buckets=buckets, used=sorted({bucket(level, buckets) for level in levels}))

    @property
    def width(self) -> int:
        """One a bucket."""
        return self.buckets

    @property
    def names(self) -> list[str]:
        """`city#0`, ..."""
        return [f"{self.name}#{number}" for number in range(self.buckets)]

    def encode(self, table: Table, out: Array) -> None:
        """Writes the ones."""
        places = self._places(table)
        rows = np.flatnonzero(places >= 0)
        out[rows, places[rows]] = 1

    def unseen(self, table: Table) -> Array:
        """The levels in a bucket without a training row."""
        unseen: Array = self._places(table) < 0
        return unseen

    def _places(self, table: Table) -> Array:
        """The bucket (N,) of each row, -1 where no training row fell into it."""
        cells, used = self.filled(table), set(self.used)
        found = {cell: bucket(cell, self.buckets) for cell in set(cells)}
        known = {cell: place if place in used else -1 for cell, place in found.items()}
        return np.fromiter((known[cell] for cell in cells), np.int64, len(cells))


def bucket(level: str, buckets: int) -> int:
    """Where a level goes.

    >>> bucket("Paris", 100), bucket("London", 100)
    (3, 15)
    """
    digest = hashlib.blake2b(level.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little") % buckets
