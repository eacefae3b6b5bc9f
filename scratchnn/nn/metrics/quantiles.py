"""Metrics on how well a network knows its own uncertainty about numbers."""

from __future__ import annotations

import math
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from scratchnn.errors import ConfigError
from scratchnn.nn.losses.loss import Loss
from scratchnn.nn.metrics.metric import decimal
from scratchnn.nn.metrics.regression import RegressionMetric
from scratchnn.nn.metrics.scored import Scored


class Pinball(RegressionMetric):
    """Mean of q d for d = target - prediction above 0, of (q - 1) d below: least where a share q of targets lies below.

    The prediction is the quantile q that the network tells, with the loss quantile (which must have learned it) or
    gaussian_nll; with other losses it is the prediction itself. In the target's units; of q = 0.5 it is half the mean
    absolute error. As scikit-learn's `mean_pinball_loss`. Source: Koenker and Bassett 1978.
    """

    type: Literal["pinball"] = "pinball"
    higher_is_better: ClassVar[bool | None] = False
    quantile: float = Field(gt=0, lt=1, description="The share q of targets below.")

    @property
    def name(self) -> str:
        """Such as pinball_0.9."""
        return f"pinball_{decimal(self.quantile)}"

    def check_loss(self, loss: Loss) -> None:
        """Other losses than quantile and gaussian_nll are judged by their predictions."""
        known = loss.quantiles_known()
        if known is None or known:
            _check_known(self.name, (self.quantile,), loss)

    def compute(self, scored: Scored) -> float:
        """The figure, at least 0."""
        numbers = scored.numbers if scored.quantiles is None else scored.quantile(self.quantile)
        above = scored.truth - numbers
        return float(np.mean(scored.mean(np.maximum(self.quantile * above, (self.quantile - 1) * above))))


class IntervalCoverage(RegressionMetric):
    """The share of targets inside the central interval of a probability, bounds included: as much as it if all is well.

    The interval is what `predict --interval` writes: between the quantiles (1 - interval) / 2 and (1 + interval) / 2,
    which the loss must tell: gaussian_nll any, quantile those that it has learned. Neither a high nor a low figure is
    good, so no epoch is the best by it. Source: Gneiting and Raftery 2007.
    """

    type: Literal["interval_coverage"] = "interval_coverage"
    higher_is_better: ClassVar[bool | None] = None
    interval: float = Field(0.9, gt=0, lt=1, description="The probability of the central interval.")

    @property
    def name(self) -> str:
        """Such as interval_coverage_0.9."""
        return f"interval_coverage_{decimal(self.interval)}"

    @property
    def shares(self) -> tuple[float, float]:
        """The shares of targets below the two bounds."""
        return (1 - self.interval) / 2, (1 + self.interval) / 2

    def check_loss(self, loss: Loss) -> None:
        """Quantile or gaussian_nll."""
        _check_known(self.name, self.shares, loss)

    def compute(self, scored: Scored) -> float:
        """The figure, from 0 to 1."""
        lower, upper = (scored.quantile(share) for share in self.shares)
        inside = (lower <= scored.truth) & (scored.truth <= upper)
        lost = np.isnan(lower) | np.isnan(upper)
        return float(np.mean(scored.mean(np.where(lost, np.nan, inside))))


def _check_known(name: str, shares: tuple[float, ...], loss: Loss) -> None:
    """Raises `ConfigError` where the loss does not tell one of these quantiles."""
    known = loss.quantiles_known()
    if known is None or all(any(math.isclose(one, share) for one in known) for share in shares):
        return
    needed = " and ".join(decimal(round(share, 12)) for share in shares)
    words = f"{name} needs the quantile{'s' if len(shares) > 1 else ''} {needed}"
    if not known:
        message, hint = f"{words}, but {loss.title} tells none", "Use the loss gaussian_nll or quantile."
        raise ConfigError(message, hint=hint)
    have = ", ".join(decimal(share) for share in known)
    raise ConfigError(f"{words}, the loss has {have}", hint="Add them to loss.quantiles, or remove the metric.")
