"""Losses on errors, output - target, in order of growing complexity."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from pydantic import Field

from scratchnn.errors import ShapeError
from scratchnn.nn.layer import InputSpec, Plan
from scratchnn.nn.losses.loss import Loss, TargetSpec
from scratchnn.nn.memory import Array, Buffer, Memory


class RegressionLoss(Loss):
    """The base of losses on numbers `(B, K)`: the mean over the columns, then over the samples."""

    def output_size(self, target: TargetSpec) -> int:
        """One output for each target column."""
        if target.is_classification:
            message = f"({self.tag()}) needs numbers as targets, got classes"
            raise ShapeError(message, hint="Use cross_entropy or task: regression.")
        return target.columns

    def plan(self, outputs: InputSpec) -> Plan:
        """The errors, and the losses of the single numbers."""
        return Plan(outputs, scratch={"error": Buffer(outputs.shape), "loss": Buffer(outputs.shape)})

    def compare(self, outputs: Array, targets: Array, error: Array, loss: Array) -> float:
        """Writes into `loss` what each number costs, and into `error` a multiple of the derivative.

        Returns the factor that turns `error` into the derivative. Losses on the errors write `measure` alone.
        """
        np.subtract(outputs, targets, out=error)
        return self.measure(error, loss)

    def measure(self, error: Array, loss: Array) -> float:
        """Writes into `loss` what each error costs; leaves in `error` a multiple of the derivative.

        Returns the factor that turns `error` into the derivative.
        """
        raise NotImplementedError

    def evaluate(
        self, outputs: Array, targets: Array, weights: Array | None, total: float, gradient: Array | None, mem: Memory
    ) -> float:
        """The sum over the samples; the gradient is w * derivative / (K * total)."""
        error, loss = mem.scratch.error, mem.scratch.loss
        return self.summed(self.compare(outputs, targets, error, loss), error, loss, weights, total, gradient)

    def summed(
        self, factor: float, error: Array, loss: Array, weights: Array | None, total: float, gradient: Array | None
    ) -> float:
        """The sum of what `compare` wrote; spoils it."""
        columns = loss.shape[1]
        if weights is not None:
            np.multiply(loss, weights[:, None], out=loss)
        if gradient is not None:
            np.multiply(error, factor / (columns * total), out=gradient)
            if weights is not None:
                np.multiply(gradient, weights[:, None], out=gradient)
        return float(np.add.reduce(loss, axis=None)) / int(columns)


class MSE(RegressionLoss):
    """Mean squared error: e^2 with e = output - target. Derivative 2 e. As PyTorch's `mse_loss`."""

    type: Literal["mse"] = "mse"

    def measure(self, error: Array, loss: Array) -> float:
        """e^2."""
        np.multiply(error, error, out=loss)
        return 2.0


class MAE(RegressionLoss):
    """Mean absolute error: |e| with e = output - target. Derivative sign(e), 0 at 0. As PyTorch's `l1_loss`."""

    type: Literal["mae"] = "mae"

    def measure(self, error: Array, loss: Array) -> float:
        """|e|."""
        np.absolute(error, out=loss)
        np.sign(error, out=error)
        return 1.0


class Huber(RegressionLoss):
    """Squared for small errors, absolute for large ones: e^2 / 2 if |e| <= delta else delta (|e| - delta / 2).

    With c = e clipped to [-delta, delta] this is c (e - c / 2), and the derivative is c. As PyTorch's `huber_loss`.
    Source: Huber 1964.
    """

    type: Literal["huber"] = "huber"
    delta: float = Field(1.0, gt=0, allow_inf_nan=False, description="Errors above this count linearly.")

    def measure(self, error: Array, loss: Array) -> float:
        """c (e - c / 2)."""
        _clip(error, loss, self.delta, 0.5)
        return 1.0


class SmoothL1(RegressionLoss):
    """Huber's loss with delta = beta, divided by beta: e^2 / (2 beta) if |e| < beta else |e| - beta / 2.

    The derivative is e / beta clipped to [-1, 1]. As PyTorch's `smooth_l1_loss`. Source: Girshick 2015.
    """

    type: Literal["smooth_l1"] = "smooth_l1"
    beta: float = Field(1.0, gt=0, allow_inf_nan=False, description="Errors above this count linearly.")

    def measure(self, error: Array, loss: Array) -> float:
        """c (e - c / 2) / beta."""
        _clip(error, loss, self.beta, 0.5 / self.beta)
        return 1 / self.beta


class LogCosh(RegressionLoss):
    """log(cosh(e)) with e = output - target: near e^2 / 2 for small errors, |e| - log 2 for large ones.

    Derivative tanh(e). Computed as log(e^e + e^-e) - log 2, which never overflows.
    """

    type: Literal["log_cosh"] = "log_cosh"

    def measure(self, error: Array, loss: Array) -> float:
        """log(e^e + e^-e) - log 2."""
        np.negative(error, out=loss)
        np.logaddexp(error, loss, out=loss)
        np.subtract(loss, math.log(2), out=loss)
        np.tanh(error, out=error)
        return 1.0


def _clip(error: Array, loss: Array, limit: float, factor: float) -> None:
    """Clips errors e to c; writes factor (2 e - c) c, that is 2 factor c (e - c / 2), without a third array."""
    np.copyto(loss, error)
    np.minimum(error, limit, out=error)
    np.maximum(error, -limit, out=error)
    np.multiply(loss, 2.0, out=loss)
    np.subtract(loss, error, out=loss)
    np.multiply(loss, error, out=loss)
    np.multiply(loss, factor, out=loss)
