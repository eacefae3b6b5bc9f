"""Soft Dice losses: how little predicted shares p and true ones t of a sample overlap, computed sample by sample."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from scratchnn.nn.layer import InputSpec, Plan
from scratchnn.nn.losses.classification import BinaryCrossEntropy, log_softmax_at, row_starts, softmax, write_softmax
from scratchnn.nn.losses.labels import LabelLoss
from scratchnn.nn.losses.loss import Loss, TargetSpec, all_finite, not_finite, weighted_total
from scratchnn.nn.memory import Array, Buffer, Memory


class DiceLoss(Loss):
    """The base of Dice losses: 1 - (2 sum p t + s) / (sum p^2 + sum t^2 + s), the sums over one sample's K shares.

    Equal to sum (p - t)^2 / (sum p^2 + sum t^2 + s), which is how it is computed. With that denominator D and the loss
    L, the derivative by p is 2 ((1 - L) p - t) / D.
    """

    smoothing: float = Field(1.0, gt=0, allow_inf_nan=False, description="Added above and below the line.")

    def plan(self, outputs: InputSpec) -> Plan:
        """Shares, truth and work of the outputs' shape, and three numbers for each sample."""
        scratch = {name: Buffer(outputs.shape) for name in ("shares", "truth", "work")} | {"index": Buffer((), "ids")}
        scratch |= {"column": Buffer((1,)), "size": Buffer(()), "loss": Buffer(())}
        return Plan(outputs, scratch=scratch, saved={"ones": Buffer(outputs.shape, per_sample=False, fill=1.0)})

    def write_shares(self, outputs: Array, mem: Memory) -> None:
        """Writes p into `mem.scratch.shares`: the sigmoid of each output."""
        shares = mem.scratch.shares
        np.tanh(np.multiply(outputs, 0.5, out=shares), out=shares)
        np.multiply(shares, 0.5, out=shares)
        np.add(shares, 0.5, out=shares)

    def write_truth(self, targets: Array, mem: Memory) -> None:
        """Writes t into `mem.scratch.truth`."""
        np.copyto(mem.scratch.truth, targets.reshape(mem.scratch.truth.shape))

    def chain(self, gradient: Array, mem: Memory) -> None:
        """From the derivative by p to that by the outputs, in place. May destroy `work`, `column` and `truth`."""
        shares, work = mem.scratch.shares, mem.scratch.work
        np.multiply(gradient, shares, out=gradient)
        np.multiply(gradient, np.subtract(1.0, shares, out=work), out=gradient)

    def evaluate(
        self, outputs: Array, targets: Array, weights: Array | None, total: float, gradient: Array | None, mem: Memory
    ) -> float:
        """The sum over the samples; the gradient is divided by total."""
        if not all_finite(outputs):
            return not_finite(gradient)
        scratch, ones = mem.scratch, mem.saved.ones
        shares, truth, work, size, loss = scratch.shares, scratch.truth, scratch.work, scratch.size, scratch.loss
        self.write_shares(outputs, mem)
        self.write_truth(targets, mem)
        np.dot(np.multiply(shares, shares, out=work), ones, out=size)
        np.dot(np.multiply(truth, truth, out=work), ones, out=loss)
        np.add(size, loss, out=size)
        np.add(size, self.smoothing, out=size)
        np.subtract(shares, truth, out=work)
        np.dot(np.multiply(work, work, out=work), ones, out=loss)
        np.divide(loss, size, out=loss)
        value = weighted_total(loss, weights)
        if gradient is not None:
            np.subtract(1.0, loss, out=loss)
            np.multiply(shares, loss[:, None], out=gradient)
            np.subtract(gradient, truth, out=gradient)
            np.divide(2 / total, size, out=size)
            if weights is not None:
                np.multiply(size, weights, out=size)
            np.multiply(gradient, size[:, None], out=gradient)
            self.chain(gradient, mem)
        return value


class Dice(DiceLoss):
    """Soft Dice for classes: 1 - (2 p[y] + s) / (sum p^2 + 1 + s) with p = softmax(z). Outputs `(B, C)`, ids `(B,)`.

    Computed for each sample alone, then averaged over the samples, so that weights and batches mean what they mean
    elsewhere; not over the batch as in segmentation. Squares below the line, as Milletari et al. 2016; the smoothing
    constant s on both sides of the line, 1 by default, as Li et al. 2020.
    """

    type: Literal["dice"] = "dice"

    def output_size(self, target: TargetSpec) -> int:
        """One output for each class."""
        self.expects_classes(target)
        return target.classes

    def write_shares(self, outputs: Array, mem: Memory) -> None:
        """The softmax."""
        write_softmax(outputs, mem.scratch.shares, mem.scratch.column)

    def write_truth(self, targets: Array, mem: Memory) -> None:
        """1 at the true class, else 0."""
        truth, index = mem.scratch.truth, mem.scratch.index
        truth.fill(0.0)
        np.add(row_starts(*truth.shape), targets, out=index)
        truth.reshape(-1)[index] = 1.0

    def chain(self, gradient: Array, mem: Memory) -> None:
        """p (g - sum p g)."""
        shares, work, column = mem.scratch.shares, mem.scratch.work, mem.scratch.column
        np.dot(np.multiply(shares, gradient, out=work), mem.saved.ones, out=column[:, 0])
        np.multiply(shares, column, out=shares)
        np.subtract(work, shares, out=gradient)

    def takes_temperature(self) -> bool:
        """Yes."""
        return True

    def predictions(self, outputs: Array) -> Array:
        """Softmax over the classes `(N, C)`."""
        return softmax(outputs)

    def log_likelihoods(self, outputs: Array, targets: Array) -> Array:
        """z[y] - logsumexp(z) in float64: exact also where the probability is tiny."""
        return log_softmax_at(outputs, targets)


class BinaryDice(DiceLoss):
    """Soft Dice of the second of two classes: 1 - (2 p y + s) / (p^2 + y + s) with p = sigmoid(z). Outputs `(B, 1)`.

    For rare positives: a negative sample costs little once p is small. Computed for each sample alone, then averaged
    over the samples. Targets are ids y, 0 or 1. Source: Li et al. 2020, with their s = 1 by default.
    """

    type: Literal["binary_dice"] = "binary_dice"

    def output_size(self, target: TargetSpec) -> int:
        """One output, for the probability of the second class."""
        self.expects_classes(target, only=2)
        return 1

    def takes_temperature(self) -> bool:
        """Yes."""
        return True

    def predictions(self, outputs: Array) -> Array:
        """The probabilities of both classes `(N, 2)`."""
        return BinaryCrossEntropy().predictions(outputs)


class MultiLabelDice(LabelLoss, DiceLoss):
    """Soft Dice for labels that may be true together: 1 - (2 sum p t + s) / (sum p^2 + sum t + s) with p = sigmoid(z).

    The sums run over the K labels of one sample, then the mean over the samples. Targets t `(B, K)` are 0 or 1, raw,
    one column for each label. Squares below the line, as Milletari et al. 2016; s is 1 by default.
    """

    type: Literal["multi_label_dice"] = "multi_label_dice"
