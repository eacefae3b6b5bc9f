"""Metrics on the errors of numbers, most in the target's own units."""

from __future__ import annotations

import math
from typing import ClassVar, Literal

import numpy as np

from scratchnn.nn.memory import Array
from scratchnn.nn.metrics.metric import Metric, Task
from scratchnn.nn.metrics.scored import Scored


class RegressionMetric(Metric):
    """The base of metrics on numbers; of several columns they are the mean over the columns.

    Of a reconstruction they are over all numbers together, on the scale that the network sees.
    """

    tasks: ClassVar[tuple[Task, ...]] = ("regression",)

    def no_value(self, scored: Scored, wrong: Array, expected: str) -> float:
        """NaN for predictions of which some are `wrong` `(N, K)`, and the note that says so."""
        row, column = np.argwhere(wrong)[0].tolist()
        got = f"it needs {expected}, and a prediction is {scored.numbers[row, column]:.6g}"
        scored.note(f"{self.name} has no value: {got}. A loss such as poisson or gamma prevents that")
        return math.nan


class MeanSquaredError(RegressionMetric):
    """Mean of (target - prediction)^2."""

    type: Literal["mse"] = "mse"
    higher_is_better: ClassVar[bool | None] = False

    def compute(self, scored: Scored) -> float:
        """The figure, at least 0."""
        return float(np.mean(scored.mean(scored.errors**2)))


class RootMeanSquaredError(RegressionMetric):
    """Square root of the mean squared error, in the target's units; taken in each column, then averaged.

    Of a reconstruction it is taken once, of the mean over all numbers.
    """

    type: Literal["rmse"] = "rmse"
    higher_is_better: ClassVar[bool | None] = False

    def compute(self, scored: Scored) -> float:
        """The figure, at least 0."""
        squares = scored.mean(scored.errors**2)
        return math.sqrt(np.mean(squares)) if scored.pooled else float(np.mean(np.sqrt(squares)))


class MeanAbsoluteError(RegressionMetric):
    """Mean of |target - prediction|, in the target's units."""

    type: Literal["mae"] = "mae"
    higher_is_better: ClassVar[bool | None] = False

    def compute(self, scored: Scored) -> float:
        """The figure, at least 0."""
        return float(np.mean(scored.mean(np.abs(scored.errors))))


class MaxError(RegressionMetric):
    """Largest |target - prediction|, in the target's units.

    Rows of weight 0 do not count; other weights change nothing. scikit-learn's takes one column and no weights.
    """

    type: Literal["max_error"] = "max_error"
    higher_is_better: ClassVar[bool | None] = False

    def compute(self, scored: Scored) -> float:
        """The figure, at least 0."""
        sizes = scored.once("absolute errors", lambda: np.abs(scored.errors))
        largest = np.max(sizes if scored.weights is None else sizes[scored.weights > 0], axis=0)
        return float(np.max(largest) if scored.pooled else np.mean(largest))


class MedianAbsoluteError(RegressionMetric):
    """Median of |target - prediction|, in the target's units: half of the weight lies at or below it.

    Where exactly half of it does, the mean of that error and the next. As scikit-learn's.
    """

    type: Literal["median_absolute_error"] = "median_absolute_error"
    higher_is_better: ClassVar[bool | None] = False

    def compute(self, scored: Scored) -> float:
        """The figure, at least 0."""
        columns = scored.once("sorted absolute errors", lambda: _sorted_sizes(scored))
        weights = scored.weights
        return float(np.mean([_median(sizes, None if weights is None else weights[rows]) for sizes, rows in columns]))


class MeanAbsolutePercentageError(RegressionMetric):
    """Mean of |target - prediction| / |target|: 0.1 is 10 %.

    As scikit-learn, the denominator is at least 2.2e-16, so that a target of 0 makes it huge.
    """

    type: Literal["mape"] = "mape"
    higher_is_better: ClassVar[bool | None] = False
    usual: ClassVar[bool] = False

    def compute(self, scored: Scored) -> float:
        """The figure, at least 0."""
        if zeros := int(np.count_nonzero(scored.truth == 0)):
            scored.note(f"mape divides by next to nothing where the target is 0, in {zeros} of {scored.truth.size}")
        sizes = np.maximum(np.abs(scored.truth), np.finfo(np.float64).eps)
        return float(np.mean(scored.mean(np.abs(scored.errors) / sizes)))


class SymmetricMeanAbsolutePercentageError(RegressionMetric):
    """Mean of 2 |target - prediction| / (|target| + |prediction|), where 0/0 is 0.

    From 0 to 2; times 100 it is the sMAPE of the M4 competition. Source: Makridakis 1993.
    """

    type: Literal["smape"] = "smape"
    higher_is_better: ClassVar[bool | None] = False
    usual: ClassVar[bool] = False

    def compute(self, scored: Scored) -> float:
        """The figure, from 0 to 2."""
        sizes = np.abs(scored.truth) + np.abs(scored.numbers)
        shares = 2 * np.abs(scored.errors) / np.where(sizes == 0, 1, sizes)
        return float(np.mean(scored.mean(shares)))


class MeanSquaredLogError(RegressionMetric):
    """Mean of (log(1 + target) - log(1 + prediction))^2, natural logarithm; for numbers above -1.

    A target of -1 or below is refused; such a prediction gives NaN and a note.
    """

    type: Literal["msle"] = "msle"
    higher_is_better: ClassVar[bool | None] = False
    usual: ClassVar[bool] = False

    def check_numbers(self, targets: Array) -> None:
        """Above -1."""
        self.refuse(targets, targets <= -1, "numbers above -1")

    def compute(self, scored: Scored) -> float:
        """The figure, at least 0."""
        self.check_numbers(scored.truth)
        if (wrong := scored.numbers <= -1).any():
            return self.no_value(scored, wrong, "numbers above -1")
        return float(np.mean(scored.mean((np.log1p(scored.truth) - np.log1p(scored.numbers)) ** 2)))


def _sorted_sizes(scored: Scored) -> list[tuple[Array, Array]]:
    """For each column, or for all numbers of a reconstruction, |errors| in ascending order and the row of each."""
    sizes = np.abs(scored.errors)
    columns = [sizes.reshape(-1)] if scored.pooled else list(sizes.T)
    orders = [np.argsort(column, kind="stable") for column in columns]
    width = sizes.shape[1] if scored.pooled else 1
    return [(column[order], order // width) for column, order in zip(columns, orders, strict=True)]


def _median(values: Array, weights: Array | None) -> float:
    """The median of ascending values; NaN where one is."""
    if np.isnan(values[-1]):
        return math.nan
    if weights is None:
        return float(values[(len(values) - 1) // 2] + values[len(values) // 2]) / 2
    values, weights = values[weights > 0], weights[weights > 0]
    reached = np.cumsum(weights, dtype=np.float64)
    half = reached[-1] / 2
    # What is half but for rounding is half.
    lower = np.searchsorted(reached, half * (1 - 1e-12), side="left")
    upper = np.searchsorted(reached, half * (1 + 1e-12), side="right")
    return float(values[lower] + values[min(upper, len(values) - 1)]) / 2
