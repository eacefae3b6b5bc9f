"""Losses on numbers that need several outputs for each target, or see all columns of a sample together."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from scratchnn.errors import ShapeError
from scratchnn.nn.layer import InputSpec, Plan
from scratchnn.nn.losses.loss import Loss, TargetSpec, weighted_total
from scratchnn.nn.losses.regression import RegressionLoss
from scratchnn.nn.memory import Array, Buffer, Memory


class Quantile(RegressionLoss):
    """The pinball loss of each quantile q: max(q (y - f), (q - 1) (y - f)); its mean over quantiles and columns.

    Q quantiles of K target columns need Q * K outputs: all columns of the first quantile, then of the next. The
    predictions are those of the quantile nearest 0.5 (the first of two as near). Derivative 1 - q above the target, -q
    below, 0 at it. Source: Koenker and Bassett 1978; as scikit-learn's `mean_pinball_loss`.
    """

    type: Literal["quantile"] = "quantile"
    quantiles: list[Annotated[float, Field(gt=0, lt=1)]] = Field(
        [0.1, 0.5, 0.9], min_length=1, description="Shares of the targets that lie below each output."
    )

    def output_size(self, target: TargetSpec) -> int:
        """One output for each quantile of each column."""
        return super().output_size(target) * len(self.quantiles)

    def compare(self, outputs: Array, targets: Array, error: Array, loss: Array) -> float:
        """With e = f - y the loss is max((1 - q) e, -q e)."""
        columns = targets.shape[1]
        for index, quantile in enumerate(self.quantiles):
            place = slice(index * columns, (index + 1) * columns)
            cost, slope = loss[:, place], error[:, place]
            np.subtract(outputs[:, place], targets, out=slope)
            np.multiply(slope, -quantile, out=cost)
            np.multiply(slope, 1 - quantile, out=slope)
            np.maximum(cost, slope, out=cost)
            np.sign(slope, out=slope)
            # From -1, 0, 1 to -q, 0, 1 - q.
            np.multiply(slope, max(quantile, 1 - quantile), out=slope)
            np.clip(slope, -quantile, 1 - quantile, out=slope)
        return 1.0

    def predictions(self, outputs: Array) -> Array:
        """The columns of the quantile nearest 0.5."""
        nearest = min(self.quantiles, key=lambda quantile: abs(quantile - 0.5))
        return self.quantile(outputs, nearest)

    def quantiles_known(self) -> Sequence[float]:
        """Those that are learned."""
        return sorted(set(self.quantiles))

    def quantile(self, outputs: Array, share: float) -> Array:
        """The columns of this quantile as the network gives them: those of two quantiles may cross."""
        columns = outputs.shape[1] // len(self.quantiles)
        start = self.quantiles.index(share) * columns
        return np.ascontiguousarray(outputs[:, start : start + columns])


class GaussianNLL(Loss):
    """(s + (y - m)^2 e^-s) / 2 for a mean m and a log variance s: a Gaussian's -log density without its constant.

    Learns how uncertain each prediction is. K target columns need 2 K outputs: the means, then the log variances. The
    predictions are the means. The mean over the columns. Gradients (m - y) e^-s and (1 - (y - m)^2 e^-s) / 2. As
    PyTorch's `gaussian_nll_loss` with a variance of e^s. Source: Nix and Weigend 1994.
    """

    type: Literal["gaussian_nll"] = "gaussian_nll"

    def output_size(self, target: TargetSpec) -> int:
        """A mean and a log variance for each column."""
        if target.is_classification:
            message = "(gaussian_nll) needs numbers as targets, got classes"
            raise ShapeError(message, hint="Use cross_entropy or task: regression.")
        return 2 * target.columns

    def plan(self, outputs: InputSpec) -> Plan:
        """Three numbers for each column."""
        shape = (outputs.size // 2,)
        return Plan(outputs, scratch={name: Buffer(shape) for name in ("error", "square", "loss")})

    def evaluate(
        self, outputs: Array, targets: Array, weights: Array | None, total: float, gradient: Array | None, mem: Memory
    ) -> float:
        """The sum over the samples; the gradient is divided by K * total."""
        error, square, loss = mem.scratch.error, mem.scratch.square, mem.scratch.loss
        columns = targets.shape[1]
        mean, log_variance = outputs[:, :columns], outputs[:, columns:]
        np.subtract(mean, targets, out=error)
        np.exp(np.negative(log_variance, out=loss), out=loss)
        np.multiply(error, loss, out=square)
        if gradient is not None:
            np.multiply(square, 1 / (columns * total), out=gradient[:, :columns])
        np.multiply(square, error, out=square)
        np.add(square, log_variance, out=loss)
        if weights is not None:
            np.multiply(loss, weights[:, None], out=loss)
        if gradient is not None:
            np.subtract(1.0, square, out=square)
            np.multiply(square, 0.5 / (columns * total), out=gradient[:, columns:])
            if weights is not None:
                np.multiply(gradient, weights[:, None], out=gradient)
        return float(np.add.reduce(loss, axis=None)) / (2 * int(columns))

    def predictions(self, outputs: Array) -> Array:
        """The means."""
        return np.ascontiguousarray(outputs[:, : outputs.shape[1] // 2])

    def quantiles_known(self) -> None:
        """A Gaussian has every quantile."""
        return

    def quantile(self, outputs: Array, share: float) -> Array:
        """m + z e^(s / 2) where z is the quantile of N(0, 1). Source of z: Wichura 1988, AS 241."""
        made: Array = self.predictions(outputs) + NormalDist().inv_cdf(share) * self.deviations(outputs)
        return made.astype(outputs.dtype, copy=False)

    def deviations(self, outputs: Array) -> Array:
        """e^(s / 2), the square root of the variance e^s."""
        return np.asarray(np.exp(outputs[:, outputs.shape[1] // 2 :] / 2))


class CosineSimilarity(Loss):
    """1 - f y / (|f| |y|) for the rows f of outputs and y of targets: 0 for the same direction, 2 for the opposite.

    Needs two target columns or more, raw. Gradient (c f / |f| - y / |y|) / |f| with the cosine c. Lengths below
    `epsilon` count as it: they are constant, so the gradient is -y / |y| / epsilon there. As PyTorch's
    `cosine_similarity`, taken from 1, whose gradient takes them for lengths that change.
    """

    type: Literal["cosine_similarity"] = "cosine_similarity"
    raw_targets: ClassVar[bool] = True
    epsilon: float = Field(1e-8, gt=0, allow_inf_nan=False, description="The least length that a row counts as.")

    def output_size(self, target: TargetSpec) -> int:
        """One output for each column."""
        if target.is_classification or target.columns < 2:
            got = f"{target.classes} classes" if target.is_classification else "one"
            message = f"(cosine_similarity) needs two columns of numbers or more as targets, got {got}"
            raise ShapeError(message, hint="Use cross_entropy for classes, mse for one column.")
        return target.columns

    def plan(self, outputs: InputSpec) -> Plan:
        """Products, and four numbers for each sample."""
        sizes = {"product": outputs.shape, "size": (), "target_size": (), "cosine": (), "slope": ()}
        return Plan(outputs, scratch={name: Buffer(shape) for name, shape in sizes.items()})

    def evaluate(
        self, outputs: Array, targets: Array, weights: Array | None, total: float, gradient: Array | None, mem: Memory
    ) -> float:
        """The sum over the samples."""
        scratch = mem.scratch
        product, size, target_size, cosine = scratch.product, scratch.size, scratch.target_size, scratch.cosine
        for array, length in ((outputs, size), (targets, target_size)):
            np.add.reduce(np.multiply(array, array, out=product), axis=1, out=length)
            np.maximum(np.sqrt(length, out=length), self.epsilon, out=length)
        np.add.reduce(np.multiply(outputs, targets, out=product), axis=1, out=cosine)
        np.divide(cosine, size, out=cosine)
        np.divide(cosine, target_size, out=cosine)
        if gradient is not None:
            np.divide(outputs, size[:, None], out=gradient)
            slope = np.greater(size, self.epsilon, out=scratch.slope)  # of the length: 0 where it is held at epsilon
            np.multiply(gradient, np.multiply(slope, cosine, out=slope)[:, None], out=gradient)
            np.divide(targets, target_size[:, None], out=product)
            np.subtract(gradient, product, out=gradient)
            np.divide(gradient, size[:, None], out=gradient)
            np.multiply(gradient, 1 / total, out=gradient)
            if weights is not None:
                np.multiply(gradient, weights[:, None], out=gradient)
        return weighted_total(np.subtract(1.0, cosine, out=cosine), weights)
