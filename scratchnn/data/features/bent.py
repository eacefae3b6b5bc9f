"""Numbers that are bent before they are scaled: logarithm and power."""

from __future__ import annotations

import math
from typing import Literal, Self

import numpy as np
from pydantic import Field, FiniteFloat, model_validator

from scratchnn.data.features.number_column import ScaledColumn
from scratchnn.data.golden_section import minimize
from scratchnn.data.tables import Array

MOST_POWER = 5.0
_TINY = 1e-200  # products with a smaller exponent lose digits; it is as good as 0
_LARGEST = math.log(np.finfo(np.float64).max)  # e to more than this is infinite


class LogColumn(ScaledColumn):
    """x' = (s(x) - offset) / scale with s(x) = sign(x) log(1 + |x|): as x near 0, as its logarithm far from it."""

    type: Literal["log1p"] = "log1p"

    @property
    def scaled(self) -> bool:
        """It is."""
        return True

    def bend(self, values: Array) -> Array:
        """sign(x) log(1 + |x|)."""
        return signed_log(values)

    def unbend(self, bent: Array) -> Array:
        """sign(y) (e^|y| - 1), at most the largest float."""
        units: Array = np.copysign(np.expm1(np.minimum(np.abs(bent), _LARGEST)), bent)
        return units


class PowerColumn(ScaledColumn):
    """x' = (s(x) - offset) / scale with the power transform s of `yeo_johnson`.

    s does not reach every number (for a power below 0 it stays below -1 / power), so an output may stand for none:
    decoding stays within [low - (high - low), high + (high - low)], and is exact there.
    """

    type: Literal["power"] = "power"
    power: FiniteFloat = Field(ge=-MOST_POWER, le=MOST_POWER, description="λ: 1 bends nothing, below 1 compresses.")
    low: FiniteFloat = Field(description="The least number of the training rows.")
    high: FiniteFloat = Field(description="The largest.")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low > self.high:
            raise ValueError("low must be at most high")
        return self

    @property
    def scaled(self) -> bool:
        """It is."""
        return True

    def bend(self, values: Array) -> Array:
        """s(x)."""
        return yeo_johnson(values, self.power)

    def unbend(self, bent: Array) -> Array:
        """s^-1, within the range of the training rows widened by itself on both sides."""
        ends = np.array([2 * self.low - self.high, 2 * self.high - self.low])
        least, most = yeo_johnson(ends, self.power)
        units: Array = np.clip(_unbent(np.clip(bent, least, most), self.power), ends[0], ends[1])
        return units


def signed_log(values: Array) -> Array:
    """sign(x) log(1 + |x|)."""
    logs: Array = np.copysign(np.log1p(np.abs(values)), values)
    return logs


def yeo_johnson(values: Array, power: float) -> Array:
    """((1 + x)^λ - 1) / λ for x >= 0, -((1 - x)^(2 - λ) - 1) / (2 - λ) below; log(1 + x), -log(1 - x) in the limits.

    Source: Yeo and Johnson 2000, "A new family of power transformations to improve normality or symmetry". It rises
    everywhere, with slope 1 at 0; λ = 1 is x itself. Computed with log1p and expm1, so exact for small x.
    """
    logs = np.log1p(np.abs(values))
    exponents = np.where(values >= 0, power, 2 - power)
    with np.errstate(over="ignore"):
        curved = np.divide(np.expm1(exponents * logs), exponents, out=logs.copy(), where=np.abs(exponents) > _TINY)
    bent: Array = np.copysign(curved, values)
    return bent


def _unbent(bent: Array, power: float) -> Array:
    """The inverse of `yeo_johnson`; infinite where there is none."""
    sizes = np.abs(bent)
    exponents = np.where(bent >= 0, power, 2 - power)
    inner = np.maximum(exponents * sizes, -1)
    with np.errstate(divide="ignore", over="ignore"):
        logs = np.divide(np.log1p(inner), exponents, out=sizes.copy(), where=np.abs(exponents) > _TINY)
        units: Array = np.copysign(np.expm1(logs), bent)
    return units


def most_normal_power(values: Array) -> float:
    """The λ in [-5, 5] that makes `yeo_johnson` of these numbers most likely under a normal distribution.

    The log-likelihood is -n/2 log var(s(x)) + (λ - 1) sum sign(x) log(1 + |x|), with mean and variance (of N) at their
    own best. A λ that would round the numbers to nearly one, or overflow, is left out: skewed numbers far from 0 ask
    for it. scikit-learn has the same likelihood; its λ is not bounded so.
    """
    slope = float(signed_log(values).sum())

    def loss(power: float) -> float:
        bent = yeo_johnson(values, power)
        with np.errstate(over="ignore", invalid="ignore"):
            deviation = float(bent.std())
        if not 1e-8 * float(np.abs(bent).max()) < deviation < math.inf:
            return math.inf
        return len(values) * math.log(deviation) - (power - 1) * slope

    return minimize(loss, -MOST_POWER, MOST_POWER, 1e-9)
