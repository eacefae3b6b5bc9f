"""Adam and its kin: means of the gradient and of its square."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
from pydantic import Field

from scratchnn.nn.memory import Array
from scratchnn.nn.optimizers.base import DecoupledOptimizer, Optimizer


class AdaptiveMoments(Optimizer):
    """The base of Adam and AdamW, which differ in weight decay.

    Kept are M = m / (1 - b1) and V = v / (1 - b2). With c1 = (1 - b1) / (1 - b1^t) and c2 = (1 - b2) / (1 - b2^t) the
    step is lr c1 / sqrt(c2) * M / (sqrt(V) + epsilon / sqrt(c2)): the same numbers in fewer passes.
    """

    beta1: float = Field(0.9, ge=0, lt=1, description="Share of the mean gradient kept from step to step.")
    beta2: float = Field(0.999, ge=0, lt=1, description="Share of the mean squared gradient kept from step to step.")
    epsilon: float = Field(1e-8, ge=1e-30, allow_inf_nan=False, description="Keeps the divisor above 0.")

    def slots(self) -> tuple[str, ...]:
        """The sums M of gradients and V of squared gradients."""
        return ("gradients", "squares")

    def numbers(self, learning_rate: float, t: int, carried: dict[str, float]) -> tuple[float, ...]:
        """b1, b2, and the epsilon and the step that go with M and V."""
        c1 = (1 - self.beta1) / (1 - self.beta1**t)
        root_c2 = math.sqrt((1 - self.beta2) / (1 - self.beta2**t))
        return self.beta1, self.beta2, self.epsilon / root_c2, learning_rate * c1 / root_c2

    def update(
        self, p: Array, g: Array, slots: Sequence[Array], work: Sequence[Array], numbers: Sequence[Array]
    ) -> None:
        """One step in 10 passes."""
        gradients, squares = slots
        beta1, beta2, epsilon, step = numbers
        np.multiply(gradients, beta1, out=gradients)
        np.add(gradients, g, out=gradients)
        np.multiply(squares, beta2, out=squares)
        np.add(squares, np.multiply(g, g, out=g), out=squares)
        np.add(np.sqrt(squares, out=g), epsilon, out=g)
        np.divide(gradients, g, out=g)
        np.subtract(p, np.multiply(g, step, out=g), out=p)


class Adam(AdaptiveMoments):
    """m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2, then p -= lr m' / (sqrt(v') + epsilon).

    m' = m / (1 - b1^t) and v' = v / (1 - b2^t) correct the bias; epsilon comes after that, outside of the square root.
    Weight decay is coupled. No AMSGrad. Source: Kingma and Ba 2015.
    """

    type: Literal["adam"] = "adam"


class AMSGrad(AdaptiveMoments):
    """Adam whose divisor never falls: n = max(n, v), then p -= lr m' / (sqrt(n / (1 - b2^t)) + epsilon).

    Weight decay is coupled. Variant: PyTorch's Adam with amsgrad=True, which corrects the bias after the maximum.
    Source: Reddi et al. 2018.
    """

    type: Literal["amsgrad"] = "amsgrad"

    def slots(self) -> tuple[str, ...]:
        """The sums M of gradients and V of squared gradients, and the largest V."""
        return ("gradients", "squares", "largest")

    def update(
        self, p: Array, g: Array, slots: Sequence[Array], work: Sequence[Array], numbers: Sequence[Array]
    ) -> None:
        """One step in 11 passes."""
        gradients, squares, largest = slots
        beta1, beta2, epsilon, step = numbers
        np.multiply(gradients, beta1, out=gradients)
        np.add(gradients, g, out=gradients)
        np.multiply(squares, beta2, out=squares)
        np.add(squares, np.multiply(g, g, out=g), out=squares)
        np.maximum(largest, squares, out=largest)
        np.add(np.sqrt(largest, out=g), epsilon, out=g)
        np.divide(gradients, g, out=g)
        np.subtract(p, np.multiply(g, step, out=g), out=p)


class AdamW(AdaptiveMoments, DecoupledOptimizer):
    """Adam with decoupled weight decay: p -= lr weight_decay p, before Adam's step. Source: Loshchilov and Hutter 2019.

    Variant: PyTorch's, where the decay is multiplied with the learning rate, the schedule included.
    """

    type: Literal["adamw"] = "adamw"
