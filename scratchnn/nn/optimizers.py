"""Optimizers, in order of growing complexity. Each is a few in-place passes over slices of flat vectors.

p: parameters, g: gradient, lr: learning rate, t: the step, from 1. Each follows PyTorch where libraries differ.
`weight_decay` is coupled (g += weight_decay * p, before all else) unless the class says otherwise; it touches decayed
parameters only: weights, not biases or gains.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from scratchnn.component import Component
from scratchnn.nn.memory import Array


class Optimizer(Component):
    """The base of all optimizers. Holds no arrays: `Updater` owns its slots (moments, velocities)."""

    family: ClassVar[str] = "optimizer"
    work_arrays: ClassVar[int] = 1  # arrays of the slice's length that `decay` and `update` may destroy
    learning_rate: float = Field(1e-3, gt=0, allow_inf_nan=False, description="Step size, times the schedule's factor.")
    weight_decay: float = Field(
        0.0, ge=0, allow_inf_nan=False, description="Pull of the weights towards 0, as part of the gradient."
    )

    def slots(self) -> tuple[str, ...]:
        """The names of the vectors that the optimizer keeps between steps; all start at 0."""
        return ()

    def numbers(self, learning_rate: float, t: int) -> tuple[float, ...]:
        """What `update` multiplies with or adds in step t, the same for all parameters."""
        raise NotImplementedError

    def decay(self, p: Array, g: Array, work: Array, learning_rate: float) -> None:
        """Applies weight decay to a slice of decayed parameters, before `update`. Coupled: g += weight_decay * p."""
        np.add(g, np.multiply(p, self.weight_decay, out=work), out=g)

    def update(
        self, p: Array, g: Array, slots: Sequence[Array], work: Sequence[Array], numbers: Sequence[Array]
    ) -> None:
        """One step on a slice, elementwise: changes p and the slots; may destroy g.

        `numbers` are those above as arrays without axes, of the parameters' dtype: NumPy takes half the time of a
        small call to convert a Python float.
        """
        raise NotImplementedError


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

    def numbers(self, learning_rate: float, t: int) -> tuple[float, ...]:
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

    def numbers(self, learning_rate: float, t: int) -> tuple[float, ...]:
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

    def numbers(self, learning_rate: float, t: int) -> tuple[float, ...]:
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

    def numbers(self, learning_rate: float, t: int) -> tuple[float, ...]:
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


class AdamW(AdaptiveMoments):
    """Adam with decoupled weight decay: p -= lr weight_decay p, before Adam's step. Source: Loshchilov and Hutter 2019.

    Variant: PyTorch's, where the decay is multiplied with the learning rate, the schedule included.
    """

    type: Literal["adamw"] = "adamw"
    weight_decay: float = Field(
        0.01, ge=0, allow_inf_nan=False, description="Pull of the weights towards 0, apart from the gradient."
    )

    def decay(self, p: Array, g: Array, work: Array, learning_rate: float) -> None:
        """p *= 1 - lr weight_decay."""
        np.multiply(p, 1 - learning_rate * self.weight_decay, out=p)
