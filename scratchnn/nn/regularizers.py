"""What is added to the loss for large weights, and the limit on the gradient."""

from __future__ import annotations

import math

import numpy as np
from pydantic import Field

from scratchnn.component import Settings
from scratchnn.nn.arena import Arena
from scratchnn.nn.memory import Array


class Regularization(Settings):
    """Adds l1 * sum |w| + l2 / 2 * sum w^2 to the loss of every batch, and scales long gradients down.

    Touches weights, not biases or gains. A layer's own l1 or l2 wins over these. The 1/2 makes l2 the same as the
    weight decay of plain SGD.
    """

    l1: float = Field(0.0, ge=0, allow_inf_nan=False, description="Factor of the sum of absolute weights.")
    l2: float = Field(0.0, ge=0, allow_inf_nan=False, description="Factor of half the sum of squared weights.")
    clip_norm: float | None = Field(
        None, gt=0, allow_inf_nan=False, description="The longest allowed norm of the whole gradient."
    )

    def spans(self, arena: Arena) -> list[tuple[slice, float, float]]:
        """The slices of the flat vector with their l1 and l2; those with neither are left out.

        Neighbours with the same l1 and l2 are one slice. The gap between them holds zeros, which cost nothing.
        """
        spans: list[tuple[slice, float, float]] = []
        for group in arena.groups:
            l1 = self.l1 if group.l1 is None else group.l1
            l2 = self.l2 if group.l2 is None else group.l2
            start = group.span.start
            if spans and spans[-1][1:] == (l1, l2):
                start = spans.pop()[0].start
            spans.append((slice(start, group.span.stop), l1, l2))
        return [span for span in spans if span[1] or span[2]]


class Penalty:
    """Regularization bound to an arena. `add` is called once a step, between backward and the optimizer."""

    def __init__(self, regularization: Regularization, arena: Arena) -> None:
        self._spans = regularization.spans(arena)
        self._clip_norm = regularization.clip_norm
        self._arena = arena
        longest = max((span.stop - span.start for span, _, _ in self._spans), default=0)
        self._work = np.empty(longest, arena.dtype)

    @property
    def active(self) -> bool:
        """Whether any weight is penalized."""
        return bool(self._spans)

    def value(self) -> float:
        """The penalty of the weights as they are."""
        total = 0.0
        for span, l1, l2 in self._spans:
            weights = self._arena.parameters[span]
            if l1:
                total += l1 * float(np.add.reduce(np.abs(weights, out=self._work[: len(weights)])))
            if l2:
                total += 0.5 * l2 * float(np.dot(weights, weights))
        return total

    def add(self) -> None:
        """Adds the gradient of the penalty, l1 sign(w) + l2 w, to the arena's gradients, then clips their norm."""
        arena = self._arena
        for span, l1, l2 in self._spans:
            weights, gradient = arena.parameters[span], arena.gradients[span]
            work = self._work[: len(weights)]
            if l2:
                np.add(gradient, np.multiply(weights, l2, out=work), out=gradient)
            if l1:
                np.sign(weights, out=work)
                np.add(gradient, np.multiply(work, l1, out=work), out=gradient)
        if self._clip_norm is not None:
            clip_norm(arena.gradients, self._clip_norm)


def clip_norm(gradients: Array, limit: float) -> float:
    """Scales the vector in place so that its Euclidean norm is at most `limit`; returns the norm before.

    Variant: PyTorch's `clip_grad_norm_`, factor limit / (norm + 1e-6), applied only where it is below 1.

    >>> gradient = np.array([3.0, 4.0])
    >>> clip_norm(gradient, 1.0), round(float(np.linalg.norm(gradient)), 6)
    (5.0, 1.0)
    """
    norm = math.sqrt(float(np.dot(gradients, gradients)))
    if math.isinf(norm):  # squares that are too large for float32; a factor of 0 would silently drop the step
        norm = float(np.linalg.norm(gradients.astype(np.float64)))
    factor = limit / (norm + 1e-6)
    if factor < 1:
        np.multiply(gradients, factor, out=gradients)
    return norm
