"""Losses on targets that are whole distributions."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np

from scratchnn.errors import ShapeError, TargetError
from scratchnn.nn.layer import InputSpec, Plan
from scratchnn.nn.losses.classification import softmax
from scratchnn.nn.losses.loss import Loss, TargetSpec, all_finite, not_finite, refuse, weighted_total
from scratchnn.nn.memory import Array, Buffer, Memory

SUM_TOLERANCE = 1e-3  # for shares that a file holds with few digits
SMALLEST_SHARE = 1e-37  # below it a share counts as 0; float32 still holds it in full


class KLDivergence(Loss):
    """sum_k t[k] (log t[k] - log softmax(z)[k]) for distributions t: several columns of shares, each row of sum 1.

    The sum over the K columns, the mean over the samples, with 0 log 0 = 0: it includes the entropy of t, so that 0 is
    the least, as PyTorch's `kl_div` of log_softmax(z) with `batchmean`. Gradient softmax(z) sum(t) - t. Targets
    `(B, K)` must be raw, 0 or more, and sum to 1 within 0.001. The predictions are softmax(z). Source: Kullback and
    Leibler 1951.
    """

    type: Literal["kl_divergence"] = "kl_divergence"
    raw_targets: ClassVar[bool] = True

    def output_size(self, target: TargetSpec) -> int:
        """One output for each column."""
        if target.is_classification or target.columns < 2:
            got = f"{target.classes} classes" if target.is_classification else "one"
            message = f"(kl_divergence) needs two columns of shares or more as targets, got {got}"
            raise ShapeError(message, hint="Use cross_entropy for classes, mse for one column.")
        return target.columns

    def check_numbers(self, targets: Array) -> None:
        """Shares of 0 or more whose sum is 1."""
        if targets.shape[1] < 2:
            return
        refuse(targets, targets < 0, "{value} is below 0, but kl_divergence takes shares of a whole")
        sums = np.add.reduce(targets, axis=1, dtype=np.float64)
        wrong = np.flatnonzero(~(np.abs(sums - 1) <= SUM_TOLERANCE))
        if len(wrong):
            row = int(wrong[0])
            message = f"the targets sum to {sums[row]:.6g}, but kl_divergence takes shares of a sum of 1"
            raise TargetError(message, where=f"targets[{row}]", hint="Divide each row by its sum.", row=row)

    def sample_targets(self, target: TargetSpec, rows: int, rng: np.random.Generator) -> Array:
        """Distributions, one of them certain."""
        shares: Array = rng.dirichlet(np.ones(target.columns), rows)
        shares[-1] = np.eye(target.columns)[0]
        return shares

    def plan(self, outputs: InputSpec) -> Plan:
        """Two numbers for each output, and two for each sample."""
        scratch = {"log_p": Buffer(outputs.shape), "work": Buffer(outputs.shape)}
        scratch |= {"column": Buffer((1,)), "sums": Buffer(())}
        saved = {"ones": Buffer(outputs.shape, per_sample=False, fill=1.0)}
        return Plan(outputs, scratch=scratch, saved=saved | {"least": Buffer(outputs.shape, fill=SMALLEST_SHARE)})

    def evaluate(
        self, outputs: Array, targets: Array, weights: Array | None, total: float, gradient: Array | None, mem: Memory
    ) -> float:
        """The sum over the samples; the gradient is divided by total."""
        if not all_finite(outputs):
            return not_finite(gradient)
        scratch, ones = mem.scratch, mem.saved.ones
        log_p, work, column, sums = scratch.log_p, scratch.work, scratch.column, scratch.sums
        np.subtract(outputs, np.maximum.reduce(outputs, axis=1, keepdims=True, out=column), out=log_p)
        powers = np.exp(log_p, out=work)
        np.dot(powers, ones, out=sums)
        if gradient is not None:
            np.dot(targets, ones, out=column[:, 0])
            np.divide(column[:, 0], sums, out=column[:, 0])
            np.multiply(powers, column, out=gradient)
            np.subtract(gradient, targets, out=gradient)
            np.multiply(gradient, 1 / total, out=gradient)
            if weights is not None:
                np.multiply(gradient, weights[:, None], out=gradient)
        np.subtract(log_p, np.log(sums, out=sums)[:, None], out=log_p)
        np.log(np.maximum(targets, mem.saved.least, out=work), out=work)
        np.subtract(work, log_p, out=work)
        np.dot(np.multiply(work, targets, out=work), ones, out=sums)
        return weighted_total(sums, weights)

    def predictions(self, outputs: Array) -> Array:
        """Softmax over the columns `(N, K)`."""
        return softmax(outputs)
