"""Optimizers, in order of growing complexity. Each is a few in-place passes over slices of flat vectors.

p: parameters, g: gradient, t: the step, from 1. `weight_decay` is coupled (added to the gradient) unless the class
says otherwise; it touches decayed parameters only: weights, not biases or gains.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from scratchnn.component import Component
from scratchnn.nn.memory import Array


class Optimizer(Component):
    """The base of all optimizers. Holds no arrays: `Updater` owns its slots (moments, momenta)."""

    family: ClassVar[str] = "optimizer"
    work_arrays: ClassVar[int] = 1  # arrays of the slice's length that `update` may destroy
    learning_rate: float = Field(1e-3, gt=0, allow_inf_nan=False, description="Step size, times the schedule's factor.")
    weight_decay: float = Field(0.0, ge=0, allow_inf_nan=False, description="Pull of the weights towards 0.")

    def slots(self) -> tuple[str, ...]:
        """The names of the vectors that the optimizer keeps between steps; all start at 0."""
        return ()

    def decay(self, p: Array, g: Array, work: Array, learning_rate: float) -> None:
        """Applies weight decay to a slice of decayed parameters, before `update`. Coupled: g += weight_decay * p."""
        np.add(g, np.multiply(p, self.weight_decay, out=work), out=g)

    def update(
        self, p: Array, g: Array, slots: Sequence[Array], work: Sequence[Array], learning_rate: float, t: int
    ) -> None:
        """One step on a slice, elementwise: changes p and the slots; may destroy g."""
        raise NotImplementedError


class SGD(Optimizer):
    """p -= lr g. Robbins and Monro 1951."""

    type: Literal["sgd"] = "sgd"

    def update(
        self, p: Array, g: Array, slots: Sequence[Array], work: Sequence[Array], learning_rate: float, t: int
    ) -> None:
        """One step."""
        np.multiply(g, learning_rate, out=g)
        np.subtract(p, g, out=p)
