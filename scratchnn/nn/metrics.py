"""Metrics on classes, in order of growing complexity, and what is measured by default.

Their tags are the names under which they are reported.

Definitions and edge cases follow scikit-learn: 0/0 in precision, recall and F1 is 0, and a note says so. Weights count
a sample as many times. The label set is that of the training: a class that is absent from the rows still counts in
macro averages.
"""

from __future__ import annotations

import math
from typing import ClassVar, Literal

import numpy as np

from scratchnn.errors import DataError
from scratchnn.nn.memory import Array
from scratchnn.nn.metric import Metric, Task
from scratchnn.nn.regression_metrics import MeanAbsoluteError, MeanSquaredError, RootMeanSquaredError, RSquared
from scratchnn.nn.scored import Scored

__all__ = ["Metric", "Scored", "default_metrics"]


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


class LogLoss(Metric):
    """Mean of -log(probability of the true class), natural logarithm.

    As scikit-learn, probabilities are first clipped to [eps, 1 - eps], eps being the smallest step of their dtype at 1.
    Over the tokens of a text it is taken from the logits in float64, without that.
    """

    type: Literal["log_loss"] = "log_loss"
    tasks: ClassVar[tuple[Task, ...]] = ("classification", "language_modeling")
    higher_is_better: ClassVar[bool] = False

    def compute(self, scored: Scored) -> float:
        """The figure, at least 0."""
        return float(-scored.mean(scored.log_likelihoods))


class Perplexity(Metric):
    """exp of `log_loss`: among how many equally probable tokens the model is as unsure.

    1 where it is sure and right; for guessing the size of the vocabulary. Source: Jelinek et al. 1977.
    """

    type: Literal["perplexity"] = "perplexity"
    tasks: ClassVar[tuple[Task, ...]] = ("language_modeling",)
    higher_is_better: ClassVar[bool] = False

    def compute(self, scored: Scored) -> float:
        """The figure, at least 1; infinite where the log loss is above 709."""
        with np.errstate(over="ignore"):
            return float(np.exp(-scored.mean(scored.log_likelihoods)))


class BitsPerToken(Metric):
    """`log_loss` to the base 2: the bits that a token costs in a code by the model."""

    type: Literal["bits_per_token"] = "bits_per_token"
    tasks: ClassVar[tuple[Task, ...]] = ("language_modeling",)
    higher_is_better: ClassVar[bool] = False

    def compute(self, scored: Scored) -> float:
        """The figure, at least 0."""
        return float(-scored.mean(scored.log_likelihoods)) / math.log(2)


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


def default_metrics(task: str, classes: int = 0) -> tuple[Metric, ...]:
    """What is measured where the config names nothing.

    >>> [metric.tag() for metric in default_metrics("classification", 2)]
    ['accuracy', 'f1', 'roc_auc']
    """
    if task == "reconstruction":
        return (MeanSquaredError(), MeanAbsoluteError(), RSquared())
    if task == "regression":
        return (RootMeanSquaredError(), MeanAbsoluteError(), RSquared())
    if task == "language_modeling":
        return (Accuracy(), Perplexity())
    return (Accuracy(), F1(), RocAuc()) if classes == 2 else (Accuracy(), F1Macro())
