"""Numbers: one or several for each sample, in units of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal, Self

import numpy as np
from numpy.typing import DTypeLike
from pydantic import Field, FiniteFloat, model_validator

from scratchnn.data.features.number_column import standard
from scratchnn.data.tables import Array, Table
from scratchnn.data.targets.target import FittedTarget, Rows, Seen, TargetRules, names_ahead, own_targets, place_of
from scratchnn.errors import DataError


class NumberTarget(FittedTarget):
    """The base of targets that are numbers (N, K)."""

    is_number: ClassVar[bool] = True
    what: ClassVar[str] = "the target is a number"

    names: list[str] = Field(min_length=1, description="The columns of the numbers.")

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        if len(set(self.names)) < len(self.names):
            raise ValueError("targets must be distinct")
        return self

    @classmethod
    def seen(cls, data: Rows, names: list[str], rules: TargetRules) -> Seen:
        """The numbers of each column."""
        return dict(zip(names, raw_numbers(data, names).T, strict=True))

    def encode(self, data: Rows, dtype: DTypeLike = np.float32) -> Array:
        """The numbers (N, K) on the scale of the training."""
        values = self.numbers(data)
        if values.shape[1] != len(self.names):
            raise DataError(f"{values.shape[1]} targets a sample, expected {len(self.names)}", where=data.where)
        with np.errstate(over="ignore"):
            out = np.ascontiguousarray(self.scale(values), dtype)
        finite = np.isfinite(out)
        if not finite.all():
            row, column = np.argwhere(~finite)[0].tolist()
            place = place_of(data, row, self.names, column)
            raise DataError(f"a target is too large for {out.dtype}", where=place, hint="Use other units.")
        return out

    def numbers(self, data: Rows) -> Array:
        """The numbers (N, K) as they are in the data, float64."""
        return raw_numbers(data, self.names)

    def scale(self, values: Array) -> Array:
        """Numbers (N, K) in float64 as a network learns them."""
        return values

    def spread(self, values: Array) -> Array:
        """Deviations (N, K) on the scale of the network in the targets' own units, float64."""
        return np.asarray(values, np.float64)

    def as_in_data(self, data: Rows) -> Array:
        """The numbers, not scaled."""
        return self.numbers(data)

    def ahead(self, steps: int) -> Self:
        """The same numbers in each of the next rows."""
        return self.model_copy(update={"names": names_ahead(self.names, steps)})

    def decode(self, values: Array) -> Array:
        """In the targets' own units, float64."""
        return np.asarray(values, np.float64)


class Numbers(NumberTarget):
    """y' = (y - offset) / scale for each column."""

    type: Literal["regression"] = "regression"
    offset: list[FiniteFloat] = Field(description="Subtracted from each target.")
    width: list[Annotated[float, Field(gt=0, allow_inf_nan=False)]] = Field(description="Divides each target.")

    @model_validator(mode="after")
    def _lengths(self) -> Self:
        if not len(self.names) == len(self.offset) == len(self.width):
            raise ValueError("each target needs an offset and a width")
        return self

    @classmethod
    def fit(cls, data: Rows, names: list[str], rules: TargetRules) -> Self:
        """Mean and deviation of each column, unless the rules leave targets as they are."""
        rules.refuse_order("the target is a number", data.where)
        values = raw_numbers(data, names)
        scales = [standard(column) if rules.scale == "standard" else (0.0, 1.0) for column in values.T]
        if not np.isfinite(scales).all():
            raise DataError("the targets are too large to scale", where=data.where, hint="Use other units.")
        return cls(
            names=names, offset=[offset for offset, _ in scales], width=[deviation or 1.0 for _, deviation in scales]
        )

    @property
    def scaled(self) -> bool:
        """Whether some column is."""
        return any(self.offset) or any(width != 1 for width in self.width)

    def scale(self, values: Array) -> Array:
        """y'."""
        scaled: Array = (values - np.array(self.offset)) / np.array(self.width)
        return scaled

    def ahead(self, steps: int) -> Self:
        """The same columns in each of the next rows, on their scales."""
        scales = {"offset": self.offset * steps, "width": self.width * steps}
        return super().ahead(steps).model_copy(update=scales)

    def spread(self, values: Array) -> Array:
        """Times the width."""
        spread: Array = np.asarray(values, np.float64) * np.array(self.width)
        return spread

    def decode(self, values: Array) -> Array:
        """y' width + offset."""
        units: Array = np.asarray(values, np.float64) * np.array(self.width) + np.array(self.offset)
        return units


def raw_numbers(data: Rows, names: Sequence[str]) -> Array:
    """The targets as numbers (N, K), float64."""
    if isinstance(data, Table):
        return np.stack([data.numbers(name) for name in names], axis=1)
    targets = own_targets(data)
    if targets.dtype.kind == "U":
        hint = "Set data.task: classification."
        raise DataError("the targets are texts, not numbers", where=data.where, hint=hint)
    return targets.astype(np.float64).reshape(len(targets), -1)
