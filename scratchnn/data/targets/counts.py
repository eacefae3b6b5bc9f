"""Counts: whole numbers of 0 or more."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

import numpy as np

from scratchnn.data.tables import Array
from scratchnn.data.targets.numbers import NumberTarget, raw_numbers
from scratchnn.data.targets.target import Rows, TargetRules, place_of
from scratchnn.errors import DataError


class Counts(NumberTarget):
    """How often something happened, as it is in the data: never scaled. Predictions are rates, numbers of 0 or more."""

    type: Literal["count"] = "count"
    what: ClassVar[str] = "the target is a count"

    @classmethod
    def fit(cls, data: Rows, names: list[str], rules: TargetRules) -> Self:
        """There is nothing to learn of them but that they are counts."""
        rules.refuse_order("the target is a count", data.where)
        return cls(names=names)

    def numbers(self, data: Rows) -> Array:
        """The counts (N, K), float64."""
        values = raw_numbers(data, self.names)
        wrong = np.argwhere((values < 0) | (values != np.floor(values)))
        if len(wrong):
            row, column = wrong[0].tolist()
            kind = "is below 0" if values[row, column] < 0 else "is a fraction"
            hint = "Counts are whole numbers of 0 or more. Mend the row, or set data.task: regression."
            place = place_of(data, row, self.names, column)
            raise DataError(f"{values[row, column]:.12g} {kind}, but the target is a count", where=place, hint=hint)
        return values
