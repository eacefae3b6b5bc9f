"""Cross-entropy for two classes and for many."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Literal

import numpy as np
from pydantic import Field

from scratchnn.nn.layer import InputSpec, Plan
from scratchnn.nn.losses.loss import Loss, TargetSpec, weighted_total
from scratchnn.nn.memory import Array, Buffer, Memory

SMALLEST_SUM = 1e-10  # below it, in a row of exp(z - shift), the shift costs too many digits


class BinaryCrossEntropy(Loss):
    """For two classes and one output z: log(1 + e^z) - y z, the cross-entropy of sigmoid(z). Gradient sigmoid(z) - y.

    Outputs `(B, 1)`, targets ids 0 and 1 `(B,)`. Computed from the logit as max(z, 0) - y z + log(1 + e^-|z|), which
    never overflows. As PyTorch's `binary_cross_entropy_with_logits`. Label smoothing s replaces y by (1 - s) y + s / 2.
    """

    type: Literal["binary_cross_entropy"] = "binary_cross_entropy"
    label_smoothing: float = Field(0.0, ge=0, lt=1, description="Share of each target spread over both classes.")

    def output_size(self, target: TargetSpec) -> int:
        """One output, for the probability of the second class."""
        self.expects_classes(target, only=2)
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
        return weighted_total(loss, weights)

    def takes_temperature(self) -> bool:
        """Yes."""
        return True

    def predictions(self, outputs: Array) -> Array:
        """The probabilities of both classes `(N, 2)`."""
        z = outputs.reshape(-1)
        probabilities: Array = np.empty((len(z), 2), outputs.dtype)
        np.exp(-np.logaddexp(0, z), out=probabilities[:, 0])
        np.exp(-np.logaddexp(0, -z), out=probabilities[:, 1])
        return probabilities


class ClassLoss(Loss):
    """The base of losses on classes with one output z for each of them: outputs `(B, C)`, targets ids `(B,)`."""

    def output_size(self, target: TargetSpec) -> int:
        """One output for each class."""
        self.expects_classes(target)
        return target.classes

    def takes_temperature(self) -> bool:
        """Yes."""
        return True

    def predictions(self, outputs: Array) -> Array:
        """Softmax over the classes `(N, C)`."""
        return softmax(outputs)

    def log_likelihoods(self, outputs: Array, targets: Array) -> Array:
        """z[y] - logsumexp(z) in float64: exact also where the probability is tiny."""
        return log_softmax_at(outputs, targets)


class CrossEntropy(ClassLoss):
    """-log softmax(z)[y] for logits z `(B, C)` and class ids y `(B,)`. Gradient softmax(z) - onehot(y).

    Computed from the logits as logsumexp(z) - z[y]. As PyTorch's `cross_entropy`: label smoothing s takes
    (1 - s) onehot(y) + s / C as the target, so the loss is logsumexp(z) - (1 - s) z[y] - s mean(z). Ids lie in [0, C).
    Source of label smoothing: Szegedy et al. 2016.
    """

    type: Literal["cross_entropy"] = "cross_entropy"
    label_smoothing: float = Field(0.0, ge=0, lt=1, description="Share of each target spread over all classes.")

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
        value = -weighted_total(log_p, weights)
        if self.label_smoothing:
            value += self.label_smoothing * weighted_total(np.subtract(picked, scratch.mean, out=scratch.mean), weights)
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


def softmax(outputs: Array) -> Array:
    """exp(z) / sum exp(z) of each row, in a new array."""
    shares: Array = np.empty_like(outputs)
    write_softmax(outputs, shares, np.empty((len(outputs), 1), outputs.dtype))
    return shares


def log_softmax_at(outputs: Array, targets: Array) -> Array:
    """z[y] - logsumexp(z) `(N,)` in float64, of outputs z `(N, C)` and class ids y `(N,)`."""
    shifted = outputs.astype(np.float64)
    shifted -= shifted.max(axis=1, keepdims=True)
    chosen: Array = shifted[np.arange(len(targets)), targets]
    return np.asarray(chosen - np.log(np.exp(shifted, out=shifted).sum(axis=1)))


def write_softmax(outputs: Array, shares: Array, column: Array) -> None:
    """Writes the softmax of each row into `shares` `(B, C)`. `column` `(B, 1)` is for work."""
    np.subtract(outputs, np.maximum.reduce(outputs, axis=1, keepdims=True, out=column), out=shares)
    np.exp(shares, out=shares)
    np.divide(shares, np.add.reduce(shares, axis=1, keepdims=True, out=column), out=shares)


@lru_cache(maxsize=16)
def row_starts(rows: int, columns: int) -> Array:
    """Where each row of a `(rows, columns)` array starts in its flat form. Must not be written to."""
    starts = np.arange(rows) * columns
    starts.flags.writeable = False
    return starts
