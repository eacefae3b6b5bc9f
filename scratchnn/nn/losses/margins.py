"""Losses on the margin of two classes. With t = 1 for the second class, else -1, the margin is t z for one output z."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from scratchnn.nn.layer import InputSpec, Plan
from scratchnn.nn.losses.classification import BinaryCrossEntropy
from scratchnn.nn.losses.loss import Loss, TargetSpec, weighted_total
from scratchnn.nn.memory import Array, Buffer, Memory


class MarginLoss(Loss):
    """The base of losses on margins `(B,)`."""

    def output_size(self, target: TargetSpec) -> int:
        """One output, positive for the second class."""
        self.expects_classes(target, only=2)
        return 1

    def plan(self, outputs: InputSpec) -> Plan:
        """Five numbers for each sample."""
        return Plan(outputs, scratch={name: Buffer(()) for name in ("sign", "margin", "loss", "slope", "work")})

    def measure(self, mem: Memory) -> None:
        """From `mem.scratch.margin` writes `loss` and its derivative `slope`. May destroy `margin`."""
        raise NotImplementedError

    def evaluate(
        self, outputs: Array, targets: Array, weights: Array | None, total: float, gradient: Array | None, mem: Memory
    ) -> float:
        """The sum over the samples; the gradient is w t slope / total."""
        sign, margin, loss = mem.scratch.sign, mem.scratch.margin, mem.scratch.loss
        z = outputs.reshape(-1)
        np.copyto(sign, targets)
        np.multiply(sign, 2.0, out=sign)
        np.subtract(sign, 1.0, out=sign)
        np.multiply(z, sign, out=margin)
        self.measure(mem)
        # An infinite output on the right side costs nothing, but must show: 0 * inf is NaN.
        np.add(loss, np.multiply(z, 0.0, out=margin), out=loss)
        if gradient is not None:
            slope = gradient.reshape(-1)
            np.multiply(mem.scratch.slope, sign, out=slope)
            np.multiply(slope, 1 / total, out=slope)
            if weights is not None:
                np.multiply(slope, weights, out=slope)
        return weighted_total(loss, weights)

    def takes_temperature(self) -> bool:
        """Yes."""
        return True

    def predictions(self, outputs: Array) -> Array:
        """(1 - sigmoid(z), sigmoid(z)) as `(N, 2)`. After a hinge these order the samples, but are no probabilities."""
        return BinaryCrossEntropy().predictions(outputs)


class Hinge(MarginLoss):
    """max(0, 1 - t z) for two classes, t = 1 for the second and -1 for the first, and one output z `(B, 1)`.

    Gradient -t where t z < 1, else 0. As scikit-learn's `hinge_loss`. Source: Cortes and Vapnik 1995.
    """

    type: Literal["hinge"] = "hinge"

    def measure(self, mem: Memory) -> None:
        """max(0, 1 - m); the slope is -1 where that is positive."""
        loss, slope = mem.scratch.loss, mem.scratch.slope
        np.subtract(1.0, mem.scratch.margin, out=loss)
        np.maximum(loss, 0.0, out=loss)
        np.negative(np.sign(loss, out=slope), out=slope)


class SquaredHinge(MarginLoss):
    """max(0, 1 - t z)^2 for two classes, t = 1 for the second and -1 for the first, and one output z `(B, 1)`.

    Gradient -2 t max(0, 1 - t z). As Keras' `SquaredHinge`.
    """

    type: Literal["squared_hinge"] = "squared_hinge"

    def measure(self, mem: Memory) -> None:
        """max(0, 1 - m)^2."""
        loss, slope = mem.scratch.loss, mem.scratch.slope
        np.subtract(1.0, mem.scratch.margin, out=loss)
        np.maximum(loss, 0.0, out=loss)
        np.multiply(loss, -2.0, out=slope)
        np.multiply(loss, loss, out=loss)


class BinaryFocal(MarginLoss):
    """-(1 - p)^gamma log p with p = sigmoid(t z), the probability of the true one of two classes. Outputs `(B, 1)`.

    Samples that are right already count less; gamma 0 gives binary_cross_entropy. Without the paper's alpha: weights
    of classes do that. Derivative by t z: -(1 - p)^gamma (1 - p - gamma p log p). Source: Lin et al. 2017.
    """

    type: Literal["binary_focal"] = "binary_focal"
    gamma: float = Field(2.0, ge=0, allow_inf_nan=False, description="How little samples count that are right.")

    def measure(self, mem: Memory) -> None:
        """The focal law of the margin."""
        scratch = mem.scratch
        write_focal(scratch.margin, self.gamma, scratch.loss, scratch.slope, scratch.work)


def write_focal(margin: Array, gamma: float, loss: Array, slope: Array, work: Array) -> None:
    """Writes -(1 - p)^gamma log p with p = sigmoid(margin) into `loss`, its derivative by the margin into `slope`.

    With u = -log p and v = -log(1 - p) these are e^(-gamma v) u and -e^(-gamma v) (e^-v + gamma e^-u u). Destroys
    `margin`.
    """
    np.logaddexp(0.0, margin, out=work)
    np.logaddexp(0.0, np.negative(margin, out=loss), out=loss)
    np.exp(np.negative(loss, out=slope), out=slope)
    np.multiply(slope, loss, out=slope)
    np.multiply(slope, gamma, out=slope)
    np.negative(work, out=work)
    np.add(slope, np.exp(work, out=margin), out=slope)
    np.multiply(work, gamma, out=work)
    np.exp(work, out=work)
    np.multiply(loss, work, out=loss)
    np.negative(np.multiply(slope, work, out=slope), out=slope)
