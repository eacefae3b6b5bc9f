"""Metrics on the class that is called the most probable, or on the few that are."""

from __future__ import annotations

import math
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from scratchnn.nn.memory import Array
from scratchnn.nn.metrics.metric import Metric, Task
from scratchnn.nn.metrics.scored import Scored


class Accuracy(Metric):
    """The share of samples, or of the tokens of a text, whose most probable class is the true one."""

    type: Literal["accuracy"] = "accuracy"
    tasks: ClassVar[tuple[Task, ...]] = ("classification", "language_modeling")

    def compute(self, scored: Scored) -> float:
        """The figure, from 0 to 1."""
        return float(scored.mean(scored.right))


class TopKAccuracy(Metric):
    """The share of samples whose true class is among the k most probable.

    As scikit-learn: of equal probabilities the later class is the more probable, but of two classes the earlier.
    """

    type: Literal["top_k_accuracy"] = "top_k_accuracy"
    k: int = Field(ge=1, description="How many classes may be named.")

    @property
    def name(self) -> str:
        """Such as top_5_accuracy."""
        return f"top_{self.k}_accuracy"

    def compute(self, scored: Scored) -> float:
        """The figure, from 0 to 1."""
        if self.k >= scored.class_count:
            scored.note(f"{self.name} is 1 whatever is predicted: there are {scored.class_count} classes")
            return 1.0
        if scored.class_count == 2:
            return float(scored.mean(scored.right))
        return float(scored.mean(scored.once("classes above", lambda: self._above(scored)) < self.k))

    def _above(self, scored: Scored) -> Array:
        """How many classes are more probable than the true one `(N,)`; all where its probability is NaN."""
        own = np.take_along_axis(scored.predictions, scored.targets[:, None], axis=1)
        later = np.arange(scored.class_count) > scored.targets[:, None]
        above = ~(scored.predictions <= own) | ((scored.predictions == own) & later)
        return np.asarray(np.count_nonzero(above, axis=1))


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


class CohenKappa(Metric):
    """1 - errors / errors expected by chance: of labels with these shares that have nothing to do with the true ones.

    With t true samples, p predicted ones and h hits of each class of n samples: (n sum h - sum t p) / (n^2 - sum t p).
    NaN where all samples are of one class and called it (0/0), as in scikit-learn. Source: Cohen 1960.
    """

    type: Literal["cohen_kappa"] = "cohen_kappa"

    def compute(self, scored: Scored) -> float:
        """The figure, from -1 to 1; 0 for guessing."""
        true, predicted, hits = scored.counts
        if np.count_nonzero(true + predicted) < 2:
            scored.note("cohen_kappa has no value: all samples are of one class, and called it")
            return math.nan
        if min(map(np.count_nonzero, (true, predicted))) < 2:  # by chance alone, but for rounding
            return 0.0
        total = float(np.add.reduce(true))
        chance = float(np.dot(true, predicted))
        return (total * float(np.add.reduce(hits)) - chance) / (total**2 - chance)


class MatthewsCorrelation(Metric):
    """Matthews' correlation coefficient of true and predicted classes, for two classes or more.

    With t true samples, p predicted ones and h hits of each class of n samples:
    (n sum h - sum t p) / sqrt((n^2 - sum p^2) (n^2 - sum t^2)). 0/0, where one class alone is true or predicted, is 0.
    Source: Gorodkin 2004.
    """

    type: Literal["matthews_corrcoef"] = "matthews_corrcoef"

    def compute(self, scored: Scored) -> float:
        """The figure, from -1 to 1; 0 for guessing."""
        true, predicted, hits = scored.counts
        for counts, word in ((true, "true"), (predicted, "predicted")):
            if np.count_nonzero(counts) < 2:
                scored.note(f"matthews_corrcoef is 0/0, taken as 0: only one class is {word}")
                return 0.0
        total = float(np.add.reduce(true))
        both = total * float(np.add.reduce(hits)) - float(np.dot(true, predicted))
        spread = [total**2 - float(np.dot(counts, counts)) for counts in (true, predicted)]
        return both / math.sqrt(spread[0] * spread[1])


class ConfusionMatrix(Metric):
    """How often each true class (row) was taken for each class (column); sums of weights where there are weights."""

    type: Literal["confusion_matrix"] = "confusion_matrix"
    scalar: ClassVar[bool] = False

    def compute(self, scored: Scored) -> list[list[float]]:
        """C lists of C numbers."""
        made: list[list[float]] = scored.confusion.tolist()
        return made
