"""Metrics on the class that is called the most probable."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np

from scratchnn.nn.metrics.metric import Metric, Task
from scratchnn.nn.metrics.scored import Scored


class Accuracy(Metric):
    """The share of samples, or of the tokens of a text, whose most probable class is the true one."""

    type: Literal["accuracy"] = "accuracy"
    tasks: ClassVar[tuple[Task, ...]] = ("classification", "language_modeling")

    def compute(self, scored: Scored) -> float:
        """The figure, from 0 to 1."""
        return float(scored.mean(scored.right))


class BalancedAccuracy(Metric):
    """The mean of the recalls of the classes that occur: 1 / C for guessing, however uneven the classes are."""

    type: Literal["balanced_accuracy"] = "balanced_accuracy"

    def compute(self, scored: Scored) -> float:
        """The figure, from 0 to 1."""
        true, _, hits = scored.counts
        present = true > 0
        if not present.all():
            scored.note(f"balanced_accuracy leaves out classes without rows: {scored.names(np.flatnonzero(~present))}")
        return float(np.mean(hits[present] / true[present]))


class ConfusionMatrix(Metric):
    """How often each true class (row) was taken for each class (column); sums of weights where there are weights."""

    type: Literal["confusion_matrix"] = "confusion_matrix"
    scalar: ClassVar[bool] = False

    def compute(self, scored: Scored) -> list[list[float]]:
        """C lists of C numbers."""
        made: list[list[float]] = scored.confusion.tolist()
        return made
