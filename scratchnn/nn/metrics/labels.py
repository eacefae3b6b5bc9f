"""Metrics on labels that may be true together. Those of each label alone are among the scores of classes."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np

from scratchnn.errors import DataError
from scratchnn.nn.memory import Array
from scratchnn.nn.metrics.metric import Metric, Task
from scratchnn.nn.metrics.scored import Scored
from scratchnn.nn.metrics.scored_labels import ScoredLabels


class LabelMetric(Metric):
    """The base of metrics on sets of labels. A label is predicted where its probability is above 1/2."""

    tasks: ClassVar[tuple[Task, ...]] = ("multi_label",)

    def compute(self, scored: Scored) -> float:
        """The figure, from 0 to 1."""
        if not isinstance(scored, ScoredLabels):
            raise DataError(f"{self.tag()} is for labels that may be true together")
        return self.of_labels(scored)

    def of_labels(self, scored: ScoredLabels) -> float:
        """The figure, from 0 to 1."""
        raise NotImplementedError


class ExactMatch(LabelMetric):
    """The share of samples whose labels are all right: the subset accuracy, scikit-learn's `accuracy_score`."""

    type: Literal["exact_match"] = "exact_match"

    def of_labels(self, scored: ScoredLabels) -> float:
        """The figure, from 0 to 1."""
        return float(scored.mean(scored.right))


class HammingLoss(LabelMetric):
    """The share of wrong labels among all labels of all samples. Source: Schapire and Singer 1999."""

    type: Literal["hamming_loss"] = "hamming_loss"
    higher_is_better: ClassVar[bool] = False

    def of_labels(self, scored: ScoredLabels) -> float:
        """The figure, from 0 to 1; 0 where all are right."""
        return float(np.mean(scored.mean(scored.is_true != scored.labels)))


class OfEachSample(LabelMetric):
    """The base of scores of a sample's own set of labels, averaged over the samples; 0/0 is 0."""

    def of_labels(self, scored: ScoredLabels) -> float:
        """The mean over the samples."""
        true, said = scored.is_true.sum(axis=1), scored.labels.sum(axis=1)
        upper, lower = self.parts(true, said, (scored.is_true & scored.labels).sum(axis=1))
        empty = lower == 0
        if empty.any():
            rows = f"{int(empty.sum())} row{'s' * (int(empty.sum()) > 1)}"
            scored.note(f"{self.tag()} is 0/0, taken as 0, for {rows} that neither have labels nor are said to")
        return float(scored.mean(upper / np.where(empty, 1, lower)))

    def parts(self, true: Array, said: Array, both: Array) -> tuple[Array, Array]:
        """Numerators and denominators of all samples, from how many labels are true, predicted, and both."""
        raise NotImplementedError


class JaccardSamples(OfEachSample):
    """The Jaccard index of each sample's labels, both / (true or predicted), as the mean over the samples."""

    type: Literal["jaccard_samples"] = "jaccard_samples"

    def parts(self, true: Array, said: Array, both: Array) -> tuple[Array, Array]:
        """Intersection and union."""
        return both, true + said - both


class F1Samples(OfEachSample):
    """F1 of each sample's labels, 2 both / (true + predicted), as the mean over the samples."""

    type: Literal["f1_samples"] = "f1_samples"

    def parts(self, true: Array, said: Array, both: Array) -> tuple[Array, Array]:
        """Twice the intersection, and both sizes."""
        return 2 * both, true + said
