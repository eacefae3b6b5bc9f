"""Activations of whole rows: each output depends on every number of the last axis."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from scratchnn.nn.activations.common import Activation
from scratchnn.nn.layer import InputSpec, Plan
from scratchnn.nn.memory import Array, Buffer, Memory


class LogSoftmax(Activation):
    """y = z - log of the sum of e^z over the last axis. Not before cross_entropy, which applies its own."""

    type: Literal["log_softmax"] = "log_softmax"

    def plan(self, inputs: InputSpec) -> Plan:
        """Adds one number for each row; backward reads y."""
        plan = super().plan(inputs)
        return replace(plan, scratch={**plan.scratch, "row": Buffer((*inputs.shape[:-1], 1))})

    def forward(self, z: Array, y: Array, mem: Memory) -> None:
        """Writes y, from z less its maximum."""
        row, powers = mem.scratch.row, mem.scratch.work
        np.maximum.reduce(z, axis=-1, keepdims=True, out=row)
        np.subtract(z, row, out=y)
        np.exp(y, out=powers)
        np.add.reduce(powers, axis=-1, keepdims=True, out=row)
        np.log(row, out=row)
        np.subtract(y, row, out=y)

    def backward(self, z: Array, y: Array, dy: Array, dz: Array, mem: Memory) -> None:
        """Writes dz = dy - e^y times the sum of dy over the last axis."""
        row, powers = mem.scratch.row, mem.scratch.work
        np.add.reduce(dy, axis=-1, keepdims=True, out=row)
        np.exp(y, out=powers)
        np.multiply(powers, row, out=powers)
        np.subtract(dy, powers, out=dz)


class Sparsemax(Activation):
    """y = max(z - tau, 0) over the last axis, with tau such that y sums to 1: like softmax, but with true zeros.

    With z sorted from the largest, k is the last rank with 1 + k z_k > z_1 + ... + z_k, and
    tau = (z_1 + ... + z_k - 1) / k. Source: Martins and Astudillo 2016.
    """

    type: Literal["sparsemax"] = "sparsemax"

    def plan(self, inputs: InputSpec) -> Plan:
        """Rows to sort and sum in, and two numbers for each row; backward reads y."""
        features = inputs.shape[-1]
        row = Buffer((*inputs.shape[:-1], 1))
        return replace(
            super().plan(inputs),
            saved={"ones": Buffer((features,), per_sample=False, fill=1.0)},
            scratch={
                "sorted": Buffer(inputs.shape),
                "sums": Buffer(inputs.shape),
                "work": Buffer(inputs.shape),
                "ranks": Buffer((features,), per_sample=False),
                "count": row,
                "row": row,
            },
        )

    def forward(self, z: Array, y: Array, mem: Memory) -> None:
        """Writes y, from z less its maximum."""
        ordered, sums, work = mem.scratch.sorted, mem.scratch.sums, mem.scratch.work
        ranks, count, row = mem.scratch.ranks, mem.scratch.count, mem.scratch.row
        np.maximum.reduce(z, axis=-1, keepdims=True, out=row)
        np.subtract(z, row, out=y)
        np.negative(y, out=ordered)
        ordered.sort(axis=-1)
        np.negative(ordered, out=ordered)
        np.add.accumulate(ordered, axis=-1, out=sums)
        np.add.accumulate(mem.saved.ones, out=ranks)
        np.multiply(ordered, ranks, out=work)
        np.subtract(work, sums, out=work)
        np.greater(work, -1, out=work)  # 1 for the ranks up to k
        np.add.reduce(work, axis=-1, keepdims=True, out=count)
        np.multiply(ordered, work, out=ordered)
        np.add.reduce(ordered, axis=-1, keepdims=True, out=row)
        np.subtract(row, 1, out=row)
        np.divide(row, count, out=row)
        np.subtract(y, row, out=y)
        np.maximum(y, 0, out=y)

    def backward(self, z: Array, y: Array, dy: Array, dz: Array, mem: Memory) -> None:
        """Writes dz = dy less its mean over the outputs above 0, for those; 0 for the others."""
        support, row, count = mem.scratch.work, mem.scratch.row, mem.scratch.count
        np.greater(y, 0, out=support)
        np.add.reduce(support, axis=-1, keepdims=True, out=count)
        np.vecdot(dy, support, out=row[..., 0])
        np.divide(row, count, out=row)
        np.subtract(dy, row, out=dz)
        np.multiply(dz, support, out=dz)
