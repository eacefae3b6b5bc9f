"""Metrics on the probabilities of the classes."""

from __future__ import annotations

import math
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from scratchnn.nn.memory import Array
from scratchnn.nn.metrics.metric import Metric, Task
from scratchnn.nn.metrics.scored import Scored

ROUNDING = 1e-14  # of a gap that is none


def negative_log_likelihood(scored: Scored) -> float:
    """Mean of -log(probability of the true class); 0 and not -0 where all are certain."""
    return float(0.0 - scored.mean(scored.log_likelihoods))


class LogLoss(Metric):
    """Mean of -log(probability of the true class), natural logarithm.

    As scikit-learn, probabilities are first clipped to [eps, 1 - eps], eps being the smallest step of their dtype at 1.
    Over the tokens of a text it is taken from the logits in float64, without that. Of labels that may be true together
    it is the mean over the labels of -log(probability of what is true of it).
    """

    type: Literal["log_loss"] = "log_loss"
    tasks: ClassVar[tuple[Task, ...]] = ("classification", "multi_label", "language_modeling")
    higher_is_better: ClassVar[bool | None] = False

    def compute(self, scored: Scored) -> float:
        """The figure, at least 0."""
        return negative_log_likelihood(scored)


class Perplexity(Metric):
    """exp of `log_loss`: among how many equally probable tokens the model is as unsure.

    1 where it is sure and right; for guessing the size of the vocabulary. Source: Jelinek et al. 1977.
    """

    type: Literal["perplexity"] = "perplexity"
    tasks: ClassVar[tuple[Task, ...]] = ("language_modeling",)
    higher_is_better: ClassVar[bool | None] = False

    def compute(self, scored: Scored) -> float:
        """The figure, at least 1; infinite where the log loss is above 709."""
        with np.errstate(over="ignore"):
            return float(np.exp(negative_log_likelihood(scored)))


class BitsPerToken(Metric):
    """`log_loss` to the base 2: the bits that a token costs in a code by the model."""

    type: Literal["bits_per_token"] = "bits_per_token"
    tasks: ClassVar[tuple[Task, ...]] = ("language_modeling",)
    higher_is_better: ClassVar[bool | None] = False

    def compute(self, scored: Scored) -> float:
        """The figure, at least 0."""
        return negative_log_likelihood(scored) / math.log(2)


class Brier(Metric):
    """Mean squared distance of the probabilities from 1 for the true class and 0 for the others.

    Two classes: of the second alone, from 0 to 1. More: summed over the classes, from 0 to 2. As scikit-learn's
    `brier_score_loss`. Source: Brier 1950.
    """

    type: Literal["brier"] = "brier"
    higher_is_better: ClassVar[bool | None] = False

    def compute(self, scored: Scored) -> float:
        """The figure, at least 0."""
        return float(scored.mean(scored.once("squared distances", lambda: self._distances(scored))))

    def _distances(self, scored: Scored) -> Array:
        """The squared distance of each row `(N,)`, in float64."""
        if scored.class_count == 2:
            return np.asarray((scored.targets - scored.predictions[:, 1].astype(np.float64)) ** 2)
        distance = scored.predictions.astype(np.float64)
        distance[np.arange(len(distance)), scored.targets] -= 1
        return np.asarray(np.einsum("nc,nc->n", distance, distance))


class ExpectedCalibrationError(Metric):
    """How far the probability of the called class lies from how often it is right: sum over bins of n_b / n |gap|.

    Samples are put into bins of equal width by that probability c: (0, 1 / bins], (1 / bins, 2 / bins], ...; the gap of
    a bin is its accuracy less its mean c. 0 where the model knows how sure it may be. Source: Guo et al. 2017, with
    their 15 bins; scikit-learn has none.
    """

    type: Literal["expected_calibration_error"] = "expected_calibration_error"
    higher_is_better: ClassVar[bool | None] = False
    bins: int = Field(15, ge=1, le=10_000, description="Bins of equal width from 0 to 1.")

    @property
    def name(self) -> str:
        """The tag; with other than 15 bins such as expected_calibration_error_10."""
        usual = type(self).model_fields["bins"].default
        return self.tag() if self.bins == usual else f"{self.tag()}_{self.bins}"

    def compute(self, scored: Scored) -> float:
        """The figure, from 0 to 1."""
        place, gap = scored.once((self.tag(), self.bins), lambda: self._gaps(scored))
        weights = np.ones(len(gap)) if scored.weights is None else scored.weights
        gaps = np.bincount(place, weights * gap, self.bins)
        error = float(np.add.reduce(np.abs(gaps)) / np.add.reduce(weights, dtype=np.float64))
        return 0.0 if error < ROUNDING else error

    def _gaps(self, scored: Scored) -> tuple[Array, Array]:
        """The bin of each row, and whether it is right less how sure the model is, both `(N,)`."""
        rows = np.arange(len(scored.labels))
        sure = scored.predictions[rows, scored.labels].astype(np.float64)
        place = np.searchsorted(np.arange(1, self.bins) / self.bins, sure, side="left")
        return place, scored.right - sure
