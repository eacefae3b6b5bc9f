"""Losses on classes that set the output z[y] of the true class against those of its rivals, the other classes."""

from __future__ import annotations

import math
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from scratchnn.errors import ShapeError
from scratchnn.nn.layer import InputSpec, Plan
from scratchnn.nn.losses.classification import ClassLoss, row_starts
from scratchnn.nn.losses.loss import TargetSpec, all_finite, not_finite, weighted_total
from scratchnn.nn.losses.margins import write_focal
from scratchnn.nn.memory import Array, Buffer, Memory

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class CategoricalHinge(ClassLoss):
    """max(0, 1 + max_{j != y} z[j] - z[y]) for outputs z `(B, C)` and class ids y `(B,)`.

    Where it is positive the gradient is -1 at y and 1 at the highest rival (the first of equal ones), else 0. As
    scikit-learn's `hinge_loss`. Keras' `CategoricalHinge` takes its maximum over (1 - y) z, which never lies below 0.
    Source: Crammer and Singer 2001.
    """

    type: Literal["categorical_hinge"] = "categorical_hinge"

    def plan(self, outputs: InputSpec) -> Plan:
        """The rivals, and a few numbers for each sample."""
        scratch = {"rivals": Buffer(outputs.shape)} | {name: Buffer((), "ids") for name in ("index", "best")}
        return Plan(outputs, scratch=scratch | {name: Buffer(()) for name in ("own", "loss")})

    def evaluate(
        self, outputs: Array, targets: Array, weights: Array | None, total: float, gradient: Array | None, mem: Memory
    ) -> float:
        """The sum over the samples; the gradient is divided by total."""
        if not all_finite(outputs):
            return not_finite(gradient)
        scratch = mem.scratch
        rivals, index, best, own, loss = scratch.rivals, scratch.index, scratch.best, scratch.own, scratch.loss
        starts = row_starts(*outputs.shape)
        np.add(starts, targets, out=index)
        outputs.reshape(-1).take(index, out=own, mode="clip")
        np.copyto(rivals, outputs)
        rivals.reshape(-1)[index] = -math.inf
        np.add(starts, np.argmax(rivals, axis=1, out=best), out=best)
        rivals.reshape(-1).take(best, out=loss, mode="clip")
        np.subtract(loss, own, out=loss)
        np.add(loss, 1.0, out=loss)
        np.maximum(loss, 0.0, out=loss)
        if gradient is not None:
            slope = np.sign(loss, out=own)
            np.multiply(slope, 1 / total, out=slope)
            if weights is not None:
                np.multiply(slope, weights, out=slope)
            gradient.fill(0.0)
            gradient.reshape(-1)[best] = slope
            gradient.reshape(-1)[index] = np.negative(slope, out=slope)
        return weighted_total(loss, weights)

    def predictions(self, outputs: Array) -> Array:
        """Softmax over the classes `(N, C)`. It orders them as the outputs do, but these are no probabilities."""
        return super().predictions(outputs)


class MultiMargin(ClassLoss):
    """sum_{j != y} max(0, margin - z[y] + z[j])^power / C for outputs z `(B, C)` and class ids y `(B,)`.

    Every rival within the margin counts, where categorical_hinge sees only the highest. Gradient, with r[j] the
    positive ones of these differences: power r[j]^(power - 1) / C at j, minus their sum at y. As PyTorch's
    `multi_margin_loss`. Source: Weston and Watkins 1999, there without the division by C.
    """

    type: Literal["multi_margin"] = "multi_margin"
    margin: float = Field(1.0, gt=0, allow_inf_nan=False, description="How far the true class must lie above.")
    power: Literal[1, 2] = Field(1, description="Whether what is short of the margin counts linearly or squared.")

    def plan(self, outputs: InputSpec) -> Plan:
        """The differences, and a few numbers for each sample."""
        scratch = {"short": Buffer(outputs.shape), "index": Buffer((), "ids")}
        scratch |= {name: Buffer(()) for name in ("own", "loss")}
        saved = {"zeros": Buffer(outputs.shape, fill=0.0), "ones": Buffer(outputs.shape, per_sample=False, fill=1.0)}
        return Plan(outputs, scratch=scratch, saved=saved)

    def evaluate(
        self, outputs: Array, targets: Array, weights: Array | None, total: float, gradient: Array | None, mem: Memory
    ) -> float:
        """The sum over the samples; the gradient is divided by total."""
        if not all_finite(outputs):
            return not_finite(gradient)
        scratch, ones = mem.scratch, mem.saved.ones
        short, index, own, loss = scratch.short, scratch.index, scratch.own, scratch.loss
        classes = outputs.shape[1]
        np.add(row_starts(*outputs.shape), targets, out=index)
        outputs.reshape(-1).take(index, out=own, mode="clip")
        np.subtract(own, self.margin, out=own)
        np.subtract(outputs, own[:, None], out=short)
        short.reshape(-1)[index] = 0.0
        np.maximum(short, mem.saved.zeros, out=short)
        if gradient is not None:
            slope = np.multiply(short, 2.0, out=gradient) if self.power == 2 else np.sign(short, out=gradient)
            np.multiply(slope, 1 / (classes * total), out=slope)
            if weights is not None:
                np.multiply(slope, weights[:, None], out=slope)
            slope.reshape(-1)[index] = np.negative(np.dot(slope, ones, out=own), out=own)
        if self.power == 2:
            np.multiply(short, short, out=short)
        np.dot(short, ones, out=loss)
        return weighted_total(loss, weights) / int(classes)

    def predictions(self, outputs: Array) -> Array:
        """Softmax over the classes `(N, C)`. It orders them as the outputs do, but these are no probabilities."""
        return super().predictions(outputs)


class Focal(ClassLoss):
    """-alpha[y] (1 - p)^gamma log p with p = softmax(z)[y], the probability of the true class. Outputs `(B, C)`.

    Samples that are right already count less; gamma 0 without alpha gives cross_entropy. Alpha has one weight for each
    class; it weighs the losses, but not the number that they are divided by (as `class_weights` would). With
    m = z[y] - logsumexp of the rivals, p is sigmoid(m), so the loss is binary_focal of m: with its derivative s by m,
    the gradient is s at y and -s times the softmax among the rivals elsewhere. Source: Lin et al. 2017.
    """

    type: Literal["focal"] = "focal"
    gamma: float = Field(2.0, ge=0, allow_inf_nan=False, description="How little samples count that are right.")
    alpha: list[Positive] | None = Field(
        None, min_length=2, description="The weight of each class, in the order of the classes; 1 for each when absent."
    )

    def output_size(self, target: TargetSpec) -> int:
        """One output for each class."""
        size = super().output_size(target)
        if self.alpha is not None and len(self.alpha) != size:
            message = f"(focal) has {len(self.alpha)} weights in alpha, but there are {size} classes"
            raise ShapeError(message, hint="Give each class one weight, in their order.")
        return size

    def plan(self, outputs: InputSpec) -> Plan:
        """The rivals' shares, and a few numbers for each sample."""
        sizes = {"shares": outputs.shape, "top": (1,)} | dict.fromkeys(("own", "margin", "loss", "slope", "work"), ())
        scratch = {name: Buffer(shape) for name, shape in sizes.items()} | {"index": Buffer((), "ids")}
        return Plan(outputs, scratch=scratch, saved={"ones": Buffer(outputs.shape, per_sample=False, fill=1.0)})

    def evaluate(
        self, outputs: Array, targets: Array, weights: Array | None, total: float, gradient: Array | None, mem: Memory
    ) -> float:
        """The sum over the samples; the gradient is divided by total."""
        if not all_finite(outputs):
            return not_finite(gradient)
        scratch = mem.scratch
        shares, index, loss, slope, work = scratch.shares, scratch.index, scratch.loss, scratch.slope, scratch.work
        np.add(row_starts(*outputs.shape), targets, out=index)
        outputs.reshape(-1).take(index, out=scratch.own, mode="clip")
        self._weigh_rivals(outputs, mem)
        write_focal(scratch.margin, self.gamma, loss, slope, work)
        if self.alpha is not None:
            if mem.bound is None:
                mem.bound = np.array(self.alpha, outputs.dtype)
            mem.bound.take(targets, out=work, mode="clip")
            np.multiply(loss, work, out=loss)
            np.multiply(slope, work, out=slope)
        if gradient is not None:
            np.multiply(slope, 1 / total, out=slope)
            if weights is not None:
                np.multiply(slope, weights, out=slope)
            np.multiply(shares, np.negative(slope, out=work)[:, None], out=gradient)
            gradient.reshape(-1)[index] = slope
        return weighted_total(loss, weights)

    def _weigh_rivals(self, outputs: Array, mem: Memory) -> None:
        """Writes the softmax among the rivals into `shares` (0 at the true class), and the margin above them."""
        scratch = mem.scratch
        shares, top, sums = scratch.shares, scratch.top, scratch.work
        np.copyto(shares, outputs)
        shares.reshape(-1)[scratch.index] = -math.inf
        np.subtract(shares, np.maximum.reduce(shares, axis=1, keepdims=True, out=top), out=shares)
        np.exp(shares, out=shares)
        np.dot(shares, mem.saved.ones, out=sums)
        np.divide(shares, sums[:, None], out=shares)
        np.subtract(scratch.own, top[:, 0], out=scratch.margin)
        np.subtract(scratch.margin, np.log(sums, out=sums), out=scratch.margin)
