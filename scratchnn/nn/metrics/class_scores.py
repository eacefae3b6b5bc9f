"""Precision, recall and F1, each in its averages over the classes."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np

from scratchnn.nn.memory import Array
from scratchnn.nn.metrics.metric import Metric
from scratchnn.nn.metrics.scored import Scored


class ClassScore(Metric):
    """The base of precision, recall and F1 in their averages.

    Of a class, with tp samples rightly called it, fp wrongly called it and fn wrongly not called it:
    precision tp / (tp + fp), recall tp / (tp + fn), F1 2 tp / (2 tp + fp + fn), the harmonic mean of both.
    """

    score: ClassVar[Literal["precision", "recall", "f1"]]

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
            scored.note(f"{self.score} is 0/0, taken as 0, for {scored.names(undefined)}")
        return np.asarray(upper / np.where(empty, 1, lower))


class MacroScore(ClassScore):
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


class MicroScore(ClassScore):
    """The score of all classes' samples taken together. As each sample has one class, it equals the accuracy."""

    def compute(self, scored: Scored) -> float:
        """The figure, from 0 to 1."""
        upper, lower = self.parts(scored)
        return float(np.add.reduce(upper) / np.add.reduce(lower))


class WeightedScore(ClassScore):
    """The mean over the classes, each weighted by its true samples."""

    def compute(self, scored: Scored) -> float:
        """The figure, from 0 to 1."""
        true = scored.counts.true
        return float(np.dot(self.shares(scored, true > 0), true) / np.add.reduce(true))


class PerClassScore(ClassScore):
    """The score of each class by its name."""

    scalar: ClassVar[bool] = False

    def compute(self, scored: Scored) -> dict[str, float]:
        """Class name to figure, from 0 to 1."""
        names = scored.classes or tuple(map(str, range(scored.class_count)))
        return dict(zip(names, self.shares(scored).tolist(), strict=True))


class Precision(PlainScore):
    """Precision, tp / (tp + fp), of the second class where there are two, else the plain mean over the classes."""

    type: Literal["precision"] = "precision"
    score = "precision"


class PrecisionMacro(MacroScore):
    """Precision, tp / (tp + fp), as the plain mean over all classes."""

    type: Literal["precision_macro"] = "precision_macro"
    score = "precision"


class PrecisionMicro(MicroScore):
    """Precision, tp / (tp + fp), of all classes' samples taken together; equals the accuracy."""

    type: Literal["precision_micro"] = "precision_micro"
    score = "precision"


class PrecisionWeighted(WeightedScore):
    """Precision, tp / (tp + fp), as the mean over the classes weighted by their true samples."""

    type: Literal["precision_weighted"] = "precision_weighted"
    score = "precision"


class PrecisionPerClass(PerClassScore):
    """Precision, tp / (tp + fp), of each class by its name."""

    type: Literal["precision_per_class"] = "precision_per_class"
    score = "precision"


class Recall(PlainScore):
    """Recall, tp / (tp + fn), of the second class where there are two, else the plain mean over the classes."""

    type: Literal["recall"] = "recall"
    score = "recall"


class RecallMacro(MacroScore):
    """Recall, tp / (tp + fn), as the plain mean over all classes."""

    type: Literal["recall_macro"] = "recall_macro"
    score = "recall"


class RecallMicro(MicroScore):
    """Recall, tp / (tp + fn), of all classes' samples taken together; equals the accuracy."""

    type: Literal["recall_micro"] = "recall_micro"
    score = "recall"


class RecallWeighted(WeightedScore):
    """Recall, tp / (tp + fn), as the mean over the classes weighted by their true samples."""

    type: Literal["recall_weighted"] = "recall_weighted"
    score = "recall"


class RecallPerClass(PerClassScore):
    """Recall, tp / (tp + fn), of each class by its name."""

    type: Literal["recall_per_class"] = "recall_per_class"
    score = "recall"


class F1(PlainScore):
    """F1, 2 tp / (2 tp + fp + fn), of the second class where there are two, else the plain mean over the classes."""

    type: Literal["f1"] = "f1"
    score = "f1"


class F1Macro(MacroScore):
    """F1, 2 tp / (2 tp + fp + fn), as the plain mean over all classes."""

    type: Literal["f1_macro"] = "f1_macro"
    score = "f1"


class F1Micro(MicroScore):
    """F1, 2 tp / (2 tp + fp + fn), of all classes' samples taken together; equals the accuracy."""

    type: Literal["f1_micro"] = "f1_micro"
    score = "f1"


class F1Weighted(WeightedScore):
    """F1, 2 tp / (2 tp + fp + fn), as the mean over the classes weighted by their true samples."""

    type: Literal["f1_weighted"] = "f1_weighted"
    score = "f1"


class F1PerClass(PerClassScore):
    """F1, 2 tp / (2 tp + fp + fn), of each class by its name."""

    type: Literal["f1_per_class"] = "f1_per_class"
    score = "f1"
