"""Losses on labels that may be true together: columns of 0 and 1, as they are in the data."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from scratchnn.errors import ShapeError, TargetError
from scratchnn.nn.layer import InputSpec, Plan
from scratchnn.nn.losses.loss import Loss, TargetSpec, refuse
from scratchnn.nn.losses.regression import RegressionLoss
from scratchnn.nn.memory import Array, Buffer, Memory

Weight = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class LabelLoss(Loss):
    """The base of losses on labels that may be true together: columns of 0 and 1, as they are in the data."""

    raw_targets: ClassVar[bool] = True

    def output_size(self, target: TargetSpec) -> int:
        """One output for each label."""
        if target.is_classification:
            message = f"({self.tag()}) needs columns of 0 and 1 as targets, got classes"
            raise ShapeError(message, hint="Use cross_entropy or task: regression.")
        return target.columns

    def check_numbers(self, targets: Array) -> None:
        """Refuses what is neither 0 nor 1."""
        wrong = (targets != 0) & (targets != 1)
        refuse(targets, wrong, f"{{value}} is neither 0 nor 1, but {self.tag()} takes labels")

    def tells_labels(self) -> bool:
        """Yes."""
        return True

    def wants_raw_inputs(self) -> bool:
        """No: labels are known by their values."""
        return False

    def sample_targets(self, target: TargetSpec, rows: int, rng: np.random.Generator) -> Array:
        """0 or 1 for each column."""
        if target.is_classification:
            return super().sample_targets(target, rows, rng)
        return rng.integers(2, size=(rows, target.columns)).astype(np.float64)

    def predictions(self, outputs: Array) -> Array:
        """The probability of each label `(N, K)`."""
        return np.asarray(np.exp(-np.logaddexp(0, -outputs)))


class MultiLabelCrossEntropy(LabelLoss, RegressionLoss):
    """For labels that may be true together: log(1 + e^z) - y z for each column of targets y, 0 or 1.

    The mean over the columns. Derivative sigmoid(z) - y. The targets are numbers, in one column for each label, and
    must be raw; or the inputs of an autoencoder, which may be any shares in 0..1. The predictions are probabilities.
    With a weight w of what is true, for labels that are rare: (1 + (w - 1) y) log(1 + e^z) - w y z, with the derivative
    (1 + (w - 1) y) sigmoid(z) - w y; the predictions are then more often true than the labels are. As PyTorch's
    `binary_cross_entropy_with_logits` on `(B, K)` with `pos_weight`.
    """

    type: Literal["multi_label_cross_entropy"] = "multi_label_cross_entropy"
    positive_weight: Weight | Annotated[list[Weight], Field(min_length=1)] = Field(
        1.0, description="How many times as much it counts where a label is true; one number, or one for each label."
    )

    def output_size(self, target: TargetSpec) -> int:
        """One output for each label, and a weight for each where they are listed."""
        size = super().output_size(target)
        weights = self.positive_weight
        if isinstance(weights, list) and len(weights) != size:
            message = f"holds {len(weights)} weights for {size} labels"
            raise ShapeError(message, where="positive_weight", hint="Give one for each label, or one number for all.")
        return size

    def plan(self, outputs: InputSpec) -> Plan:
        """Two numbers for each output, and one more where labels are weighted."""
        plain = super().plan(outputs)
        if self.positive_weight == 1:
            return plain
        return Plan(outputs, scratch={**plain.scratch, "factor": Buffer(outputs.shape)})

    def evaluate(
        self, outputs: Array, targets: Array, weights: Array | None, total: float, gradient: Array | None, mem: Memory
    ) -> float:
        """The sum over the samples; the gradient is w * derivative / (K * total)."""
        if self.positive_weight == 1:
            return super().evaluate(outputs, targets, weights, total, gradient, mem)
        error, loss, factor = mem.scratch.error, mem.scratch.loss, mem.scratch.factor
        if mem.bound is None:
            mem.bound = np.asarray(self.positive_weight, outputs.dtype)
        _softplus(outputs, error, loss)
        _sigmoid(outputs, error)
        np.multiply(targets, mem.bound - 1, out=factor)
        np.add(factor, 1.0, out=factor)
        np.multiply(loss, factor, out=loss)
        np.multiply(error, factor, out=error)
        np.multiply(targets, mem.bound, out=factor)
        np.subtract(error, factor, out=error)
        np.subtract(loss, np.multiply(factor, outputs, out=factor), out=loss)
        return self.summed(1.0, error, loss, weights, total, gradient)

    def check_inputs(self, inputs: Array) -> None:
        """Refuses what lies below 0 or above 1; numbers between are shares."""
        least, most = float(inputs.min()), float(inputs.max())
        if least < 0 or most > 1:
            message = f"{self.tag()} reconstructs inputs from 0 to 1, but they go from {least:.6g} to {most:.6g}"
            hint = "Scale numbers of a table by min_max, bytes by input_scale: unit, or use mse."
            row = int(np.argwhere((inputs < 0) | (inputs > 1))[0, 0])
            raise TargetError(message, where=f"inputs[{row}]", hint=hint, row=row)

    def compare(self, outputs: Array, targets: Array, error: Array, loss: Array) -> float:
        """log(1 + e^z) - y z, and sigmoid(z) - y."""
        _softplus(outputs, error, loss)
        np.subtract(loss, np.multiply(outputs, targets, out=error), out=loss)
        np.subtract(_sigmoid(outputs, error), targets, out=error)
        return 1.0


def _softplus(outputs: Array, work: Array, out: Array) -> None:
    """log(1 + e^z) as max(z, 0) + log(1 + e^-|z|)."""
    np.copysign(outputs, -1.0, out=work)
    np.logaddexp(0.0, work, out=out)
    np.add(out, np.maximum(outputs, 0, out=work), out=out)


def _sigmoid(outputs: Array, out: Array) -> Array:
    """1/2 + tanh(z / 2) / 2."""
    np.tanh(np.multiply(outputs, 0.5, out=out), out=out)
    np.multiply(out, 0.5, out=out)
    return np.add(out, 0.5, out=out)
