"""Metrics on the order in which probabilities put the samples."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from scratchnn.errors import DataError
from scratchnn.nn.metrics.metric import Metric
from scratchnn.nn.metrics.scored import Scored


class RocAuc(Metric):
    """Area under the ROC curve: how probably a random positive sample scores above a random negative one, ties half.

    Two classes: the second is positive. More: the mean over the classes, each against the rest. A class without rows,
    or without rows of others, is left out; NaN where none is left. Source: Hanley and McNeil 1982.
    """

    type: Literal["roc_auc"] = "roc_auc"

    def compute(self, scored: Scored) -> float:
        """The figure, from 0 to 1; 0.5 for guessing."""
        if scored.class_count < 2:
            raise DataError("roc_auc needs at least two classes", hint="Leave it out of the metrics.")
        classes = [1] if scored.class_count == 2 else range(scored.class_count)
        areas = np.array([self.area(scored, k) for k in classes])
        undefined = np.isnan(areas)
        if undefined.all():
            scored.note("roc_auc has no value: there is only one class, or predictions are not numbers")
            return math.nan
        if undefined.any():
            scored.note(f"roc_auc leaves out classes without rows: {scored.names(np.flatnonzero(undefined))}")
        return float(np.mean(areas[~undefined]))

    def area(self, scored: Scored, positive: int) -> float:
        """The area of one class against the rest; NaN where either has no weight or a score is NaN."""
        scores, weights = scored.predictions[:, positive], scored.weights
        is_positive = scored.targets == positive
        levels, level = np.unique(scores, return_inverse=True)
        if np.isnan(levels[-1]):
            return math.nan
        weights = np.ones(len(scores)) if weights is None else weights
        positives = np.bincount(level, weights * is_positive, len(levels))
        negatives = np.bincount(level, weights * ~is_positive, len(levels))
        pairs = float(np.add.reduce(positives) * np.add.reduce(negatives))
        below = np.cumsum(negatives) - negatives / 2
        return float(np.dot(positives, below)) / pairs if pairs else math.nan
