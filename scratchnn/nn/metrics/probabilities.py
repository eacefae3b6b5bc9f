"""Metrics on the probabilities of the classes."""

from __future__ import annotations

import math
from typing import ClassVar, Literal

import numpy as np

from scratchnn.nn.metrics.metric import Metric, Task
from scratchnn.nn.metrics.scored import Scored


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
