"""Precision, recall and F1, each in its averages over the classes."""

from __future__ import annotations

from typing import Literal

from scratchnn.nn.metrics.averages import MacroScore, MicroScore, PerClassScore, PlainScore, WeightedScore


class Precision(PlainScore):
    """Precision, tp / (tp + fp), of the second class where there are two, else the plain mean over the classes."""

    type: Literal["precision"] = "precision"
    score = "precision"


class PrecisionMacro(MacroScore):
    """Precision, tp / (tp + fp), as the plain mean over all classes."""

    type: Literal["precision_macro"] = "precision_macro"
    score = "precision"


class PrecisionMicro(MicroScore):
    """Precision, tp / (tp + fp), of all classes' samples taken together; of one class each the accuracy."""

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
    """Recall, tp / (tp + fn), of all classes' samples taken together; of one class each the accuracy."""

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
    """F1, 2 tp / (2 tp + fp + fn), of all classes' samples taken together; of one class each the accuracy."""

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
