"""Metrics on numbers, in the target's own units."""

from __future__ import annotations

import math
from typing import ClassVar, Literal

import numpy as np

from scratchnn.nn.metrics.metric import Metric, Task
from scratchnn.nn.metrics.scored import Scored


class RegressionMetric(Metric):
    """The base of metrics on numbers; of several columns they are the mean over the columns.

    Of a reconstruction they are over all numbers together, on the scale that the network sees.
    """

    tasks: ClassVar[tuple[Task, ...]] = ("regression",)


class MeanSquaredError(RegressionMetric):
    """Mean of (target - prediction)^2."""

    type: Literal["mse"] = "mse"
    higher_is_better: ClassVar[bool] = False

    def compute(self, scored: Scored) -> float:
        """The figure, at least 0."""
        return float(np.mean(scored.mean(scored.errors**2)))


class RootMeanSquaredError(RegressionMetric):
    """Square root of the mean squared error, in the target's units; taken in each column, then averaged.

    Of a reconstruction it is taken once, of the mean over all numbers.
    """

    type: Literal["rmse"] = "rmse"
    higher_is_better: ClassVar[bool] = False

    def compute(self, scored: Scored) -> float:
        """The figure, at least 0."""
        squares = scored.mean(scored.errors**2)
        return math.sqrt(np.mean(squares)) if scored.pooled else float(np.mean(np.sqrt(squares)))


class MeanAbsoluteError(RegressionMetric):
    """Mean of |target - prediction|, in the target's units."""

    type: Literal["mae"] = "mae"
    higher_is_better: ClassVar[bool] = False

    def compute(self, scored: Scored) -> float:
        """The figure, at least 0."""
        return float(np.mean(scored.mean(np.abs(scored.errors))))


class RSquared(RegressionMetric):
    """1 - sum (target - prediction)^2 / sum (target - mean target)^2: the share of the variance that is explained.

    At most 1; 0 for always predicting the mean. A column whose targets are all equal counts 1 where it is predicted
    exactly and 0 otherwise. NaN for a single row. Several columns are averaged (scikit-learn's `uniform_average`). Of a
    reconstruction both sums are over all numbers, each beside the mean of its own column: scikit-learn's
    `variance_weighted`, but that errors in columns whose targets are all equal count too.
    """

    type: Literal["r2"] = "r2"

    def compute(self, scored: Scored) -> float:
        """The figure, at most 1."""
        errors = scored.errors
        if len(errors) < 2:
            scored.note("r2 has no value on a single row")
            return math.nan
        left = scored.mean(errors**2)
        spread = scored.mean((scored.truth - scored.mean(scored.truth)) ** 2)
        if scored.pooled:
            left, spread = np.mean(left, keepdims=True), np.mean(spread, keepdims=True)
        flat = spread == 0
        if flat.any():
            scored.note("r2: the targets of a column are all equal, so it counts 1 if predicted exactly, else 0")
        shares = np.where(flat, left == 0, 1 - left / np.where(flat, 1, spread))
        return float(np.mean(np.where(np.isnan(left), np.nan, shares)))
