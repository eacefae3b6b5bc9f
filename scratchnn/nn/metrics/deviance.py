"""Metrics that are twice the distance of a log likelihood from the best there is."""

from __future__ import annotations

import math
from typing import ClassVar, Literal

import numpy as np

from scratchnn.nn.memory import Array
from scratchnn.nn.metrics.regression import RegressionMetric
from scratchnn.nn.metrics.scored import Scored


class PoissonDeviance(RegressionMetric):
    """Mean of 2 (y log(y / m) - y + m) for targets y of at least 0 and predictions m above 0; 0 log 0 is 0.

    A target below 0 is refused; a prediction of 0 or below gives NaN and a note. Source: Nelder and Wedderburn 1972.
    """

    type: Literal["poisson_deviance"] = "poisson_deviance"
    higher_is_better: ClassVar[bool | None] = False
    usual: ClassVar[bool] = False

    def check_numbers(self, targets: Array) -> None:
        """At least 0."""
        self.refuse(targets, targets < 0, "numbers of at least 0")

    def compute(self, scored: Scored) -> float:
        """The figure, at least 0."""
        truth, numbers = scored.truth, scored.numbers
        self.check_numbers(np.where(_rounded(truth), 0, truth))
        truth = np.maximum(truth, 0)
        if (wrong := numbers <= 0).any():
            return self.no_value(scored, wrong, "predictions above 0")
        ratios = np.where(truth == 0, 1, truth / numbers)
        return float(np.mean(scored.mean(2 * (truth * np.log(ratios) - truth + numbers))))


class GammaDeviance(RegressionMetric):
    """Mean of 2 (log(m / y) + y / m - 1) for targets y and predictions m above 0: equal for equal relative errors.

    A target of 0 or below is refused; such a prediction gives NaN and a note. Source: Nelder and Wedderburn 1972.
    """

    type: Literal["gamma_deviance"] = "gamma_deviance"
    higher_is_better: ClassVar[bool | None] = False
    usual: ClassVar[bool] = False

    def check_numbers(self, targets: Array) -> None:
        """Above 0."""
        self.refuse(targets, targets <= 0, "numbers above 0")

    def compute(self, scored: Scored) -> float:
        """The figure, at least 0."""
        truth, numbers = scored.truth, scored.numbers
        if _rounded(truth).any():
            scored.note("gamma_deviance has no value: beside the others a target is too near 0. Set target_scale: none")
            return math.nan
        self.check_numbers(truth)
        if (wrong := numbers <= 0).any():
            return self.no_value(scored, wrong, "predictions above 0")
        return float(np.mean(scored.mean(2 * (np.log(numbers / truth) + truth / numbers - 1))))


def _rounded(truth: Array) -> Array:
    """Which targets are below 0 by so little that they are 0 or more in the data, and were scaled and back."""
    return np.asarray((truth < 0) & (truth > -1e-6 * np.max(np.abs(truth))))
