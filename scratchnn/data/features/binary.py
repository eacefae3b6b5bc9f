"""Columns of two values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from scratchnn.data.features.feature import Feature
from scratchnn.data.features.filling import FillingColumn, refuse_gaps
from scratchnn.data.tables import Array, Table, in_order, is_number, number_name
from scratchnn.errors import DataError, suggestion

POSITIVE = ("yes", "y", "true", "t", "on", "1")
NEGATIVE = ("no", "n", "false", "f", "off", "0")


class BinaryColumn(FillingColumn):
    """One input: 1 for the positive level, 0 for the negative one.

    A level that training never saw counts as a missing value that is filled in: as the level that most training rows
    have, with the indicator 1 where there is one.
    """

    setting = "{type: binary, missing: most_frequent}"

    type: Literal["binary"] = "binary"
    negative: str = Field(description="The level that is 0.")
    positive: str = Field(description="The level that is 1.")
    frequent: Annotated[int, Field(ge=0, le=1)] = Field(description="What an unknown value counts as.")
    takes_missing: bool = Field(False, description="Whether a missing value is filled in, not refused.")

    @model_validator(mode="after")
    def _differ(self) -> Self:
        if self.negative == self.positive:
            raise ValueError("the levels must differ")
        return self

    @property
    def width(self) -> int:
        """One, and one for the indicator."""
        return 1 + self.indicator

    @property
    def names(self) -> list[str]:
        """`smoker=yes`, `smoker is missing`."""
        return [f"{self.name}={self.positive}", *self.indicator_names()]

    @property
    def fills(self) -> bool:
        """As it was fitted."""
        return self.takes_missing

    @property
    def is_plain_number(self) -> bool:
        """Whether both levels are numbers, as 0 and 1 are."""
        return is_number(self.negative) and is_number(self.positive)

    @property
    def scaled(self) -> bool:
        """Whether the levels are other numbers than 0 and 1."""
        return self.is_plain_number and (float(self.negative), float(self.positive)) != (0, 1)

    def encode(self, table: Table, out: Array) -> None:
        """Writes 0 or 1, and the indicator."""
        gaps, places = self.gaps(table), self._places(table)
        self._write(np.where(gaps, -1, places), out)

    def encode_numbers(self, values: Array, out: Array) -> None:
        """The same for numbers in place of cells."""
        negative, positive = float(self.negative), float(self.positive)
        self._write(np.where(values == positive, 1, np.where(values == negative, 0, -1)), out)

    def decode(self, values: Array) -> list[str]:
        """The level that is nearer, of equally near ones the negative; empty where the indicator says it is missing."""
        levels = np.where(values[:, 0] > 0.5, self.positive, self.negative)
        decoded: list[str] = np.where(self.says_missing(values), "", levels).tolist()
        return decoded

    def unseen(self, table: Table) -> Array:
        """Cells with a value that is neither level."""
        return (self._places(table) < 0) & ~self.gaps(table)

    def _write(self, places: Array, out: Array) -> None:
        """Writes 0 and 1; where a place is -1, what an unknown value counts as."""
        unknown = places < 0
        out[:, 0] = np.where(unknown, self.frequent, places)
        if self.indicator:
            out[:, 1] = unknown

    def _places(self, table: Table) -> Array:
        """0 or 1 for each row (N,), -1 for another cell."""
        cells = table.texts(self.name)
        names = {cell: number_name(cell) for cell in set(cells)} if self.is_plain_number else None
        known = {self.negative: 0, self.positive: 1}
        if names is not None:
            known = {number_name(level): place for level, place in known.items()}
            known = {cell: known.get(name, -1) for cell, name in names.items()}
        return np.fromiter((known.get(cell, -1) for cell in cells), np.int64, len(cells))


class Binary(Feature):
    """One input for a column of two levels: 1 for the `positive` one, 0 for the other.

    Where `positive` is absent it is the one of yes, y, true, t, on and 1 beside no, n, false, f, off or 0 in any case;
    else the later of both, by value where both are numbers, by the alphabet otherwise: "m" of "f" and "m". Numbers in
    different spellings (1 and 1.0) are one level. A missing value is an empty cell or NA, ?, - and the like:
    `most_frequent` counts it as the level that most training rows have (of equally many the negative one), `indicator`
    too, with one more input that is 1 where there is no value. A level that training never saw is counted and flagged
    in the same way, whatever `missing` says.
    """

    type: Literal["binary"] = "binary"
    positive: str | None = Field(None, description="The level that is 1; absent: by a rule.")
    missing: Literal["refuse", "most_frequent", "indicator"] = Field(
        "refuse", description="A cell without a value is refused, counts as most rows do, or does so and is flagged."
    )

    def fit(self, table: Table, name: str, targets: Array | None = None) -> BinaryColumn:
        """Takes the two levels from these rows. Raises `DataError` for one level or three."""
        gaps = table.gaps(name)
        if self.missing == "refuse":
            refuse_gaps(table, name, gaps, BinaryColumn.setting)
        cells = [cell for cell, gap in zip(table.texts(name), gaps.tolist(), strict=True) if not gap]
        if all(map(is_number, set(cells))):
            cells = list(map(number_name, cells))
        levels = in_order(cells)
        if len(levels) != 2:
            raise _not_two(levels, f"{table.where}:{name}", name)
        positive = self._positive(levels, f"{table.where}:{name}", name)
        negative = levels[levels[0] == positive]
        counts = Counter(cells)
        return BinaryColumn(
            name=name,
            negative=negative,
            positive=positive,
            frequent=int(counts[positive] > counts[negative]),
            takes_missing=self.missing != "refuse",
            indicator=self.missing == "indicator",
        )

    def _positive(self, levels: Sequence[str], where: str, name: str) -> str:
        if self.positive is not None:
            wanted = number_name(self.positive) if all(map(is_number, levels)) else self.positive
            if wanted not in levels:
                got = f'data.features.{name}.positive is "{self.positive}", but the levels are {_quoted(levels)}'
                raise DataError(got, where=where, hint=suggestion(self.positive, levels) or "Name one of them.")
            return wanted
        for positive, negative in (levels, levels[::-1]):
            if positive.lower() in POSITIVE and negative.lower() in NEGATIVE:
                return positive
        return levels[1]


def _not_two(levels: Sequence[str], where: str, name: str) -> DataError:
    if len(levels) > 2:
        shown = _quoted(levels[:5]) + (" and others" if len(levels) > 5 else "")
        hint = f"Mend the cells, or set data.features.{name}: category."
        return DataError(f"a binary column has two levels, but here are {len(levels)}: {shown}", where=where, hint=hint)
    got = f"every training row that has a value has {_quoted(levels)}" if levels else "no training row has a value"
    hint = f"Set data.features.{name}: ignore. Cells such as NA, none and - count as missing; category keeps them."
    return DataError(f"{got}, so nothing can be learned", where=where, hint=hint)


def _quoted(levels: Sequence[str]) -> str:
    return ", ".join(f'"{level}"' for level in levels)
