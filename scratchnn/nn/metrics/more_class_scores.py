"""F-beta, specificity and the Jaccard index, each in its averages over the classes."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from scratchnn.nn.memory import Array
from scratchnn.nn.metrics.averages import ClassScore, MacroScore, MicroScore, PerClassScore, PlainScore, WeightedScore
from scratchnn.nn.metrics.metric import Task, decimal
from scratchnn.nn.metrics.scored import Scored


class OfFBeta(ClassScore):
    """(1 + b^2) tp / ((1 + b^2) tp + b^2 fn + fp)."""

    beta: float = Field(gt=0, le=1_000_000, description="How many times recall counts more than precision.")

    @property
    def name(self) -> str:
        """Such as fbeta_0.5 and fbeta_0.5_macro."""
        return self.tag().replace("fbeta", self.title)

    @property
    def title(self) -> str:
        """Such as fbeta_0.5."""
        return f"fbeta_{decimal(self.beta)}"

    def parts(self, scored: Scored) -> tuple[Array, Array]:
        """Numerators and denominators of all classes."""
        true, predicted, hits = scored.counts
        square = self.beta**2
        return (1 + square) * hits, square * true + predicted


class OfSpecificity(ClassScore):
    """tn / (tn + fp). Of one class each: the rows that are not of a class are those of the others."""

    tasks: ClassVar[tuple[Task, ...]] = ("classification",)
    score = "specificity"

    def parts(self, scored: Scored) -> tuple[Array, Array]:
        """Numerators and denominators of all classes."""
        true, predicted, hits = scored.counts
        others = np.add.reduce(true) - true
        return np.maximum(others - (predicted - hits), 0), others


class OfJaccard(ClassScore):
    """tp / (tp + fp + fn)."""

    score = "jaccard"

    def parts(self, scored: Scored) -> tuple[Array, Array]:
        """Numerators and denominators of all classes."""
        true, predicted, hits = scored.counts
        return hits, true + predicted - hits


class FBeta(OfFBeta, PlainScore):
    """F-beta, (1 + b^2) tp / ((1 + b^2) tp + b^2 fn + fp): recall counts b times as much as precision.

    Of the second class where there are two, else the plain mean over the classes. Source: van Rijsbergen 1979.
    """

    type: Literal["fbeta"] = "fbeta"


class FBetaMacro(OfFBeta, MacroScore):
    """F-beta, see `fbeta`, as the plain mean over all classes."""

    type: Literal["fbeta_macro"] = "fbeta_macro"
    usual: ClassVar[bool] = False


class FBetaMicro(OfFBeta, MicroScore):
    """F-beta, see `fbeta`, of all classes' samples taken together."""

    type: Literal["fbeta_micro"] = "fbeta_micro"
    usual: ClassVar[bool] = False


class FBetaWeighted(OfFBeta, WeightedScore):
    """F-beta, see `fbeta`, as the mean over the classes weighted by their true samples."""

    type: Literal["fbeta_weighted"] = "fbeta_weighted"
    usual: ClassVar[bool] = False


class FBetaPerClass(OfFBeta, PerClassScore):
    """F-beta, see `fbeta`, of each class by its name."""

    type: Literal["fbeta_per_class"] = "fbeta_per_class"


class Specificity(OfSpecificity, PlainScore):
    """Specificity, tn / (tn + fp): the share of the samples of other classes that are not called this one.

    Of the second class where there are two, else the plain mean over the classes.
    """

    type: Literal["specificity"] = "specificity"


class SpecificityMacro(OfSpecificity, MacroScore):
    """Specificity, tn / (tn + fp), as the plain mean over all classes."""

    type: Literal["specificity_macro"] = "specificity_macro"
    usual: ClassVar[bool] = False


class SpecificityMicro(OfSpecificity, MicroScore):
    """Specificity, tn / (tn + fp), of all classes' samples taken together."""

    type: Literal["specificity_micro"] = "specificity_micro"
    usual: ClassVar[bool] = False


class SpecificityWeighted(OfSpecificity, WeightedScore):
    """Specificity, tn / (tn + fp), as the mean over the classes weighted by their true samples."""

    type: Literal["specificity_weighted"] = "specificity_weighted"
    usual: ClassVar[bool] = False


class SpecificityPerClass(OfSpecificity, PerClassScore):
    """Specificity, tn / (tn + fp), of each class by its name."""

    type: Literal["specificity_per_class"] = "specificity_per_class"


class Jaccard(OfJaccard, PlainScore):
    """The Jaccard index, tp / (tp + fp + fn), of the second class where there are two, else the plain mean over all.

    Source: Jaccard 1901.
    """

    type: Literal["jaccard"] = "jaccard"


class JaccardMacro(OfJaccard, MacroScore):
    """The Jaccard index, tp / (tp + fp + fn), as the plain mean over all classes."""

    type: Literal["jaccard_macro"] = "jaccard_macro"
    usual: ClassVar[bool] = False


class JaccardMicro(OfJaccard, MicroScore):
    """The Jaccard index, tp / (tp + fp + fn), of all classes' samples taken together."""

    type: Literal["jaccard_micro"] = "jaccard_micro"
    usual: ClassVar[bool] = False


class JaccardWeighted(OfJaccard, WeightedScore):
    """The Jaccard index, tp / (tp + fp + fn), as the mean over the classes weighted by their true samples."""

    type: Literal["jaccard_weighted"] = "jaccard_weighted"
    usual: ClassVar[bool] = False


class JaccardPerClass(OfJaccard, PerClassScore):
    """The Jaccard index, tp / (tp + fp + fn), of each class by its name."""

    type: Literal["jaccard_per_class"] = "jaccard_per_class"
