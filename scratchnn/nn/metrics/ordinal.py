"""Metrics on classes in an order. The rank of a class is its place in it, from 0."""

from __future__ import annotations

import math
from typing import ClassVar, Literal

import numpy as np

from scratchnn.nn.metrics.metric import Metric, Task
from scratchnn.nn.metrics.scored import Scored


class OrdinalMetric(Metric):
    """The base of metrics that see how far a class is from another one in the order."""

    tasks: ClassVar[tuple[Task, ...]] = ("ordinal",)


class RankMeanAbsoluteError(OrdinalMetric):
    """Mean of |rank of the true class - rank of the most probable one|: by how many classes a prediction is off."""

    type: Literal["rank_mae"] = "rank_mae"
    higher_is_better: ClassVar[bool] = False

    def compute(self, scored: Scored) -> float:
        """The figure, from 0 to C - 1."""
        return float(scored.mean(np.abs(scored.targets - scored.labels)))


class QuadraticWeightedKappa(OrdinalMetric):
    """Agreement beyond chance: 1 - sum w O / sum w E with w[i, j] = (i - j)^2 for the ranks i and j.

    O is the confusion matrix, E what it would be if predictions knew nothing: (row sum) (column sum) / N. 1 where all
    are right, 0 for chance, below 0 for less. NaN where every true and every predicted class is one and the same. As
    scikit-learn's `cohen_kappa_score` with quadratic weights and the labels of the training. Source: Cohen 1968.
    """

    type: Literal["quadratic_weighted_kappa"] = "quadratic_weighted_kappa"

    def compute(self, scored: Scored) -> float:
        """The figure, at most 1."""
        observed = np.asarray(scored.confusion, np.float64)
        ranks = np.arange(len(observed))
        far = (ranks[:, None] - ranks) ** 2
        rows, columns = np.add.reduce(observed, axis=1), np.add.reduce(observed, axis=0)
        chance = float(rows @ far @ columns)
        if chance == 0:
            scored.note("quadratic_weighted_kappa has no value: all rows are of one class and said to be")
            return math.nan
        return 1 - float(np.add.reduce(observed * far, axis=None)) * float(np.add.reduce(rows)) / chance
