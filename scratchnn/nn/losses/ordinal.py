"""The loss for classes that have an order."""

from __future__ import annotations

from typing import Literal

import numpy as np

from scratchnn.nn.layer import InputSpec, Plan
from scratchnn.nn.losses.loss import Loss, TargetSpec, all_finite, not_finite, weighted_total
from scratchnn.nn.memory import Array, Buffer, Memory


class Ordinal(Loss):
    """For classes in order, CORN: sum_{k < y} log(1 + e^-z[k]) + log(1 + e^z[y]) for ids y, the last term if y < C - 1.

    Output k of the C - 1 outputs z `(B, C - 1)` stands for P(y > k | y >= k) = sigmoid(z[k]), so the loss is
    -log P(y) of the probabilities that the predictions give. Gradient sigmoid(z[k]) - 1 for k < y, sigmoid(z[y]) at
    y, 0 above. The mean over the samples; the paper divides by the number of all terms instead. Texts as classes need
    `data.class_order`. Source: Shi, Cao and Raschka 2021.
    """

    type: Literal["ordinal"] = "ordinal"

    def wants_ordered_classes(self) -> bool:
        """Yes: an output stands for being above a class."""
        return True

    def output_size(self, target: TargetSpec) -> int:
        """One output for each class but the last."""
        self.expects_classes(target)
        return target.classes - 1

    def plan(self, outputs: InputSpec) -> Plan:
        """Two numbers for each output, and one for each sample."""
        scratch = {"sign": Buffer(outputs.shape), "loss": Buffer(outputs.shape), "sum": Buffer(())}
        return Plan(outputs, scratch=scratch, saved={"ones": Buffer(outputs.shape, per_sample=False, fill=1.0)})

    def evaluate(
        self, outputs: Array, targets: Array, weights: Array | None, total: float, gradient: Array | None, mem: Memory
    ) -> float:
        """The sum over the samples; the gradient is divided by total.

        With a sign s of -1 below y, 1 at y and 0 above it, the terms are |s| log(1 + e^(s z)), their slopes
        s sigmoid(s z).
        """
        if not all_finite(outputs):
            return not_finite(gradient)
        sign, loss, row_sums = mem.scratch.sign, mem.scratch.loss, mem.scratch.sum
        if mem.bound is None:
            mem.bound = _signs(outputs.shape[1], outputs.dtype)
        mem.bound.take(targets, axis=0, out=sign, mode="clip")
        np.multiply(sign, outputs, out=loss)
        if gradient is not None:
            # sigmoid(x) = 1/2 + tanh(x / 2) / 2
            np.multiply(loss, 0.5, out=gradient)
            np.tanh(gradient, out=gradient)
            np.add(gradient, 1.0, out=gradient)
            np.multiply(gradient, sign, out=gradient)
            np.multiply(gradient, 0.5 / total, out=gradient)
            if weights is not None:
                np.multiply(gradient, weights[:, None], out=gradient)
        np.logaddexp(0.0, loss, out=loss)
        np.multiply(loss, np.absolute(sign, out=sign), out=loss)
        np.dot(loss, mem.saved.ones, out=row_sums)
        return weighted_total(row_sums, weights)

    def predictions(self, outputs: Array) -> Array:
        """Class probabilities `(N, C)`: P(k) = sigmoid(z[0]) ... sigmoid(z[k - 1]) (1 - sigmoid(z[k]))."""
        rows, steps = outputs.shape
        probabilities: Array = np.ones((rows, steps + 1), outputs.dtype)
        np.cumprod(np.exp(-np.logaddexp(0, -outputs)), axis=1, out=probabilities[:, 1:])
        np.multiply(probabilities[:, :-1], np.exp(-np.logaddexp(0, outputs)), out=probabilities[:, :-1])
        return probabilities


def _signs(steps: int, dtype: np.dtype[np.generic]) -> Array:
    """`(steps + 1, steps)`: row y holds -1 before the place y, 1 at it, 0 after it."""
    table = np.eye(steps + 1, steps, dtype=dtype)
    table[np.tril_indices(steps + 1, -1, steps)] = -1
    return table
