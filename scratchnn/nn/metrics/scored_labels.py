"""Predictions of labels that may be true together, beside what is true."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from scratchnn.errors import DataError
from scratchnn.nn.memory import Array
from scratchnn.nn.metrics.scored import Counts, Scored


@dataclass(frozen=True)
class ScoredLabels(Scored):
    """Targets `(N, K)` of 0 and 1 beside the probabilities `(N, K)` of K labels; `classes` are their names.

    A label is predicted where its probability is above 1/2. Precision, recall and the like count each label as a
    class of its own.
    """

    unit: ClassVar[str] = "label"
    lacking: ClassVar[str] = "labels that no row has"
    undivided: ClassVar[str] = "labels that all rows have, or none"
    none_divided: ClassVar[str] = "each label is one that all rows have, or none"

    @cached_property
    def class_count(self) -> int:
        """K."""
        if self.predictions.ndim != 2 or self.targets.shape != self.predictions.shape:
            shapes = f"{self.targets.shape} and {self.predictions.shape}"
            raise DataError(f"expects labels (N, K) and their probabilities (N, K), got {shapes}")
        return int(self.predictions.shape[1])

    def members(self, k: int) -> Array:
        """Which rows have a label `(N,)`."""
        return np.asarray(self.is_true[:, k])

    @cached_property
    def log_likelihoods(self) -> Array:
        """log of the probability of what is true of each label, the mean over the labels `(N,)`, clipped as in
        `log_loss`.
        """
        if not self.class_count:
            return np.empty(0)
        eps = float(np.finfo(self.predictions.dtype).eps)
        said = np.clip(self.predictions.astype(np.float64), eps, 1 - eps)
        return np.asarray(np.mean(np.log(np.where(self.is_true, said, 1 - said)), axis=1))

    @cached_property
    def is_true(self) -> Array:
        """Which labels are true `(N, K)`."""
        return np.asarray(self.targets > 0.5)

    @cached_property
    def labels(self) -> Array:
        """Which labels are predicted `(N, K)`."""
        if self.class_count and not np.isfinite(np.add.reduce(self.predictions, axis=None)):
            self.note("some predictions are not finite numbers")
        return np.asarray(self.predictions > 0.5)

    @cached_property
    def right(self) -> Array:
        """Whether all labels of a row are right `(N,)`."""
        return np.asarray((self.is_true == self.labels).all(axis=1))

    @cached_property
    def counts(self) -> Counts:
        """For each label the rows (or the sum of their weights) that have it, were said to have it, and both."""
        both = self.is_true & self.labels
        return Counts(*(self._sums(array) for array in (self.is_true, self.labels, both)))

    def _sums(self, marks: Array) -> Array:
        weights = np.ones(len(marks)) if self.weights is None else np.asarray(self.weights, np.float64)
        return np.asarray(weights @ marks)
