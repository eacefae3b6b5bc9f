"""What ROC, precision-recall, threshold and calibration curves are made of. Arrays in, arrays out."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from scratchnn.nn.memory import Array


class Ranks(NamedTuple):
    """Samples called positive from the highest score down, those with equal scores together.

    `scores` (M,) are the distinct scores, descending; `hits` and `misses` (M,) how many positives and negatives (or the
    sums of their weights) have that score or a higher one.
    """

    scores: Array
    hits: Array
    misses: Array

    @property
    def positives(self) -> float:
        """All of them."""
        return float(self.hits[-1])

    @property
    def negatives(self) -> float:
        """All of them."""
        return float(self.misses[-1])


def rank(is_positive: Array, scores: Array, weights: Array | None = None) -> Ranks:
    """The ranks of N samples, of which there is at least one."""
    levels, level = np.unique(scores, return_inverse=True)
    each = np.ones(len(scores)) if weights is None else np.asarray(weights, np.float64)
    hits = np.bincount(level, each * is_positive, len(levels))[::-1]
    misses = np.bincount(level, each * ~is_positive, len(levels))[::-1]
    return Ranks(levels[::-1].astype(np.float64), np.cumsum(hits), np.cumsum(misses))


def roc(ranks: Ranks) -> tuple[Array, Array]:
    """False positive rate and true positive rate, from (0, 0) to (1, 1). Both kinds of samples must be there."""
    rates = [np.concatenate([[0.0], counts / counts[-1]]) for counts in (ranks.misses, ranks.hits)]
    return rates[0], rates[1]


def area(x: Array, y: Array) -> float:
    """The area under straight lines between points of ascending x. Of `roc` it is `roc_auc`: ties count half."""
    return float(np.dot(np.diff(x), (y[1:] + y[:-1]) / 2))


def precision_recall(ranks: Ranks) -> tuple[Array, Array]:
    """Recall, ascending, and the precision (M,) there: of the samples called positive, the share that are it."""
    called = ranks.hits + ranks.misses
    return ranks.hits / ranks.positives, ranks.hits / np.where(called == 0, 1, called)


def average_precision(recall: Array, precision: Array) -> float:
    """The area under the steps: sum of (recall_i - recall_{i-1}) precision_i, as the metric of this name."""
    return float(np.dot(np.diff(recall, prepend=0.0), precision))


class Thresholds(NamedTuple):
    """Precision, recall and F1 (T,) of calling a sample positive where its score is at least the threshold (T,)."""

    thresholds: Array
    precision: Array
    recall: Array
    f1: Array


def by_threshold(ranks: Ranks) -> Thresholds:
    """Those of every distinct score, ascending. F1 = 2 hits / (called + positives)."""
    recall, precision = precision_recall(ranks)
    f1 = 2 * ranks.hits / (ranks.hits + ranks.misses + ranks.positives)
    return Thresholds(ranks.scores[::-1], precision[::-1], recall[::-1], f1[::-1])


class Calibration(NamedTuple):
    """For each bin (B,) with samples: their mean probability, the share that are positive, and how many they are."""

    probability: Array
    share: Array
    rows: Array

    @property
    def error(self) -> float:
        """The expected calibration error of these bins: sum of n_b / n |share - probability|."""
        return float(np.dot(self.rows, np.abs(self.share - self.probability)) / np.add.reduce(self.rows))


def calibration(is_positive: Array, probabilities: Array, bins: int = 10) -> Calibration:
    """Samples in bins of equal width by their probability: (0, 1 / bins], (1 / bins, 2 / bins], ...; 0 in the first.

    Source: the reliability diagrams of Guo et al. 2017.
    """
    values = np.asarray(probabilities, np.float64)
    place = np.searchsorted(np.arange(1, bins) / bins, values, side="left")
    count = np.bincount(place, minlength=bins)
    filled = count > 0
    sums = (np.bincount(place, weights, bins)[filled] for weights in (values, is_positive))
    probability, share = (total / count[filled] for total in sums)
    return Calibration(probability, share, count[filled])
