"""Optimizers that see a weight array as a matrix."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from scratchnn.nn.memory import Array, Shape
from scratchnn.nn.optimizers.base import ParameterwiseOptimizer
from scratchnn.nn.optimizers.layerwise import norm


class Adafactor(ParameterwiseOptimizer):
    """Keeps mean squares of rows and columns alone: v = r c / mean(r), p -= a g / sqrt(v), made shorter.

    With u = g / sqrt(v): p -= a u / max(1, rms(u) / d).

    r and c are running means over the last two axes of g^2, with the share s = t^-decay_power of the new ones, a =
    max(epsilon2, rms(p)) min(lr, 1 / sqrt(t)), d = `clip`. The mean of r and the root of v are at least epsilon1.
    Arrays of one axis keep v whole. No momentum. Weight decay is decoupled, p -= lr weight_decay p, before the step.
    As PyTorch's Adafactor. Source: Shazeer and Stern 2018.
    """

    type: Literal["adafactor"] = "adafactor"
    learning_rate: float = Field(
        0.01, gt=0, allow_inf_nan=False, description="The largest step relative to the parameters."
    )
    decay_power: float = Field(0.8, ge=0, allow_inf_nan=False, description="How fast the share of the new falls.")
    epsilon1: float | None = Field(
        None, gt=0, allow_inf_nan=False, description="Least root of v; absent: the dtype's own epsilon."
    )
    epsilon2: float = Field(1e-3, gt=0, allow_inf_nan=False, description="Least size that is taken for the weights.")
    clip: float = Field(1.0, ge=1, allow_inf_nan=False, description="Largest root mean square of u.")

    def slots(self) -> tuple[str, ...]:
        """The mean squares of rows, of columns, and of arrays of one axis."""
        return "rows", "columns", "squares"

    def slot_shape(self, name: str, shape: Shape) -> Shape:
        """(..., R, C) keeps (..., R, 1) and (..., 1, C)."""
        if len(shape) < 2:
            return shape if name == "squares" else (0,)
        return {"rows": (*shape[:-1], 1), "columns": (*shape[:-2], 1, shape[-1]), "squares": (0,)}[name]

    def numbers(self, learning_rate: float, t: int, carried: dict[str, float]) -> tuple[float, ...]:
        """The share of the new squares, the largest relative step, and the factor that decays."""
        return t**-self.decay_power, min(learning_rate, 1 / math.sqrt(t)), 1 - learning_rate * self.weight_decay

    def update(
        self, p: Array, g: Array, slots: Sequence[Array], work: Sequence[Array], numbers: Sequence[Array]
    ) -> None:
        """One step in 8 passes and two norms."""
        rows, columns, squares = slots
        share, largest, decay = numbers
        root = work[0]
        epsilon = float(np.finfo(p.dtype).eps) if self.epsilon1 is None else self.epsilon1
        count = math.sqrt(p.size)
        step = max(self.epsilon2, norm(p) / count) * float(largest)
        if self.weight_decay:
            np.multiply(p, decay, out=p)
        np.multiply(g, g, out=root)
        if p.ndim < 2:
            squares += share * (root - squares)
            np.maximum(squares, epsilon**2, out=root)
        else:
            rows += share * (root.mean(-1, keepdims=True) - rows)
            columns += share * (root.mean(-2, keepdims=True) - columns)
            np.multiply(rows / np.maximum(rows.mean(-2, keepdims=True), epsilon), columns, out=root)
            np.maximum(root, epsilon**2, out=root)
        np.divide(g, np.sqrt(root, out=root), out=g)
        factor = step / max(1.0, norm(g) / (count * self.clip))
        np.subtract(p, np.multiply(g, p.dtype.type(factor), out=g), out=p)


class Muon(ParameterwiseOptimizer):
    """Matrices: v = momentum v + g, then p -= lr s O(g + momentum v). All else: AdamW.

    O takes all singular values near to 1. It is a Newton-Schulz iteration on the matrix X over its Euclidean norm,
    X = a X + (b A + c A^2) X with A = X X^T and (a, b, c) = (3.4445, -4.775, 2.0315). With `adjust: original`
    s = sqrt(max(1, outputs / inputs)), with `rms` s = 0.2 sqrt(max(outputs, inputs)), PyTorch's match_rms_adamw, so
    that one learning rate suits both parts.
    Weight decay is decoupled, p -= lr weight_decay p, before the step. As PyTorch's Muon, but with the numbers of the
    network in place of bfloat16. AdamW also takes kernels of convolutions. Source: Jordan et al. 2024; Liu et al. 2025.
    """

    type: Literal["muon"] = "muon"
    work_arrays: ClassVar[int] = 4
    weight_decay: float = Field(0.1, ge=0, allow_inf_nan=False, description="Pull of the weights towards 0, decoupled.")
    momentum: float = Field(0.95, ge=0, lt=1, description="Share of the velocity kept from step to step.")
    iterations: int = Field(5, ge=1, le=99, description="Steps of the Newton-Schulz iteration.")
    adjust: Literal["original", "rms"] = Field("rms", description="How the step depends on the shape of the matrix.")
    adam_beta1: float = Field(0.9, ge=0, lt=1, description="AdamW's beta1.")
    adam_beta2: float = Field(0.999, ge=0, lt=1, description="AdamW's beta2.")
    adam_epsilon: float = Field(1e-8, ge=1e-30, allow_inf_nan=False, description="AdamW's epsilon.")

    def slots(self) -> tuple[str, ...]:
        """The velocity of matrices, AdamW's sums of gradients and squares of the rest."""
        return "velocity", "gradients", "squares"

    def slot_shape(self, name: str, shape: Shape) -> Shape:
        """Each parameter has only those of its own kind."""
        return shape if (name == "velocity") == (len(shape) == 2) else (0,)

    def numbers(self, learning_rate: float, t: int, carried: dict[str, float]) -> tuple[float, ...]:
        """Learning rate, momentum and decay, then AdamW's b1, b2, epsilon and step as in `AdaptiveMoments`."""
        c1 = (1 - self.adam_beta1) / (1 - self.adam_beta1**t)
        root_c2 = math.sqrt((1 - self.adam_beta2) / (1 - self.adam_beta2**t))
        return (
            learning_rate,
            self.momentum,
            1 - learning_rate * self.weight_decay,
            self.adam_beta1,
            self.adam_beta2,
            self.adam_epsilon / root_c2,
            learning_rate * c1 / root_c2,
        )

    def shape_factor(self, shape: Shape) -> float:
        """s for a matrix of this shape."""
        inputs, outputs = shape
        if self.adjust == "original":
            return math.sqrt(max(1.0, outputs / inputs))
        return 0.2 * math.sqrt(max(shape))

    def update(
        self, p: Array, g: Array, slots: Sequence[Array], work: Sequence[Array], numbers: Sequence[Array]
    ) -> None:
        """One step. For (N, M) with N <= M each iteration is 4 N^2 M + 2 N^3 operations."""
        velocity, gradients, squares = slots
        learning_rate, momentum, decay, beta1, beta2, epsilon, step = numbers
        if self.weight_decay:
            np.multiply(p, decay, out=p)
        if p.ndim == 2:
            np.multiply(velocity, momentum, out=velocity)
            np.add(velocity, g, out=velocity)
            np.add(g, np.multiply(velocity, momentum, out=work[0]), out=g)
            made = self._orthogonal(g, work)
            np.multiply(made, learning_rate * p.dtype.type(self.shape_factor(p.shape)), out=g)
            np.subtract(p, g, out=p)
            return
        np.multiply(gradients, beta1, out=gradients)
        np.add(gradients, g, out=gradients)
        np.multiply(squares, beta2, out=squares)
        np.add(squares, np.multiply(g, g, out=g), out=squares)
        np.add(np.sqrt(squares, out=g), epsilon, out=g)
        np.divide(gradients, g, out=g)
        np.subtract(p, np.multiply(g, step, out=g), out=p)

    def _orthogonal(self, g: Array, work: Sequence[Array]) -> Array:
        """O(g), a view of a work array in the shape of g. The smaller side comes first while iterating."""
        tall = g.shape[0] > g.shape[1]
        wide = g.T if tall else g
        n, m = wide.shape
        x, other = (array.reshape(-1).reshape(n, m) for array in work[:2])
        gram, square = (array.reshape(-1)[: n * n].reshape(n, n) for array in work[2:])
        np.multiply(wide, 1 / max(norm(g), 1e-7), out=x)
        for _ in range(self.iterations):
            np.matmul(x, x.T, out=gram)
            np.matmul(gram, gram, out=square)
            np.multiply(square, 2.0315, out=square)
            np.add(square, np.multiply(gram, -4.775, out=gram), out=square)
            np.matmul(square, x, out=other)
            np.add(np.multiply(x, 3.4445, out=x), other, out=x)
        return x.T if tall else x
