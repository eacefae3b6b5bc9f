"""Optimizers that use only the signs of the gradient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from scratchnn.nn.memory import Array
from scratchnn.nn.optimizers.base import DecoupledOptimizer, Optimizer


class Rprop(Optimizer):
    """p -= d sign(g), with a step size d of its own for each parameter. For whole batches: noise flips signs.

    d starts at the learning rate of the first step; later ones change nothing, but 0 leaves all as it is. d is
    multiplied with `increase` where g has the sign of the last step, with `decrease` where it has the other one, and
    kept within `smallest` and `largest`. Where the sign changed, the step is left out and the next counts as the first.
    As PyTorch's Rprop. Source: Riedmiller and Braun 1993; without weight backtracking (iRprop-, Igel and Huesken 2000).
    """

    type: Literal["rprop"] = "rprop"
    learning_rate: float = Field(0.01, gt=0, allow_inf_nan=False, description="The first step size of each parameter.")
    decrease: float = Field(0.5, gt=0, lt=1, description="Factor on the step size where the sign changed.")
    increase: float = Field(1.2, gt=1, allow_inf_nan=False, description="Factor on the step size where it did not.")
    smallest: float = Field(1e-6, gt=0, allow_inf_nan=False, description="The smallest step size.")
    largest: float = Field(50.0, gt=0, allow_inf_nan=False, description="The largest step size.")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.smallest > self.largest:
            raise PydanticCustomError("rprop", "`smallest` is above `largest`.")
        return self

    def slots(self) -> tuple[str, ...]:
        """The sign of the last gradient, 0 where its step was left out, and the step sizes."""
        return "signs", "sizes"

    def start(self, p: Array, slots: Sequence[Array], learning_rate: float) -> None:
        """All step sizes are the learning rate."""
        slots[1][...] = learning_rate

    def numbers(self, learning_rate: float, t: int, carried: dict[str, float]) -> tuple[float, ...]:
        """How much of a step size is added or taken away, the bounds, and the learning rate."""
        return self.increase - 1, 1 - self.decrease, self.smallest, self.largest, learning_rate

    def update(
        self, p: Array, g: Array, slots: Sequence[Array], work: Sequence[Array], numbers: Sequence[Array]
    ) -> None:
        """One step in 13 passes. The slot keeps signs: the product of two small gradients might be 0."""
        previous, sizes = slots
        rise, fall, smallest, largest, learning_rate = numbers
        if not learning_rate:
            return
        change = work[0]
        np.sign(g, out=g)
        np.multiply(g, previous, out=previous)  # 1: the same sign, -1: it changed, 0: no last step
        np.multiply(np.maximum(previous, 0, out=change), rise, out=change)
        np.add(sizes, np.multiply(change, sizes, out=change), out=sizes)
        np.multiply(np.minimum(previous, 0, out=previous), fall, out=change)
        np.add(sizes, np.multiply(change, sizes, out=change), out=sizes)
        np.clip(sizes, smallest, largest, out=sizes)
        np.multiply(g, np.add(previous, 1, out=previous), out=g)  # 0 where the sign changed
        previous[...] = g
        np.subtract(p, np.multiply(g, sizes, out=g), out=p)


class Lion(DecoupledOptimizer):
    """p -= lr sign(b1 m + (1 - b1) g), then m = b2 m + (1 - b2) g. Weight decay is decoupled, before the step.

    Wants a learning rate 3 to 10 times smaller, and a weight decay as much larger, than AdamW.
    Source: Chen et al. 2023.
    """

    type: Literal["lion"] = "lion"
    learning_rate: float = Field(1e-4, gt=0, allow_inf_nan=False, description="Step size, times the schedule's factor.")
    beta1: float = Field(0.9, ge=0, lt=1, description="Share of the mean gradient in the step.")
    beta2: float = Field(0.99, ge=0, lt=1, description="Share of the mean gradient kept from step to step.")

    def slots(self) -> tuple[str, ...]:
        """The mean gradient."""
        return ("gradients",)

    def numbers(self, learning_rate: float, t: int, carried: dict[str, float]) -> tuple[float, ...]:
        """b1, b2, the learning rate, 1 - b1, and (1 - b2) / (1 - b1)."""
        return self.beta1, self.beta2, learning_rate, 1 - self.beta1, (1 - self.beta2) / (1 - self.beta1)

    def update(
        self, p: Array, g: Array, slots: Sequence[Array], work: Sequence[Array], numbers: Sequence[Array]
    ) -> None:
        """One step in 9 passes."""
        mean, direction = slots[0], work[0]
        beta1, beta2, learning_rate, rest1, ratio = numbers
        np.multiply(g, rest1, out=g)
        np.add(np.multiply(mean, beta1, out=direction), g, out=direction)
        np.multiply(np.sign(direction, out=direction), learning_rate, out=direction)
        np.subtract(p, direction, out=p)
        np.multiply(mean, beta2, out=mean)
        np.add(mean, np.multiply(g, ratio, out=g), out=mean)
