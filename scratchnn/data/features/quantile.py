"""Numbers by their rank: the empirical quantiles of the training rows."""

from __future__ import annotations

from statistics import NormalDist
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, FiniteFloat, model_validator

from scratchnn.data.features.number_column import NumericColumn
from scratchnn.data.tables import Array

MOST_QUANTILES = 1000
LOWEST = 1e-7 - 2.0**-52  # the probability of the ends, as in scikit-learn; +-5.2 deviations
_NORMAL = NormalDist()


class QuantileColumn(NumericColumn):
    """x' = Φ^-1(p(x)), p the share of the training rows below x: N(0, 1) whatever the column's distribution.

    p rises linearly between the quantiles; where several are equal it is the middle of their probabilities. The least
    and the largest of the training rows, and all beyond them, have the p `LOWEST` and 1 - `LOWEST`, so x' lies within
    5.2. So does scikit-learn 1.9, but it counts what is nearer than 1e-7 to an extreme as that. Decoding inverts p.
    """

    type: Literal["quantile"] = "quantile"
    quantiles: Annotated[list[FiniteFloat], Field(min_length=2, max_length=MOST_QUANTILES)] = Field(
        description="Values at probabilities that are evenly spaced from 0 to 1, ascending."
    )

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        if self.quantiles != sorted(self.quantiles) or self.quantiles[0] == self.quantiles[-1]:
            raise ValueError("quantiles must ascend")
        return self

    @property
    def scaled(self) -> bool:
        """It is."""
        return True

    def forward(self, values: Array) -> Array:
        """Φ^-1(p(x)). p is the mean of both directions of interpolation: they differ where quantiles are equal."""
        quantiles = np.array(self.quantiles)
        share = np.linspace(0, 1, len(quantiles))
        upper = np.interp(values, quantiles, share)
        lower = -np.interp(-values, -quantiles[::-1], -share[::-1])
        p = np.where(values <= quantiles[0], 0, np.where(values >= quantiles[-1], 1, (upper + lower) / 2))
        p = np.clip(p, LOWEST, 1 - LOWEST)
        return np.fromiter(map(_NORMAL.inv_cdf, p.tolist()), np.float64, len(p))

    def backward(self, encoded: Array) -> Array:
        """The quantile of Φ(x'); the ends exactly, also after rounding to float32."""
        p = np.fromiter(map(_NORMAL.cdf, encoded.tolist()), np.float64, len(encoded))
        p = np.where(p <= 1.001 * LOWEST, 0, np.where(p >= 1 - 1.001 * LOWEST, 1, p))
        return np.interp(p, np.linspace(0, 1, len(self.quantiles)), self.quantiles)


def quantiles_of(values: Array) -> list[float]:
    """As many quantiles as there are values, at most 1000, by linear interpolation between the sorted values."""
    share = np.linspace(0, 1, min(len(values), MOST_QUANTILES)) * 100
    with np.errstate(over="ignore", invalid="ignore"):
        found: list[float] = np.maximum.accumulate(np.percentile(values, share)).tolist()
    return found
