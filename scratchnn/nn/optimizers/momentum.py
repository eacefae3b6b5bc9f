"""Steps along the gradient, without and with memory of the last ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from pydantic import Field

from scratchnn.nn.memory import Array
from scratchnn.nn.optimizers.base import Optimizer


class SGD(Optimizer):
    """v = momentum v + g, then p -= lr v. Without momentum: p -= lr g.

    The first step takes v = g. The learning rate stands outside of v. No dampening.
    Source: Robbins and Monro 1951; momentum: Polyak 1964.
    """

    type: Literal["sgd"] = "sgd"
    learning_rate: float = Field(0.01, gt=0, allow_inf_nan=False, description="Step size, times the schedule's factor.")
    momentum: float = Field(0.0, ge=0, lt=1, description="Share of the velocity kept from step to step.")

    def slots(self) -> tuple[str, ...]:
        """The velocity, where there is momentum."""
        return ("velocity",) if self.momentum else ()

    def numbers(self, learning_rate: float, t: int, carried: dict[str, float]) -> tuple[float, ...]:
        """Learning rate and momentum."""
        return learning_rate, self.momentum

    def update(
        self, p: Array, g: Array, slots: Sequence[Array], work: Sequence[Array], numbers: Sequence[Array]
    ) -> None:
        """One step in 4 passes, 2 without momentum."""
        learning_rate, momentum = numbers
        step = g
        if slots:
            step = slots[0]
            np.multiply(step, momentum, out=step)
            np.add(step, g, out=step)
        np.subtract(p, np.multiply(step, learning_rate, out=g), out=p)


class Nesterov(Optimizer):
    """v = momentum v + g, then p -= lr (g + momentum v): momentum that looks one step ahead.

    Variant: that of Sutskever et al. 2013 written for the gradient at p, as PyTorch's SGD with nesterov=True.
    Source: Nesterov 1983.
    """

    type: Literal["nesterov"] = "nesterov"
    learning_rate: float = Field(0.01, gt=0, allow_inf_nan=False, description="Step size, times the schedule's factor.")
    momentum: float = Field(0.9, gt=0, lt=1, description="Share of the velocity kept from step to step.")

    def slots(self) -> tuple[str, ...]:
        """The velocity."""
        return ("velocity",)

    def numbers(self, learning_rate: float, t: int, carried: dict[str, float]) -> tuple[float, ...]:
        """Learning rate and momentum."""
        return learning_rate, self.momentum

    def update(
        self, p: Array, g: Array, slots: Sequence[Array], work: Sequence[Array], numbers: Sequence[Array]
    ) -> None:
        """One step in 6 passes."""
        learning_rate, momentum = numbers
        velocity = slots[0]
        np.multiply(velocity, momentum, out=velocity)
        np.add(velocity, g, out=velocity)
        np.add(g, np.multiply(velocity, momentum, out=work[0]), out=g)
        np.subtract(p, np.multiply(g, learning_rate, out=g), out=p)
