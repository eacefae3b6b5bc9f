"""Columns of numbers."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field, FiniteFloat

from scratchnn.data.columns import FittedColumn
from scratchnn.data.features.feature import Feature
from scratchnn.data.tables import Array, Table
from scratchnn.errors import DataError

Scale = Literal["standard", "min_max", "none"]


class NumberColumn(FittedColumn):
    """x' = (x - offset) / scale; 0 where scale is 0."""

    type: Literal["number"] = "number"
    offset: FiniteFloat = Field(description="Subtracted first.")
    scale: Annotated[float, Field(ge=0, allow_inf_nan=False)] = Field(
        description="Divided by. 0: the column was constant, and is always 0."
    )

    @property
    def is_plain_number(self) -> bool:
        """It is."""
        return True

    @property
    def scaled(self) -> bool:
        """Whether offset or scale does something."""
        return self.offset != 0 or self.scale != 1

    def encode(self, table: Table, out: Array) -> None:
        """Writes x'. A constant column stays 0, but a broken cell in it is still an error."""
        self.encode_numbers(table.numbers(self.name), out)

    def encode_numbers(self, values: Array, out: Array) -> None:
        """Writes x'."""
        if self.scale > 0:
            out[:, 0] = (values - self.offset) / self.scale

    def decode(self, values: Array) -> Array:
        """x in float64."""
        units: Array = values[:, 0].astype(np.float64) * self.scale + self.offset
        return units


class Number(Feature):
    """One number: x' = (x - offset) / scale; 0 throughout where the training rows are constant.

    `standard`: mean and standard deviation (of N, not N - 1); `min_max`: minimum and range; `none`: x itself.
    """

    type: Literal["number"] = "number"
    scale: Scale = Field("standard", description="standard (mean 0, deviation 1), min_max (0 to 1) or none.")

    def fit(self, table: Table, name: str, targets: Array | None = None) -> NumberColumn:
        """Takes offset and scale from these rows."""
        values = table.numbers(name)
        if self.scale == "none":
            return NumberColumn(name=name, offset=0.0, scale=1.0)
        offset, scale = (standard if self.scale == "standard" else min_max)(values)
        if not np.isfinite([offset, scale]).all():
            hint = f"Divide the column by a large number, or set data.features.{name}: ignore."
            raise DataError("the numbers are too large to scale", where=f"{table.where}:{name}", hint=hint)
        return NumberColumn(name=name, offset=offset, scale=scale)


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
