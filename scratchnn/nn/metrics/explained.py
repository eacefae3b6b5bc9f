"""Metrics on how predictions go along with the targets, whatever the units."""

from __future__ import annotations

import math
from functools import partial
from typing import Literal

import numpy as np

from scratchnn.nn.memory import Array
from scratchnn.nn.metrics.regression import RegressionMetric
from scratchnn.nn.metrics.scored import Scored

ROUNDING = 1e-14  # what both sums are off by


class Explained(RegressionMetric):
    """The base of 1 - what is left / what there was, both squares summed over the rows; 0 where that is rounding."""

    def explained(self, scored: Scored, left: Array) -> float:
        """The mean over the columns; `left` is the mean of the squares `(K,)` that are left."""
        spread = scored.mean(_deviations(scored, scored.truth) ** 2)
        if scored.pooled:
            left, spread = np.mean(left, keepdims=True), np.mean(spread, keepdims=True)
        flat = spread == 0
        if flat.any():
            name = self.name
            scored.note(f"{name}: the targets of a column are all equal, so it counts 1 if predicted exactly, else 0")
        shares = np.where(flat, left == 0, 1 - left / np.where(flat, 1, spread))
        shares = np.where(np.abs(shares) < ROUNDING, 0.0, shares)
        return float(np.mean(np.where(np.isnan(left), np.nan, shares)))


class RSquared(Explained):
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
        return self.explained(scored, scored.mean(errors**2))


class ExplainedVariance(Explained):
    """1 - variance of (target - prediction) / variance of the target: r2 that forgives a constant error.

    Its edges, several columns and a reconstruction are as those of r2, but that a single row counts 1, as in
    scikit-learn.
    """

    type: Literal["explained_variance"] = "explained_variance"

    def compute(self, scored: Scored) -> float:
        """The figure, at most 1."""
        return self.explained(scored, scored.mean(_deviations(scored, scored.errors) ** 2))


class Correlation(RegressionMetric):
    """The base of correlations. A column of equal numbers has none: it is left out; NaN where no column is left.

    Of a reconstruction, covariances and variances are summed over the columns, each around the mean of its own.
    """

    def correlation(self, scored: Scored, x: Array, y: Array) -> float:
        """cov(x, y) / sqrt(var(x) var(y)) for x and y `(N, K)`, the mean over the columns."""
        varies = _varies(scored, x) & _varies(scored, y)
        x, y = (np.where(varies, part - scored.mean(part), 0) for part in (x, y))
        both, of_x, of_y = scored.mean(x * y), scored.mean(x * x), scored.mean(y * y)
        if scored.pooled:
            both, of_x, of_y = (np.mean(part, keepdims=True) for part in (both, of_x, of_y))
        size = np.sqrt(of_x) * np.sqrt(of_y)
        flat = size == 0
        if flat.all():
            scored.note(f"{self.name} has no value: the targets or the predictions are all equal")
            return math.nan
        if flat.any():
            scored.note(f"{self.name} leaves out columns whose targets or predictions are all equal")
        return float(np.mean(np.clip(both[~flat] / size[~flat], -1, 1)))


class Pearson(Correlation):
    """Pearson's correlation of targets and predictions: 1 where one is a rising line in the other.

    As SciPy's `pearsonr`; scikit-learn has none. Source: Pearson 1895.
    """

    type: Literal["pearson"] = "pearson"

    def compute(self, scored: Scored) -> float:
        """The figure, from -1 to 1."""
        return self.correlation(scored, scored.truth, scored.numbers)


class Spearman(Correlation):
    """Spearman's correlation: Pearson's of the ranks in each column, equal numbers having the mean of their ranks.

    1 where predictions rise with the targets, however. A weight of 2 takes two ranks. As SciPy's `spearmanr`;
    scikit-learn has none. Source: Spearman 1904.
    """

    type: Literal["spearman"] = "spearman"

    def compute(self, scored: Scored) -> float:
        """The figure, from -1 to 1."""
        return self.correlation(scored, self._ranks(scored, "truth"), self._ranks(scored, "numbers"))

    def _ranks(self, scored: Scored, which: Literal["truth", "numbers"]) -> Array:
        """The ranks `(N, K)`, from 0; NaN in columns with a NaN."""
        values = scored.truth if which == "truth" else scored.numbers
        ranks = np.empty_like(values)
        for column in range(values.shape[1]):
            make = partial(np.unique, values[:, column], return_inverse=True)
            levels, level = scored.once(("levels", which, column), make)
            masses = np.bincount(level, scored.weights, len(levels))
            ranks[:, column] = (np.cumsum(masses) - masses / 2)[level]
            if np.isnan(levels[-1]):
                ranks[:, column] = math.nan
        return ranks


def _deviations(scored: Scored, values: Array) -> Array:
    """Values less the mean of their column `(N, K)`; 0 where the column does not vary."""
    return np.where(_varies(scored, values), values - scored.mean(values), 0)


def _varies(scored: Scored, values: Array) -> Array:
    """Whether a column's numbers in rows with a weight are not all equal `(K,)`.

    Their mean is off by rounding, so that equal numbers would seem to vary around it.
    """
    counted = values if scored.weights is None else values[scored.weights > 0]
    return np.asarray(np.ptp(counted, axis=0) != 0)
