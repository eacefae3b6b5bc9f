"""Losses on targets as they are in the data: shares, counts and amounts. They refuse scaled targets."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from scratchnn.nn.losses.loss import TargetSpec, refuse
from scratchnn.nn.losses.regression import RegressionLoss
from scratchnn.nn.memory import Array


class AmountLoss(RegressionLoss):
    """The base of losses on amounts of 0 or more, as they are in the data. `kind` names them in messages."""

    raw_targets: ClassVar[bool] = True
    kind: ClassVar[str] = "amounts"

    def check_numbers(self, targets: Array) -> None:
        """Refuses what lies below 0."""
        refuse(targets, targets < 0, f"{{value}} is below 0, but {self.tag()} takes {self.kind} of 0 or more")

    def sample_targets(self, target: TargetSpec, rows: int, rng: np.random.Generator) -> Array:
        """Amounts around 1 for each column."""
        if target.is_classification:
            return super().sample_targets(target, rows, rng)
        return rng.gamma(2.0, 0.5, (rows, target.columns))


class MAPE(RegressionLoss):
    """Mean absolute error as a share of the target: |output - y| / max(|y|, epsilon). Needs raw targets.

    A share, not in percent. Derivative sign(output - y) / max(|y|, epsilon). As scikit-learn's
    `mean_absolute_percentage_error`, with an epsilon of our own. Targets near 0 count very much: prefer mae for them.
    """

    type: Literal["mape"] = "mape"
    raw_targets: ClassVar[bool] = True
    epsilon: float = Field(1e-7, gt=0, allow_inf_nan=False, description="The least size that a target counts as.")

    def compare(self, outputs: Array, targets: Array, error: Array, loss: Array) -> float:
        """|e| / size as sign(e) / size * e."""
        np.absolute(targets, out=loss)
        np.maximum(loss, self.epsilon, out=loss)
        np.subtract(outputs, targets, out=error)
        np.sign(error, out=error)
        np.divide(error, loss, out=error)
        np.subtract(outputs, targets, out=loss)
        np.multiply(loss, error, out=loss)
        return 1.0


class MSLE(AmountLoss):
    """Squared error of logarithms: (z - log(1 + y))^2 for outputs z and targets y >= 0. Needs raw targets.

    The outputs are logarithms themselves, so that every output is allowed: the prediction is e^z - 1, which lies above
    -1. Derivative 2 (z - log(1 + y)). As scikit-learn's `mean_squared_log_error` of the predictions.
    """

    type: Literal["msle"] = "msle"

    def compare(self, outputs: Array, targets: Array, error: Array, loss: Array) -> float:
        """e^2 with e = z - log(1 + y)."""
        np.subtract(outputs, np.log1p(targets, out=loss), out=error)
        np.multiply(error, error, out=loss)
        return 2.0

    def predictions(self, outputs: Array) -> Array:
        """e^z - 1."""
        with np.errstate(over="ignore"):
            return np.asarray(np.expm1(outputs))


class LogLinkLoss(AmountLoss):
    """The base of losses whose outputs z are logarithms: the prediction is e^z. They need raw targets."""

    def predictions(self, outputs: Array) -> Array:
        """e^z."""
        with np.errstate(over="ignore"):
            return np.asarray(np.exp(outputs))


class Poisson(LogLinkLoss):
    """For counts y >= 0: e^z - y z, the negative log-likelihood of a Poisson law of mean e^z without its constant.

    Derivative e^z - y. Needs raw targets. As PyTorch's `poisson_nll_loss` with `log_input`.
    """

    type: Literal["poisson"] = "poisson"
    kind: ClassVar[str] = "counts"

    def compare(self, outputs: Array, targets: Array, error: Array, loss: Array) -> float:
        """e^z - y z."""
        np.exp(outputs, out=error)
        np.multiply(targets, outputs, out=loss)
        np.subtract(error, loss, out=loss)
        np.subtract(error, targets, out=error)
        return 1.0


class Gamma(LogLinkLoss):
    """For amounts y > 0: y e^-z + z, half the gamma deviance for a mean of e^z without what depends on y alone.

    Derivative 1 - y e^-z. Needs raw targets. As scikit-learn's `HalfGammaLoss`.
    """

    type: Literal["gamma"] = "gamma"

    def check_numbers(self, targets: Array) -> None:
        """Refuses 0 too."""
        refuse(targets, targets <= 0, "{value} is not above 0, but gamma takes amounts above 0")

    def compare(self, outputs: Array, targets: Array, error: Array, loss: Array) -> float:
        """y e^-z + z."""
        np.exp(np.negative(outputs, out=error), out=error)
        np.multiply(error, targets, out=error)
        np.add(error, outputs, out=loss)
        np.subtract(1.0, error, out=error)
        return 1.0


class Tweedie(LogLinkLoss):
    """For amounts y >= 0, often 0: e^((2 - p) z) / (2 - p) - y e^((1 - p) z) / (1 - p) with the power p in (1, 2).

    Half the Tweedie deviance for a mean of e^z without what depends on y alone. Near 1 it is like poisson, near 2 like
    gamma. Derivative e^((2 - p) z) - y e^((1 - p) z). Needs raw targets. As scikit-learn's `HalfTweedieLoss`.
    """

    type: Literal["tweedie"] = "tweedie"
    power: float = Field(1.5, gt=1, lt=2, description="How the variance grows: as mean^power.")

    def compare(self, outputs: Array, targets: Array, error: Array, loss: Array) -> float:
        """Both powers, the first in `error`, the second in `loss`; then the sums, in turns."""
        high, low = 2 - self.power, 1 - self.power
        np.exp(np.multiply(outputs, high, out=error), out=error)
        np.exp(np.multiply(outputs, low, out=loss), out=loss)
        np.multiply(loss, targets, out=loss)
        np.subtract(error, loss, out=error)
        # a / high - b / low = (a - b) / high + b (1 / high - 1 / low)
        np.multiply(loss, high * (1 / high - 1 / low), out=loss)
        np.add(loss, error, out=loss)
        np.multiply(loss, 1 / high, out=loss)
        return 1.0
