"""Losses, in order of growing complexity. All take the network's raw outputs (logits) and average over the samples.

Classification targets are class ids `(B,)`, regression targets `(B, K)` floats. Weights `(B,)` make every mean a
weighted mean: sum(w * loss) / sum(w).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from scratchnn.component import Component
from scratchnn.errors import ShapeError
from scratchnn.nn.layer import InputSpec, Plan
from scratchnn.nn.memory import Array, Buffer, Memory


@dataclass(frozen=True)
class TargetSpec:
    """What the targets are: one of `classes` classes, or (where `classes` is 0) `columns` numbers."""

    classes: int = 0
    columns: int = 1

    @property
    def is_classification(self) -> bool:
        """Whether the targets are class ids."""
        return self.classes > 0


class Loss(Component):
    """The base of all losses."""

    family: ClassVar[str] = "loss"

    def output_size(self, target: TargetSpec) -> int:
        """How many outputs the network must have for these targets. Raises `ShapeError` where the loss does not fit."""
        raise NotImplementedError

    def plan(self, outputs: InputSpec) -> Plan:
        """The memory that `evaluate` works in."""
        return Plan(outputs)

    def evaluate(
        self, outputs: Array, targets: Array, weights: Array | None, total: float, gradient: Array | None, mem: Memory
    ) -> float:
        """The sum of the weighted losses of the samples.

        Writes the gradient of that sum divided by `total` (the sum of the weights: the batch size without weights)
        with respect to the outputs into `gradient`, unless it is None. Leaves `outputs` as they are.
        """
        raise NotImplementedError

    def predictions(self, outputs: Array) -> Array:
        """From raw outputs to what a user wants: class probabilities `(N, classes)`, or numbers `(N, K)`."""
        return outputs


class MSE(Loss):
    """Mean squared error: (output - target)^2, averaged over the columns, then over the samples."""

    type: Literal["mse"] = "mse"

    def output_size(self, target: TargetSpec) -> int:
        """One output for each target column."""
        if target.is_classification:
            raise ShapeError(
                "(mse) needs numbers as targets, got classes", hint="Use cross_entropy or task: regression."
            )
        return target.columns

    def plan(self, outputs: InputSpec) -> Plan:
        """The errors and their squares."""
        return Plan(outputs, scratch={"error": Buffer(outputs.shape), "square": Buffer(outputs.shape)})

    def evaluate(
        self, outputs: Array, targets: Array, weights: Array | None, total: float, gradient: Array | None, mem: Memory
    ) -> float:
        """Sum over samples; gradient 2 w (output - target) / (K total)."""
        error, square = mem.scratch.error, mem.scratch.square
        columns = outputs.shape[1]
        np.subtract(outputs, targets, out=error)
        np.multiply(error, error, out=square)
        if weights is not None:
            np.multiply(square, weights[:, None], out=square)
        if gradient is not None:
            np.multiply(error, 2.0 / (columns * total), out=gradient)
            if weights is not None:
                np.multiply(gradient, weights[:, None], out=gradient)
        return float(np.add.reduce(square, axis=None)) / int(columns)


class CrossEntropy(Loss):
    """-log softmax(outputs)[target], computed from logits: logsumexp(z) - z[target]. Outputs `(B, classes)`."""

    type: Literal["cross_entropy"] = "cross_entropy"

    def output_size(self, target: TargetSpec) -> int:
        """One output for each class."""
        if not target.is_classification:
            raise ShapeError("(cross_entropy) needs classes as targets, got numbers", hint="Use mse.")
        return target.classes

    def predictions(self, outputs: Array) -> Array:
        """Softmax over the classes."""
        powers: Array = np.exp(outputs - outputs.max(axis=-1, keepdims=True))
        np.divide(powers, powers.sum(axis=-1, keepdims=True), out=powers)
        return powers
