"""What others made of Adam: another norm, Nesterov's look ahead, a warm-up of its own, no schedule."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from scratchnn.nn.memory import Array
from scratchnn.nn.optimizers.adam import AdaptiveMoments


class AdaMax(AdaptiveMoments):
    """m = b1 m + (1 - b1) g, u = max(b2 u, |g| + epsilon), then p -= lr m / ((1 - b1^t) u).

    Weight decay is coupled. Variant: PyTorch's, with epsilon beside |g|. Kept is M = m / (1 - b1).
    Source: Kingma and Ba 2015, section 7.
    """

    type: Literal["adamax"] = "adamax"
    learning_rate: float = Field(2e-3, gt=0, allow_inf_nan=False, description="Step size, times the schedule's factor.")
    beta2: float = Field(0.999, ge=0, lt=1, description="Share of the largest gradient kept from step to step.")

    def slots(self) -> tuple[str, ...]:
        """The sum M of gradients and the decaying maximum u."""
        return "gradients", "largest"

    def numbers(self, learning_rate: float, t: int, carried: dict[str, float]) -> tuple[float, ...]:
        """b1, b2, epsilon and the step that goes with M."""
        return self.beta1, self.beta2, self.epsilon, learning_rate * (1 - self.beta1) / (1 - self.beta1**t)

    def update(
        self, p: Array, g: Array, slots: Sequence[Array], work: Sequence[Array], numbers: Sequence[Array]
    ) -> None:
        """One step in 9 passes."""
        gradients, largest = slots
        beta1, beta2, epsilon, step = numbers
        np.multiply(gradients, beta1, out=gradients)
        np.add(gradients, g, out=gradients)
        np.add(np.abs(g, out=g), epsilon, out=g)
        np.multiply(largest, beta2, out=largest)
        np.maximum(largest, g, out=largest)
        np.divide(gradients, largest, out=g)
        np.subtract(p, np.multiply(g, step, out=g), out=p)


class NAdam(AdaptiveMoments):
    """Adam with Nesterov's look ahead: p -= lr (c g + d m) / (sqrt(v') + epsilon).

    With mu(t) = b1 (1 - 0.96^(t momentum_decay) / 2) and P(t) = mu(1) ... mu(t): c = (1 - mu(t)) / (1 - P(t)) and
    d = mu(t + 1) / (1 - P(t + 1)). v' = v / (1 - b2^t). Weight decay is coupled. As PyTorch's NAdam.
    Source: Dozat 2016.
    """

    type: Literal["nadam"] = "nadam"
    learning_rate: float = Field(2e-3, gt=0, allow_inf_nan=False, description="Step size, times the schedule's factor.")
    momentum_decay: float = Field(4e-3, ge=0, allow_inf_nan=False, description="How fast mu rises to b1.")

    def carried(self) -> dict[str, float]:
        """The product P."""
        return {"product": 1.0}

    def numbers(self, learning_rate: float, t: int, carried: dict[str, float]) -> tuple[float, ...]:
        """b1, b2, and the epsilon and the steps of g and M that go with V."""
        mu = self.beta1 * (1 - 0.5 * 0.96 ** (t * self.momentum_decay))
        ahead = self.beta1 * (1 - 0.5 * 0.96 ** ((t + 1) * self.momentum_decay))
        product = carried["product"] = carried["product"] * mu
        root_c2 = math.sqrt((1 - self.beta2) / (1 - self.beta2**t))
        now = learning_rate * (1 - mu) / (1 - product)
        kept = learning_rate * ahead * (1 - self.beta1) / (1 - product * ahead)
        return self.beta1, self.beta2, self.epsilon / root_c2, now / root_c2, kept / root_c2

    def update(
        self, p: Array, g: Array, slots: Sequence[Array], work: Sequence[Array], numbers: Sequence[Array]
    ) -> None:
        """One step in 13 passes."""
        gradients, squares = slots
        beta1, beta2, epsilon, now, kept = numbers
        other = work[0]
        np.multiply(gradients, beta1, out=gradients)
        np.add(gradients, g, out=gradients)
        np.multiply(squares, beta2, out=squares)
        np.add(squares, np.multiply(g, g, out=other), out=squares)
        np.multiply(g, now, out=g)
        np.add(g, np.multiply(gradients, kept, out=other), out=g)
        np.add(np.sqrt(squares, out=other), epsilon, out=other)
        np.subtract(p, np.divide(g, other, out=g), out=p)


class RAdam(AdaptiveMoments):
    """Adam that waits until v is known well: p -= lr r sqrt(1 - b2^t) m' / (sqrt(v) + epsilon) where rho > 5.

    Before that p -= lr m'. With rho_inf = 2 / (1 - b2) - 1 and rho = rho_inf - 2 t b2^t / (1 - b2^t):
    r = sqrt((rho - 4)(rho - 2) rho_inf / ((rho_inf - 4)(rho_inf - 2) rho)). m' = m / (1 - b1^t).
    Epsilon comes before the correction of the bias. Weight decay is coupled. As PyTorch's RAdam.
    Source: Liu et al. 2020.
    """

    type: Literal["radam"] = "radam"

    def numbers(self, learning_rate: float, t: int, carried: dict[str, float]) -> tuple[float, ...]:
        """b1, b2, the epsilon and the step that go with M and V, and whether that step divides by the root of V."""
        step = learning_rate * (1 - self.beta1) / (1 - self.beta1**t)
        longest = 2 / (1 - self.beta2) - 1
        correction = 1 - self.beta2**t
        length = longest - 2 * t * self.beta2**t / correction
        unit = math.sqrt(1 - self.beta2)
        if length <= 5:
            return self.beta1, self.beta2, self.epsilon / unit, step, 0.0
        share = (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)
        return self.beta1, self.beta2, self.epsilon / unit, step * math.sqrt(share * correction) / unit, 1.0

    def update(
        self, p: Array, g: Array, slots: Sequence[Array], work: Sequence[Array], numbers: Sequence[Array]
    ) -> None:
        """One step in 10 passes."""
        gradients, squares = slots
        beta1, beta2, epsilon, step, divides = numbers
        np.multiply(gradients, beta1, out=gradients)
        np.add(gradients, g, out=gradients)
        np.multiply(squares, beta2, out=squares)
        np.add(squares, np.multiply(g, g, out=g), out=squares)
        if divides:
            np.add(np.sqrt(squares, out=g), epsilon, out=g)
            np.divide(gradients, g, out=g)
        else:
            g[...] = gradients
        np.subtract(p, np.multiply(g, step, out=g), out=p)


class ScheduleFreeAdamW(AdaptiveMoments):
    """AdamW on z, its mean x, and gradients taken between them at y = (1 - b1) z + b1 x, which the parameters hold.

    v = b2 v + (1 - b2) g^2, d = g / (sqrt(v / (1 - b2^t)) + epsilon) + weight_decay y, z -= lr d, x += c (z - x) with
    c = w / (w_1 + ... + w_t), w the square of the largest learning rate so far. Evaluated and saved is x.
    Needs no falling schedule; a warm-up helps. Running statistics of batch_norm stay those of y.
    Variant: the authors' AdamWScheduleFree with weight_lr_power 2. Source: Defazio et al. 2024.
    """

    type: Literal["schedule_free_adamw"] = "schedule_free_adamw"
    decays_inside: ClassVar[bool] = True
    keeps_average: ClassVar[bool] = True
    learning_rate: float = Field(
        2.5e-3, gt=0, allow_inf_nan=False, description="Step size, times the schedule's factor."
    )
    weight_decay: float = Field(0.0, ge=0, allow_inf_nan=False, description="Pull of y towards 0, decoupled.")
    beta1: float = Field(0.9, gt=0, lt=1, description="How near to the mean x the gradients are taken.")

    def slots(self) -> tuple[str, ...]:
        """z, and the sum V of squared gradients, v / (1 - b2)."""
        return "leaders", "squares"

    def start(self, p: Array, slots: Sequence[Array], learning_rate: float) -> None:
        """x, y and z start together."""
        slots[0][...] = p

    def carried(self) -> dict[str, float]:
        """The largest learning rate so far, and the sum of its squares."""
        return {"largest": 0.0, "weights": 0.0}

    def numbers(self, learning_rate: float, t: int, carried: dict[str, float]) -> tuple[float, ...]:
        """b2, the epsilon and the factor of d that go with V, weight decay, c, and the steps of y and z."""
        largest = carried["largest"] = max(carried["largest"], learning_rate)
        weights = carried["weights"] = carried["weights"] + largest**2
        share = largest**2 / weights if weights else 0.0
        root_c2 = math.sqrt((1 - self.beta2) / (1 - self.beta2**t))
        ahead = learning_rate * (1 - self.beta1 * (1 - share))
        return self.beta2, self.epsilon / root_c2, 1 / root_c2, self.weight_decay, share, ahead, learning_rate

    def update(
        self, p: Array, g: Array, slots: Sequence[Array], work: Sequence[Array], numbers: Sequence[Array]
    ) -> None:
        """One step in 17 passes, 2 more with weight decay."""
        leaders, squares = slots
        beta2, epsilon, unit, decay, share, ahead, learning_rate = numbers
        other = work[0]
        np.multiply(squares, beta2, out=squares)
        np.add(squares, np.multiply(g, g, out=other), out=squares)
        np.add(np.sqrt(squares, out=other), epsilon, out=other)
        np.divide(np.multiply(g, unit, out=g), other, out=g)
        if self.weight_decay:
            np.add(g, np.multiply(p, decay, out=other), out=g)
        np.subtract(leaders, p, out=other)
        np.add(p, np.multiply(other, share, out=other), out=p)
        np.subtract(p, np.multiply(g, ahead, out=other), out=p)
        np.subtract(leaders, np.multiply(g, learning_rate, out=g), out=leaders)

    def average(self, p: Array, slots: Sequence[Array], out: Array) -> None:
        """x = y + (1 - 1 / b1) (z - y)."""
        np.subtract(slots[0], p, out=out)
        np.multiply(out, 1 - 1 / self.beta1, out=out)
        np.add(out, p, out=out)
