"""Losses, in order of growing complexity. All take the network's raw outputs (logits) and average over the samples.

Classification targets are class ids `(B,)` in int64, regression targets `(B, K)` floats. Weights `(B,)` make every
mean a weighted mean: sum(w * loss) / sum(w). An output that is not finite gives a loss that is not finite. All arrays
are C-contiguous.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from scratchnn.component import Component
from scratchnn.errors import ShapeError
from scratchnn.nn.layer import InputSpec, Plan
from scratchnn.nn.memory import Array, Buffer, Memory

SMALLEST_SUM = 1e-10  # below it, in a row of exp(z - shift), the shift costs too many digits


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


class RegressionLoss(Loss):
    """The base of losses on numbers `(B, K)`: the mean over the columns, then over the samples."""

    def output_size(self, target: TargetSpec) -> int:
        """One output for each target column."""
        if target.is_classification:
            message = f"({self.tag()}) needs numbers as targets, got classes"
            raise ShapeError(message, hint="Use cross_entropy or task: regression.")
        return target.columns

    def plan(self, outputs: InputSpec) -> Plan:
        """The errors, and the losses of the single numbers."""
        return Plan(outputs, scratch={"error": Buffer(outputs.shape), "loss": Buffer(outputs.shape)})

    def measure(self, error: Array, loss: Array) -> float:
        """Writes into `loss` what each error costs; leaves in `error` a multiple of the derivative.

        Returns the factor that turns `error` into the derivative.
        """
        raise NotImplementedError

    def evaluate(
        self, outputs: Array, targets: Array, weights: Array | None, total: float, gradient: Array | None, mem: Memory
    ) -> float:
        """The sum over the samples; the gradient is w * derivative / (K * total)."""
        error, loss = mem.scratch.error, mem.scratch.loss
        columns = outputs.shape[1]
        np.subtract(outputs, targets, out=error)
        factor = self.measure(error, loss)
        if weights is not None:
            np.multiply(loss, weights[:, None], out=loss)
        if gradient is not None:
            np.multiply(error, factor / (columns * total), out=gradient)
            if weights is not None:
                np.multiply(gradient, weights[:, None], out=gradient)
        return float(np.add.reduce(loss, axis=None)) / int(columns)


class MSE(RegressionLoss):
    """Mean squared error: e^2 with e = output - target. Derivative 2 e. As PyTorch's `mse_loss`."""

    type: Literal["mse"] = "mse"

    def measure(self, error: Array, loss: Array) -> float:
        """e^2."""
        np.multiply(error, error, out=loss)
        return 2.0


class MAE(RegressionLoss):
    """Mean absolute error: |e| with e = output - target. Derivative sign(e), 0 at 0. As PyTorch's `l1_loss`."""

    type: Literal["mae"] = "mae"

    def measure(self, error: Array, loss: Array) -> float:
        """|e|."""
        np.absolute(error, out=loss)
        np.sign(error, out=error)
        return 1.0


class Huber(RegressionLoss):
    """Squared for small errors, absolute for large ones: e^2 / 2 if |e| <= delta else delta (|e| - delta / 2).

    With c = e clipped to [-delta, delta] this is c (e - c / 2), and the derivative is c. As PyTorch's `huber_loss`.
    Source: Huber 1964.
    """

    type: Literal["huber"] = "huber"
    delta: float = Field(1.0, gt=0, allow_inf_nan=False, description="Errors above this count linearly.")

    def measure(self, error: Array, loss: Array) -> float:
        """c (e - c / 2), computed as c e - c^2 / 2 without a third array."""
        np.copyto(loss, error)
        np.minimum(error, self.delta, out=error)
        np.maximum(error, -self.delta, out=error)
        np.multiply(loss, 2.0, out=loss)
        np.subtract(loss, error, out=loss)
        np.multiply(loss, error, out=loss)
        np.multiply(loss, 0.5, out=loss)
        return 1.0


class BinaryCrossEntropy(Loss):
    """For two classes and one output z: log(1 + e^z) - y z, the cross-entropy of sigmoid(z). Gradient sigmoid(z) - y.

    Outputs `(B, 1)`, targets ids 0 and 1 `(B,)`. Computed from the logit as max(z, 0) - y z + log(1 + e^-|z|), which
    never overflows. As PyTorch's `binary_cross_entropy_with_logits`. Label smoothing s replaces y by (1 - s) y + s / 2.
    """

    type: Literal["binary_cross_entropy"] = "binary_cross_entropy"
    label_smoothing: float = Field(0.0, ge=0, lt=1, description="Share of each target spread over both classes.")

    def output_size(self, target: TargetSpec) -> int:
        """One output, for the probability of the second class."""
        if target.classes != 2:
            got = f"{target.classes} classes" if target.is_classification else "numbers"
            hint = "Use cross_entropy." if target.is_classification else "Use mse, or task: classification."
            raise ShapeError(f"(binary_cross_entropy) needs two classes as targets, got {got}", hint=hint)
        return 1

    def plan(self, outputs: InputSpec) -> Plan:
        """Three numbers for each sample."""
        return Plan(outputs, scratch={"target": Buffer(()), "loss": Buffer(()), "work": Buffer(())})

    def evaluate(
        self, outputs: Array, targets: Array, weights: Array | None, total: float, gradient: Array | None, mem: Memory
    ) -> float:
        """The sum over the samples; the gradient is w (sigmoid(z) - y) / total."""
        target, loss, work = mem.scratch.target, mem.scratch.loss, mem.scratch.work
        z = outputs.reshape(-1)
        np.copyto(target, targets)
        if self.label_smoothing:
            np.multiply(target, 1 - self.label_smoothing, out=target)
            np.add(target, self.label_smoothing / 2, out=target)
        np.maximum(z, 0, out=loss)
        np.subtract(loss, np.multiply(target, z, out=work), out=loss)
        np.copysign(z, -1.0, out=work)
        np.add(loss, np.logaddexp(0.0, work, out=work), out=loss)
        if gradient is not None:
            # sigmoid(z) = 1/2 + tanh(z / 2) / 2
            slope = gradient.reshape(-1)
            np.tanh(np.multiply(z, 0.5, out=slope), out=slope)
            np.multiply(slope, 0.5, out=slope)
            np.subtract(slope, np.subtract(target, 0.5, out=target), out=slope)
            np.multiply(slope, 1 / total, out=slope)
            if weights is not None:
                np.multiply(slope, weights, out=slope)
        return _total(loss, weights)

    def predictions(self, outputs: Array) -> Array:
        """The probabilities of both classes `(N, 2)`."""
        z = outputs.reshape(-1)
        probabilities: Array = np.empty((len(z), 2), outputs.dtype)
        np.exp(-np.logaddexp(0, z), out=probabilities[:, 0])
        np.exp(-np.logaddexp(0, -z), out=probabilities[:, 1])
        return probabilities


class CrossEntropy(Loss):
    """-log softmax(z)[y] for logits z `(B, C)` and class ids y `(B,)`. Gradient softmax(z) - onehot(y).

    Computed from the logits as logsumexp(z) - z[y]. As PyTorch's `cross_entropy`: label smoothing s takes
    (1 - s) onehot(y) + s / C as the target, so the loss is logsumexp(z) - (1 - s) z[y] - s mean(z). Ids lie in [0, C).
    Source of label smoothing: Szegedy et al. 2016.
    """

    type: Literal["cross_entropy"] = "cross_entropy"
    label_smoothing: float = Field(0.0, ge=0, lt=1, description="Share of each target spread over all classes.")

    def output_size(self, target: TargetSpec) -> int:
        """One output for each class."""
        if not target.is_classification:
            message = "(cross_entropy) needs classes as targets, got numbers"
            raise ShapeError(message, hint="Use mse, or task: classification.")
        return target.classes

    def plan(self, outputs: InputSpec) -> Plan:
        """Powers for when there is no gradient to compute them in, and a few numbers for each sample."""
        sizes = {"powers": outputs.shape, "top": (1,), "sums": (), "picked": (), "log_p": (), "mean": ()}
        scratch = {name: Buffer(shape) for name, shape in sizes.items()} | {"index": Buffer((), "ids")}
        scratch |= {"shift": Buffer(per_sample=False), "scale": Buffer(per_sample=False)}
        return Plan(outputs, scratch=scratch, saved={"ones": Buffer(outputs.shape, per_sample=False, fill=1.0)})

    def evaluate(
        self, outputs: Array, targets: Array, weights: Array | None, total: float, gradient: Array | None, mem: Memory
    ) -> float:
        """The sum over the samples; the gradient is w (softmax(z) - target) / total."""
        scratch = mem.scratch
        sums, picked, log_p = scratch.sums, scratch.picked, scratch.log_p
        powers = scratch.powers if gradient is None else gradient
        # Positions of extremes, since finding those costs a third of finding their values.
        flat = outputs.reshape(-1)
        highest, lowest = flat.item(flat.argmax()), flat.item(flat.argmin())
        if not highest - lowest < math.inf:
            powers.fill(math.nan)
            return math.nan
        np.add(row_starts(*outputs.shape), targets, out=scratch.index)
        # One shift for all rows costs a fraction of one for each row. Where it is too much for some row, start again.
        scratch.shift[()] = highest
        self._exponentiate(outputs, scratch.shift, powers, mem)
        if sums.item(sums.argmin()) < SMALLEST_SUM:
            self._exponentiate(outputs, np.maximum.reduce(outputs, axis=1, keepdims=True, out=scratch.top), powers, mem)
        np.subtract(picked, np.log(sums, out=log_p), out=log_p)
        value = -_total(log_p, weights)
        if self.label_smoothing:
            value += self.label_smoothing * _total(np.subtract(picked, scratch.mean, out=scratch.mean), weights)
        if gradient is not None:
            self._finish(gradient, weights, total, mem)
        return value

    def _exponentiate(self, outputs: Array, shift: Array, powers: Array, mem: Memory) -> None:
        """Writes exp(z - shift), its row sums, the shifted logit of each target and (for smoothing) their row means."""
        np.subtract(outputs, shift, out=powers)
        powers.reshape(-1).take(mem.scratch.index, out=mem.scratch.picked, mode="clip")
        if self.label_smoothing:
            np.dot(powers, mem.saved.ones, out=mem.scratch.mean)
            np.multiply(mem.scratch.mean, 1 / outputs.shape[1], out=mem.scratch.mean)
        np.exp(powers, out=powers)
        np.dot(powers, mem.saved.ones, out=mem.scratch.sums)

    def _finish(self, gradient: Array, weights: Array | None, total: float, mem: Memory) -> None:
        """From powers to the gradient, in place. At the target, p - 1 is expm1(log p), which saves gathering p."""
        scale, at_target, uniform = mem.scratch.sums, mem.scratch.picked, self.label_smoothing / gradient.shape[1]
        mem.scratch.scale[()] = 1 / total
        np.divide(mem.scratch.scale, scale, out=scale)
        np.expm1(mem.scratch.log_p, out=at_target)
        np.multiply(gradient, scale[:, None], out=gradient)
        if uniform:
            np.subtract(gradient, uniform / total, out=gradient)
            np.add(at_target, self.label_smoothing - uniform, out=at_target)
        np.multiply(at_target, mem.scratch.scale, out=at_target)
        gradient.reshape(-1)[mem.scratch.index] = at_target
        if weights is not None:
            np.multiply(gradient, weights[:, None], out=gradient)

    def predictions(self, outputs: Array) -> Array:
        """Softmax over the classes `(N, C)`."""
        powers: Array = np.exp(outputs - outputs.max(axis=-1, keepdims=True))
        np.divide(powers, powers.sum(axis=-1, keepdims=True), out=powers)
        return powers


@lru_cache(maxsize=16)
def row_starts(rows: int, columns: int) -> Array:
    """Where each row of a `(rows, columns)` array starts in its flat form. Must not be written to."""
    starts = np.arange(rows) * columns
    starts.flags.writeable = False
    return starts


def _total(losses: Array, weights: Array | None) -> float:
    """The sum, weighted where there are weights."""
    return float(np.add.reduce(losses) if weights is None else np.dot(losses, weights))
