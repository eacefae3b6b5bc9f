"""Scores of each class, and the ways to make one figure of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from scratchnn.nn.memory import Array
from scratchnn.nn.metrics.metric import Metric, Task
from scratchnn.nn.metrics.scored import Scored


class ClassScore(Metric):
    """The base of scores of each class in their averages.

    Of a class, with tp samples rightly called it, fp wrongly called it and fn wrongly not called it:
    precision tp / (tp + fp), recall tp / (tp + fn), F1 2 tp / (2 tp + fp + fn), the harmonic mean of both.
    """

    score: ClassVar[str]

    @property
    def title(self) -> str:
        """What is averaged, for notes."""
        return self.score

    def parts(self, scored: Scored) -> tuple[Array, Array]:
        """Numerators and denominators of all classes."""
        true, predicted, hits = scored.counts
        if self.score == "precision":
            return hits, predicted
        return (hits, true) if self.score == "recall" else (2 * hits, true + predicted)

    def shares(self, scored: Scored, counted: Array | slice = slice(None)) -> Array:
        """The score of each class; notes a 0/0 of the classes that are counted."""
        upper, lower = self.parts(scored)
        empty = lower == 0
        if not empty.any():
            return np.asarray(upper / lower)
        undefined = np.arange(len(lower))[counted][empty[counted]]
        if len(undefined):
            scored.note(f"{self.title} is 0/0, taken as 0, for {scored.names(undefined)}")
        return np.asarray(upper / np.where(empty, 1, lower))


class AveragedScore(ClassScore):
    """The base of averages over all classes, which suit labels that may be true together as well."""

    tasks: ClassVar[tuple[Task, ...]] = ("classification", "multi_label")

    def whole(self, scored: Scored, upper: Array, lower: Array) -> float:
        """One share; notes a 0/0, which is 0."""
        if not lower > 0:
            scored.note(f"{self.name} is 0/0, taken as 0")
            return 0.0
        return float(upper / lower)


class MacroScore(AveragedScore):
    """The plain mean over all classes."""

    def compute(self, scored: Scored) -> float:
        """The figure, from 0 to 1."""
        return float(np.mean(self.shares(scored)))


class PlainScore(ClassScore):
    """The score of the second class where there are two; the plain mean over the classes where there are more."""

    def compute(self, scored: Scored) -> float:
        """The figure, from 0 to 1."""
        if scored.class_count == 2:
            return float(self.shares(scored, slice(1, 2))[1])
        return float(np.mean(self.shares(scored)))


class MicroScore(AveragedScore):
    """The score of all classes' samples taken together. Where each has one class, precision, recall and F1 are the
    accuracy.
    """

    def compute(self, scored: Scored) -> float:
        """The figure, from 0 to 1."""
        upper, lower = self.parts(scored)
        return self.whole(scored, np.add.reduce(upper), np.add.reduce(lower))


class WeightedScore(AveragedScore):
    """The mean over the classes, each weighted by its true samples."""

    def compute(self, scored: Scored) -> float:
        """The figure, from 0 to 1."""
        true = scored.counts.true
        return self.whole(scored, np.dot(self.shares(scored, true > 0), true), np.add.reduce(true))


class PerClassScore(AveragedScore):
    """The score of each class by its name."""

    scalar: ClassVar[bool] = False

    def compute(self, scored: Scored) -> dict[str, float]:
        """Class name to figure, from 0 to 1."""
        return by_name(scored, self.shares(scored).tolist())


def by_name(scored: Scored, figures: Sequence[float]) -> dict[str, float]:
    """The figures of all classes by their names; by their ids where they have none."""
    names = scored.classes or tuple(map(str, range(scored.class_count)))
    return dict(zip(names, figures, strict=True))
