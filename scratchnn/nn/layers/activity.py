"""A penalty on what layers give, not on their weights."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from scratchnn.nn.layer import InputSpec, Layer, Plan
from scratchnn.nn.memory import Array, Buffer, Memory, Pass, transfer


class ActivityPenalty(Layer):
    """y = x, any shape. While training adds l1 sum |y| + l2 / 2 sum y^2 of each sample to its loss.

    Put it after the layer whose outputs are to stay small or sparse; Keras' `activity_regularizer`. The sums run over
    all numbers of a sample but those of padded steps. The mean is the one of the loss, weighted by the samples' weights
    (Keras divides by the batch size, and has no 1/2), over the real steps where the targets have steps:
    dx = dy + (l1 sign(y) + l2 y) w / sum of w. As for the penalty on weights, the figure `train.loss` is without it:
    its mean over an epoch is `train.activity_penalty`, where it is not 0. In evaluation it adds nothing.
    """

    type: Literal["activity_penalty"] = "activity_penalty"
    l1: float = Field(0.0, ge=0, allow_inf_nan=False, description="Factor of the sum of absolute outputs.")
    l2: float = Field(0.0, ge=0, allow_inf_nan=False, description="Factor of half the sum of squared outputs.")

    def plan(self, inputs: InputSpec) -> Plan:
        """What each row of outputs counts (a sample, or a step of it), and room for the gradient."""
        self.expects_numbers(inputs)
        rows = inputs.shape[: len(inputs.shape) > 1]
        return Plan(
            inputs,
            saved={"counts": Buffer(rows)},
            scratch={"work": Buffer(inputs.shape), "sums": Buffer(rows)},
            in_place=True,
            reshapes=True,
            reads_input=False,
            reads_output=True,
            flops=3 * inputs.size,
        )

    def forward(self, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        """Writes y where it is not x's own storage, and adds to the penalty of the pass."""
        transfer(x, y)
        if not run.training:
            return
        counts, sums = mem.saved.counts, mem.scratch.sums
        counts.fill(1)
        if run.mask is not None and run.mask.shape == counts.shape:
            np.multiply(counts, run.mask, out=counts)
        if run.weights is not None:  # inside of `time_distributed` a sample has several rows
            by_sample = counts.reshape(len(run.weights), -1)
            np.multiply(by_sample, run.weights[:, None], out=by_sample)
        rows, work = y.reshape(counts.size, -1), mem.scratch.work.reshape(counts.size, -1)
        if self.l1:
            np.add.reduce(np.abs(rows, out=work), axis=1, out=sums.reshape(-1))
            run.penalty += self.l1 * float(np.vdot(counts, sums))
        if self.l2:
            np.einsum("ij,ij->i", rows, rows, out=sums.reshape(-1))
            run.penalty += 0.5 * self.l2 * float(np.vdot(counts, sums))

    def backward(self, x: Array, y: Array, dy: Array, dx: Array | None, mem: Memory, run: Pass) -> None:
        """Writes dx = dy plus the gradient of the penalty."""
        if dx is None:
            return
        transfer(dy, dx)
        if not run.training:
            return
        counts, work = mem.saved.counts.reshape(-1, 1), mem.scratch.work
        by_row = work.reshape(counts.size, -1)
        for factor, slope in ((self.l1, np.sign), (self.l2, np.positive)):
            if factor:
                slope(y, out=work)
                np.multiply(by_row, counts, out=by_row)
                np.multiply(work, factor / run.total, out=work)
                np.add(dx, work, out=dx)
