"""A step size for each parameter, from the squares of its gradients."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from scratchnn.nn.memory import Array
from scratchnn.nn.optimizers.base import Optimizer


class RMSProp(Optimizer):
    """s = alpha s + (1 - alpha) g^2, then p -= lr g / (sqrt(s) + epsilon).

    Epsilon stands outside of the square root. With momentum: v = momentum v + g / (sqrt(s) + epsilon), then p -= lr v.
    Not centered. Kept is S = s / (1 - alpha), which saves a pass. Source: Hinton 2012, lecture 6e.
    """

    type: Literal["rmsprop"] = "rmsprop"
    alpha: float = Field(0.99, ge=0, lt=1, description="Share of the squared gradients kept from step to step.")
    epsilon: float = Field(1e-8, ge=1e-30, allow_inf_nan=False, description="Keeps the divisor above 0.")
    momentum: float = Field(0.0, ge=0, lt=1, description="Share of the velocity kept from step to step.")

    def slots(self) -> tuple[str, ...]:
        """The sum of squares S and, where there is momentum, the velocity."""
        return ("squares", "velocity") if self.momentum else ("squares",)

    def numbers(self, learning_rate: float, t: int, carried: dict[str, float]) -> tuple[float, ...]:
        """Alpha, momentum, and the epsilon and the learning rate that go with S."""
        unit = math.sqrt(1 - self.alpha)
        return self.alpha, self.momentum, self.epsilon / unit, learning_rate / unit

    def update(
        self, p: Array, g: Array, slots: Sequence[Array], work: Sequence[Array], numbers: Sequence[Array]
    ) -> None:
        """One step in 8 passes, 10 with momentum."""
        alpha, momentum, epsilon, learning_rate = numbers
        squares, root = slots[0], work[0]
        np.multiply(squares, alpha, out=squares)
        np.add(squares, np.multiply(g, g, out=root), out=squares)
        np.add(np.sqrt(squares, out=root), epsilon, out=root)
        np.divide(g, root, out=g)
        step = g
        if self.momentum:
            step = slots[1]
            np.multiply(step, momentum, out=step)
            np.add(step, g, out=step)
        np.subtract(p, np.multiply(step, learning_rate, out=g), out=p)


class AdaGrad(Optimizer):
    """s += g^2, then p -= lr g / (sqrt(s) + epsilon).

    Epsilon stands outside of the square root. As PyTorch's Adagrad; for its lr_decay take the schedule inverse_time.
    Source: Duchi et al. 2011.
    """

    type: Literal["adagrad"] = "adagrad"
    learning_rate: float = Field(0.01, gt=0, allow_inf_nan=False, description="Step size, times the schedule's factor.")
    initial: float = Field(0.0, ge=0, allow_inf_nan=False, description="The sum of squares before the first step.")
    epsilon: float = Field(1e-10, ge=1e-30, allow_inf_nan=False, description="Keeps the divisor above 0.")

    def slots(self) -> tuple[str, ...]:
        """The sum of squares."""
        return ("squares",)

    def start(self, p: Array, slots: Sequence[Array], learning_rate: float) -> None:
        """The sum starts at `initial`."""
        slots[0][...] = self.initial

    def numbers(self, learning_rate: float, t: int, carried: dict[str, float]) -> tuple[float, ...]:
        """Epsilon and the learning rate."""
        return self.epsilon, learning_rate

    def update(
        self, p: Array, g: Array, slots: Sequence[Array], work: Sequence[Array], numbers: Sequence[Array]
    ) -> None:
        """One step in 7 passes."""
        epsilon, learning_rate = numbers
        squares, root = slots[0], work[0]
        np.add(squares, np.multiply(g, g, out=root), out=squares)
        np.add(np.sqrt(squares, out=root), epsilon, out=root)
        np.divide(np.multiply(g, learning_rate, out=g), root, out=g)
        np.subtract(p, g, out=p)


class AdaDelta(Optimizer):
    """s = rho s + (1 - rho) g^2, d = g sqrt(u + epsilon) / sqrt(s + epsilon), u = rho u + (1 - rho) d^2, p -= lr d.

    Epsilon stands inside of both roots, and starts the movement. The paper's learning rate is 1.
    As PyTorch's Adadelta. Source: Zeiler 2012.
    """

    type: Literal["adadelta"] = "adadelta"
    learning_rate: float = Field(1.0, gt=0, allow_inf_nan=False, description="Step size, times the schedule's factor.")
    rho: float = Field(0.9, ge=0, lt=1, description="Share of the squares kept from step to step.")
    epsilon: float = Field(1e-6, ge=1e-30, allow_inf_nan=False, description="Added to the squares in both roots.")

    def slots(self) -> tuple[str, ...]:
        """The mean squares of the gradients and of the steps."""
        return "squares", "steps"

    def numbers(self, learning_rate: float, t: int, carried: dict[str, float]) -> tuple[float, ...]:
        """Rho, 1 - rho, epsilon and the learning rate."""
        return self.rho, 1 - self.rho, self.epsilon, learning_rate

    def update(
        self, p: Array, g: Array, slots: Sequence[Array], work: Sequence[Array], numbers: Sequence[Array]
    ) -> None:
        """One step in 15 passes."""
        squares, steps = slots
        rho, rest, epsilon, learning_rate = numbers
        other = work[0]
        np.multiply(squares, rho, out=squares)
        np.multiply(np.multiply(g, g, out=other), rest, out=other)
        np.add(squares, other, out=squares)
        np.divide(g, np.sqrt(np.add(squares, epsilon, out=other), out=other), out=g)
        np.multiply(g, np.sqrt(np.add(steps, epsilon, out=other), out=other), out=g)
        np.multiply(steps, rho, out=steps)
        np.multiply(np.multiply(g, g, out=other), rest, out=other)
        np.add(steps, other, out=steps)
        np.subtract(p, np.multiply(g, learning_rate, out=g), out=p)


class FTRL(Optimizer):
    """Follow the regularized leader: a step size for each parameter, and l1 that gives zeros.

    n += g^2, z += g - (q - q_before) p, then p = 0 if |z| <= l1 else -(z - l1 sign(z)) / (q + l2), with
    q = (beta + sqrt(n)) / lr.

    l1 gives weights that are exactly 0. z starts so that the first p stays as it is where g is 0 (the paper's p starts
    at 0), and q_before is that of the last learning rate, so that a schedule alone moves nothing.
    Source: McMahan et al. 2013, algorithm 1.
    """

    type: Literal["ftrl"] = "ftrl"
    work_arrays: ClassVar[int] = 2
    learning_rate: float = Field(0.1, gt=0, allow_inf_nan=False, description="Step size, times the schedule's factor.")
    beta: float = Field(1.0, gt=0, allow_inf_nan=False, description="Added to the root of the sum of squares.")
    l1: float = Field(0.0, ge=0, allow_inf_nan=False, description="The |z| up to which a parameter is 0.")
    l2: float = Field(0.0, ge=0, allow_inf_nan=False, description="Pull of the parameters towards 0.")

    def slots(self) -> tuple[str, ...]:
        """z and the sum of squares n."""
        return "leaders", "squares"

    def start(self, p: Array, slots: Sequence[Array], learning_rate: float) -> None:
        """z = -(beta / lr + l2) p - l1 sign(p)."""
        if learning_rate:
            slots[0][...] = -(self.beta / learning_rate + self.l2) * p - self.l1 * np.sign(p)

    def carried(self) -> dict[str, float]:
        """The last learning rate above 0, or 0."""
        return {"learning_rate": 0.0}

    def numbers(self, learning_rate: float, t: int, carried: dict[str, float]) -> tuple[float, ...]:
        """The learning rate, the one before, beta, l1 and l2."""
        before = carried["learning_rate"] or learning_rate
        if learning_rate:
            carried["learning_rate"] = learning_rate
        return learning_rate, before, self.beta, self.l1, self.l2

    def update(
        self, p: Array, g: Array, slots: Sequence[Array], work: Sequence[Array], numbers: Sequence[Array]
    ) -> None:
        """One step in 20 passes. A learning rate of 0 leaves all as it is."""
        leaders, squares = slots
        learning_rate, before, beta, l1, l2 = numbers
        if not learning_rate:
            return
        change, root = work
        np.add(leaders, g, out=leaders)
        np.divide(np.add(np.sqrt(squares, out=change), beta, out=change), before, out=change)
        np.add(squares, np.multiply(g, g, out=g), out=squares)
        np.divide(np.add(np.sqrt(squares, out=root), beta, out=root), learning_rate, out=root)
        np.subtract(root, change, out=change)
        np.subtract(leaders, np.multiply(change, p, out=change), out=leaders)
        np.maximum(np.subtract(np.abs(leaders, out=p), l1, out=p), 0, out=p)
        np.multiply(p, np.sign(leaders, out=change), out=p)
        np.divide(p, np.add(root, l2, out=root), out=p)
        np.negative(p, out=p)
