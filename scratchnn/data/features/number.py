"""Columns of numbers."""

from __future__ import annotations

from typing import Literal, Self

import numpy as np
from pydantic import Field, FiniteFloat, model_validator
from pydantic_core import PydanticCustomError

from scratchnn.data.features.bent import LogColumn, PowerColumn, most_normal_power, signed_log, yeo_johnson
from scratchnn.data.features.feature import Feature
from scratchnn.data.features.filling import refuse_gaps
from scratchnn.data.features.number_column import (
    NumberColumn,
    NumericColumn,
    Range,
    finite,
    min_max,
    robust,
    standard,
)
from scratchnn.data.features.quantile import QuantileColumn, quantiles_of
from scratchnn.data.tables import Array, Table
from scratchnn.errors import DataError

__all__ = ["Number", "NumberColumn", "standard"]

Scale = Literal["standard", "min_max", "robust", "quantile", "power", "log1p", "none"]
Missing = Literal["refuse", "mean", "median", "constant", "drop_row", "indicator"]


class Number(Feature):
    """One number, scaled by what the training rows hold; 0 throughout where they are constant.

    `scale`, with x' = (x - offset) / scale where nothing else is said:

    - `standard`: mean and standard deviation (of N, not N - 1);
    - `min_max`: minimum and range, so 0 to 1;
    - `robust`: median and interquartile range (percentiles by linear interpolation), which outliers hardly move;
    - `quantile`: Φ^-1 of the share of training rows below x, from at most 1000 quantiles of all of them: N(0, 1) for
      any distribution, within 5.2. As scikit-learn's QuantileTransformer to a normal distribution, without its
      subsample;
    - `power`: the Yeo-Johnson transform whose λ in [-5, 5] makes the training rows most likely normal, then `standard`;
    - `log1p`: sign(x) log(1 + |x|), then `standard`;
    - `none`: x itself.

    `missing`: `mean`, `median` and `constant` (`fill`) stand for an absent value. `indicator` is the median, with one
    more input that is 1 where the value is absent. `drop_row` leaves rows without a value out of training and
    judging; a prediction takes the median for them. Scales, mean and median are those of the values that are there.
    The order is: fill, scale, clip.
    """

    type: Literal["number"] = "number"
    scale: Scale = Field(
        "standard",
        description="standard (mean 0, deviation 1), min_max (0 to 1), robust (median, interquartile range), quantile "
        "(normal by rank), power (Yeo-Johnson), log1p (logarithm of both signs) or none.",
    )
    missing: Missing = Field(
        "refuse",
        description="A cell without a value is refused, filled by mean, median or constant, flagged (indicator), or "
        "its row is left out (drop_row).",
    )
    fill: FiniteFloat | None = Field(None, description="The number for `missing: constant`, in the column's units.")
    clip: Range | None = Field(None, description="[least, largest] of the scaled number; null: as it comes.")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.missing == "constant") != (self.fill is not None):
            message = "`missing: constant` needs `fill`, the number to take, and only it does."
            raise PydanticCustomError("feature", message)
        if self.clip is not None and self.clip[0] >= self.clip[1]:
            raise PydanticCustomError("feature", "`clip` must be [least, largest], the least one below the largest.")
        return self

    def fit(self, table: Table, name: str, targets: Array | None = None) -> NumericColumn:
        """Takes the scale and what stands for missing values from the values that are there."""
        values = table.numbers(name, gaps=True, mend="Mend the cell, or make the column a category.")
        gaps = np.isnan(values)
        if self.missing == "refuse":
            refuse_gaps(table, name, gaps, NumericColumn.setting)
        known = values[~gaps]
        if not len(known):
            hint = f"Set data.features.{name}: ignore."
            raise DataError("no training row has a value", where=f"{table.where}:{name}", hint=hint)
        try:
            column = self._scaled(known, name)
            fill = None if self.missing == "refuse" else finite([self._fill(known)])[0]
        except OverflowError:
            hint = f"Divide the column by a large number, or set data.features.{name}: ignore."
            raise DataError("the numbers are too large to scale", where=f"{table.where}:{name}", hint=hint) from None
        except ValueError as error:
            hint = f"Set data.features.{name}: {{type: number, scale: standard}}, or scale: quantile."
            raise DataError(str(error), where=f"{table.where}:{name}", hint=hint) from None
        indicator = self.missing == "indicator"
        return column.model_copy(update={"fill": fill, "indicator": indicator, "clip": self.clip})

    def drops(self, table: Table, name: str) -> Array:
        """With `drop_row` those without a value."""
        return table.gaps(name) if self.missing == "drop_row" else super().drops(table, name)

    def _fill(self, known: Array) -> float:
        if self.fill is not None:
            return self.fill
        with np.errstate(over="ignore"):
            return float(known.mean() if self.missing == "mean" else np.median(known))

    def _scaled(self, known: Array, name: str) -> NumericColumn:
        """Raises `OverflowError`, or `ValueError` with the reason."""
        if self.scale == "none":
            return NumberColumn(name=name, offset=0.0, scale=1.0)
        if known.min() == known.max():
            return NumberColumn(name=name, offset=float(known[0]), scale=0.0)
        if self.scale == "quantile":
            quantiles = quantiles_of(known)
            finite([*quantiles, quantiles[-1] - quantiles[0]])
            return QuantileColumn(name=name, quantiles=quantiles)
        if self.scale == "power":
            low, high = float(known.min()), float(known.max())
            finite([2 * low - high, 2 * high - low])
            power = most_normal_power(known)
            offset, scale = finite(standard(yeo_johnson(known, power)))
            return PowerColumn(name=name, offset=offset, scale=scale, power=power, low=low, high=high)
        if self.scale == "log1p":
            offset, scale = finite(standard(signed_log(known)))
            return LogColumn(name=name, offset=offset, scale=scale)
        measure = {"standard": standard, "min_max": min_max, "robust": robust}[self.scale]
        offset, scale = finite(measure(known))
        return NumberColumn(name=name, offset=offset, scale=scale)
