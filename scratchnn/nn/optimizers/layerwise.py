"""Optimizers that scale the step of each parameter array by the ratio of two norms. For very large batches."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
from pydantic import Field

from scratchnn.nn.memory import Array
from scratchnn.nn.optimizers.base import ParameterwiseOptimizer


def norm(array: Array) -> float:
    """The Euclidean norm of an array of any shape."""
    flat = array.reshape(-1)
    return math.sqrt(float(np.dot(flat, flat)))


class LARS(ParameterwiseOptimizer):
    """v = momentum v + lr r (g + weight_decay p), then p -= v, with r = trust |p| / (|g| + weight_decay |p|).

    |.| is the Euclidean norm of a whole array. r is 1 where a norm is 0, and for arrays of one axis (biases, gains).
    Variant: the paper's, the learning rate inside of the velocity; no epsilon. Source: You et al. 2017.
    """

    type: Literal["lars"] = "lars"
    learning_rate: float = Field(1.0, gt=0, allow_inf_nan=False, description="Step size, times the schedule's factor.")
    momentum: float = Field(0.9, ge=0, lt=1, description="Share of the velocity kept from step to step.")
    trust: float = Field(1e-3, gt=0, allow_inf_nan=False, description="How far a step goes, as a share of |p|.")

    def slots(self) -> tuple[str, ...]:
        """The velocity."""
        return ("velocity",)

    def numbers(self, learning_rate: float, t: int, carried: dict[str, float]) -> tuple[float, ...]:
        """Learning rate, momentum and weight decay."""
        return learning_rate, self.momentum, self.weight_decay

    def update(
        self, p: Array, g: Array, slots: Sequence[Array], work: Sequence[Array], numbers: Sequence[Array]
    ) -> None:
        """One step in 5 passes and two norms, 2 more with weight decay."""
        learning_rate, momentum, decay = numbers
        velocity = slots[0]
        size, slope = norm(p), norm(g)
        ratio = 1.0
        if p.ndim > 1 and size > 0 and slope > 0:
            ratio = self.trust * size / (slope + self.weight_decay * size)
        if self.weight_decay:
            np.add(g, np.multiply(p, decay, out=work[0]), out=g)
        np.multiply(velocity, momentum, out=velocity)
        np.add(velocity, np.multiply(g, learning_rate * p.dtype.type(ratio), out=g), out=velocity)
        np.subtract(p, velocity, out=p)


class LAMB(ParameterwiseOptimizer):
    """u = m' / (sqrt(v') + epsilon) + weight_decay p, then p -= lr |p| / |u| u, m' and v' as in Adam.

    |.| is the Euclidean norm of a whole array. The ratio is 1 where a norm is 0, and for arrays of one axis (biases,
    gains). Variant: the paper's second version, with the bias corrected and without bounds on |p|.
    Kept are M = m / (1 - b1) and V = v / (1 - b2). Source: You et al. 2020.
    """

    type: Literal["lamb"] = "lamb"
    weight_decay: float = Field(0.01, ge=0, allow_inf_nan=False, description="Share of the weights in the step.")
    beta1: float = Field(0.9, ge=0, lt=1, description="Share of the mean gradient kept from step to step.")
    beta2: float = Field(0.999, ge=0, lt=1, description="Share of the mean squared gradient kept from step to step.")
    epsilon: float = Field(1e-6, ge=1e-30, allow_inf_nan=False, description="Keeps the divisor above 0.")

    def slots(self) -> tuple[str, ...]:
        """The sums M of gradients and V of squared gradients."""
        return "gradients", "squares"

    def numbers(self, learning_rate: float, t: int, carried: dict[str, float]) -> tuple[float, ...]:
        """b1, b2, the epsilon and the factor that go with M and V, weight decay and learning rate."""
        c1 = (1 - self.beta1) / (1 - self.beta1**t)
        root_c2 = math.sqrt((1 - self.beta2) / (1 - self.beta2**t))
        return self.beta1, self.beta2, self.epsilon / root_c2, c1 / root_c2, self.weight_decay, learning_rate

    def update(
        self, p: Array, g: Array, slots: Sequence[Array], work: Sequence[Array], numbers: Sequence[Array]
    ) -> None:
        """One step in 11 passes and two norms, 2 more with weight decay."""
        gradients, squares = slots
        beta1, beta2, epsilon, unit, decay, learning_rate = numbers
        np.multiply(gradients, beta1, out=gradients)
        np.add(gradients, g, out=gradients)
        np.multiply(squares, beta2, out=squares)
        np.add(squares, np.multiply(g, g, out=g), out=squares)
        np.add(np.sqrt(squares, out=g), epsilon, out=g)
        np.divide(gradients, g, out=g)
        np.multiply(g, unit, out=g)
        if self.weight_decay:
            np.add(g, np.multiply(p, decay, out=work[0]), out=g)
        ratio = 1.0
        if p.ndim > 1:
            size, step = norm(p), norm(g)
            ratio = size / step if size > 0 and step > 0 else 1.0
        np.subtract(p, np.multiply(g, learning_rate * p.dtype.type(ratio), out=g), out=p)
