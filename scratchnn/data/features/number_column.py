"""The fitted columns of numbers: what all of them share, and the plain scale."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, FiniteFloat

from scratchnn.data.features.filling import FillingColumn
from scratchnn.data.tables import Array, Table

PositiveOrZero = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Range = Annotated[list[FiniteFloat], Field(min_length=2, max_length=2)]


class NumericColumn(FillingColumn):
    """x' = clip(f(x)) of a number x; the members give f and its inverse. A missing x is filled first.

    The order: fill (in the column's units), then f, then clip; an indicator beside it is 0 or 1, and never clipped.
    """

    setting = "{type: number, missing: median}"

    fill: FiniteFloat | None = Field(None, description="Stands for a missing value; null: a missing value is refused.")
    clip: Range | None = Field(None, description="The least and the largest x'.")

    @property
    def width(self) -> int:
        """One, and one for the indicator."""
        return 1 + self.indicator

    @property
    def names(self) -> list[str]:
        """`age`, `age is missing`."""
        return [self.name, *self.indicator_names()]

    @property
    def fills(self) -> bool:
        """Whether something is filled in."""
        return self.fill is not None

    @property
    def is_plain_number(self) -> bool:
        """It is: an array has no gaps, so an indicator is 0 there."""
        return True

    def encode(self, table: Table, out: Array) -> None:
        """Writes x', and the indicator. A broken cell is an error in a constant column too."""
        mend = "Mend the cell, or train with the column as a category."
        values = table.numbers(self.name, gaps=True, mend=mend)
        gaps = self.gaps(table)
        if self.fill is not None:
            values = np.where(gaps, self.fill, values)
        self.encode_numbers(values, out)
        if self.indicator:
            out[:, 1] = gaps

    def encode_numbers(self, values: Array, out: Array) -> None:
        """Writes x'."""
        with np.errstate(over="ignore"):
            encoded = self.forward(np.asarray(values, np.float64))
        out[:, 0] = self._clipped(encoded)

    def decode(self, values: Array) -> Array:
        """x in float64; NaN where the indicator is above 1/2, for then the value is missing.

        Not exact where x' was clipped: all beyond an end of the range comes back as what lies at that end.
        """
        units = self.backward(self._clipped(values[:, 0].astype(np.float64)))
        return np.where(self.says_missing(values), np.nan, units)

    def _clipped(self, encoded: Array) -> Array:
        if self.clip is None:
            return encoded
        clipped: Array = np.clip(encoded, self.clip[0], self.clip[1])
        return clipped

    def forward(self, values: Array) -> Array:
        """f of numbers (N,) in float64."""
        raise NotImplementedError

    def backward(self, encoded: Array) -> Array:
        """The inverse of f."""
        raise NotImplementedError


class ScaledColumn(NumericColumn):
    """x' = (s(x) - offset) / scale, 0 where scale is 0. The members give s and its inverse."""

    offset: FiniteFloat = Field(description="Subtracted first.")
    scale: PositiveOrZero = Field(description="Divided by. 0: the column was constant, and is always 0.")

    def forward(self, values: Array) -> Array:
        """(s(x) - offset) / scale."""
        if self.scale == 0:
            return np.zeros_like(values)
        scaled: Array = (self.bend(values) - self.offset) / self.scale
        return scaled

    def backward(self, encoded: Array) -> Array:
        """s^-1(x' * scale + offset)."""
        return self.unbend(encoded * self.scale + self.offset)

    def bend(self, values: Array) -> Array:
        """s of numbers (N,)."""
        raise NotImplementedError

    def unbend(self, bent: Array) -> Array:
        """The inverse of s."""
        raise NotImplementedError


class NumberColumn(ScaledColumn):
    """x' = (x - offset) / scale; 0 where scale is 0."""

    type: Literal["number"] = "number"

    @property
    def scaled(self) -> bool:
        """Whether offset or scale does something. Clipping leaves the units."""
        return self.offset != 0 or self.scale != 1

    def bend(self, values: Array) -> Array:
        """x."""
        return values

    def unbend(self, bent: Array) -> Array:
        """x."""
        return bent


def standard(values: Array) -> tuple[float, float]:
    """Mean and standard deviation (of N) in float64; deviation 0 exactly where all values are the same."""
    if values.min() == values.max():
        return float(values.flat[0]), 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        return float(values.mean(dtype=np.float64)), float(values.std(dtype=np.float64))


def min_max(values: Array) -> tuple[float, float]:
    """Minimum and range."""
    with np.errstate(over="ignore"):
        return float(values.min()), float(values.max() - values.min())


def robust(values: Array) -> tuple[float, float]:
    """Median and interquartile range, both by linear interpolation between the sorted values.

    Raises `ValueError` where half of the values or more are equal, so that the range is 0 though they differ.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        low, median, high = np.percentile(values, [25, 50, 75]).tolist()
    if low == high and values.min() < values.max():
        raise ValueError(f"the middle half of the values is {low:g} throughout, so their interquartile range is 0")
    return median, high - low


def finite(numbers: Sequence[float]) -> list[float]:
    """The same numbers. Raises `OverflowError` where one is infinite or NaN."""
    if not np.isfinite(numbers).all():
        raise OverflowError
    return list(numbers)
