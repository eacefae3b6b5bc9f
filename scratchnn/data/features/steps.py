"""What columns of sequences share: as many steps as fit, then padding."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Literal

import numpy as np
from pydantic import AfterValidator, Field

from scratchnn.data.columns import FittedColumn
from scratchnn.data.features.feature import Feature
from scratchnn.data.tables import Array, Table
from scratchnn.errors import DataError

PADDING, UNKNOWN, FIRST = 0, 1, 2
"""The ids of padding, of items that the vocabulary lacks, and of its first item."""

WHOLE = 0.95
"""The share of the training rows that `length: auto` keeps whole."""

Keep = Literal["start", "end"]


def _distinct(items: list[str]) -> list[str]:
    if len(set(items)) < len(items):
        raise ValueError("items must be distinct")
    return items


class StepColumn(FittedColumn):
    """The base of the fitted columns of sequences: `length` steps, then one input each; what is left over is 0.

    Of a longer sequence the first steps are kept, or the last ones. A cell without any item is padding throughout.
    """

    length: int = Field(ge=1, description="Steps.")
    keep: Keep = Field("start", description="Which steps of a longer sequence are kept.")

    @property
    def width(self) -> int:
        """One a step."""
        return self.length

    @property
    def names(self) -> list[str]:
        """`review[0]`, ..."""
        return [f"{self.name}[{number}]" for number in range(self.length)]

    @property
    def is_sequence(self) -> bool:
        """It is."""
        return True

    @property
    def scaled(self) -> bool:
        """They are no numbers of the table."""
        return True

    def kept(self, items: Sequence[str]) -> Sequence[str]:
        """The steps that fit."""
        return items[: self.length] if self.keep == "start" else items[-self.length :]


class VocabularyColumn(StepColumn):
    """One id a step: 0 is padding, 1 an item that the vocabulary lacks, from 2 on the vocabulary in its order."""

    vocabulary: Annotated[list[str], AfterValidator(_distinct)] = Field(
        min_length=1, description="The known items, the most frequent first."
    )

    @property
    def levels_of_code(self) -> int:
        """The vocabulary, the unknown and padding."""
        return len(self.vocabulary) + FIRST

    def sequences(self, table: Table) -> Iterator[Sequence[str]]:
        """The items of each row. Raises `DataError` with the cell."""
        raise NotImplementedError

    def encode(self, table: Table, out: Array) -> None:
        """Writes the ids."""
        places = {item: number for number, item in enumerate(self.vocabulary, FIRST)}
        for row, items in enumerate(self.sequences(table)):
            ids = [places.get(item, UNKNOWN) for item in self.kept(items)]
            out[row, : len(ids)] = ids

    def unseen(self, table: Table) -> Array:
        """The rows with items of which the vocabulary has none."""
        known = set(self.vocabulary)
        return np.array([bool(items) and known.isdisjoint(items) for items in self.sequences(table)], bool)

    def missing(self, table: Table) -> Array:
        """The rows without an item."""
        return np.array([not items for items in self.sequences(table)], bool)


class StepFeature(Feature):
    """The base of the features of sequences."""

    length: Annotated[int, Field(ge=1, le=100_000)] | Literal["auto"] = Field(
        "auto", description="Steps. auto: so many that 95 % of the training rows with an item are kept whole."
    )
    keep: Keep = Field("start", description="Which steps of a longer sequence are kept: start (the first) or end.")

    @property
    def can_be_reconstructed(self) -> bool:
        """What was cut off is lost."""
        return False

    def fitted_length(self, lengths: Sequence[int], table: Table, name: str) -> int:
        """The steps for training rows of these lengths. Raises `DataError` where every one is empty."""
        filled = sorted(length for length in lengths if length)
        if not filled:
            hint = f"Fill it, or set data.features.{name}: ignore."
            where = f"{table.where}:{name}"
            raise DataError("no training row has an item, so nothing can be learned", where=where, hint=hint)
        return self.length if self.length != "auto" else filled[math.ceil(WHOLE * len(filled)) - 1]


class VocabularyFeature(StepFeature):
    """The base of the features of sequences whose items become ids."""

    vocabulary: int = Field(
        10_000, ge=1, le=10_000_000, description="How many different items have an id; the most frequent ones."
    )
    min_count: int = Field(
        2, ge=1, description="Items that occur fewer times in the training rows are unknown, so that this is learned."
    )

    def fitted_vocabulary(self, sequences: Iterable[Sequence[str]], table: Table, name: str) -> list[str]:
        """The most frequent items of these rows, those of one count in order of their code points.

        Raises `DataError` where none is frequent enough.
        """
        counts: Counter[str] = Counter()
        for items in sequences:
            counts.update(items)
        ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
        chosen = [item for item, count in ranked[: self.vocabulary] if count >= self.min_count]
        if not chosen:
            got = f"no item occurs {self.min_count} times in the training rows, the most frequent {ranked[0][1]} times"
            hint = f"Lower data.features.{name}.min_count."
            raise DataError(got, where=f"{table.where}:{name}", hint=hint)
        return chosen
