"""Layers that only change the shape."""

from __future__ import annotations

from typing import Literal

from scratchnn.nn.layer import InputSpec, Layer, Plan
from scratchnn.nn.memory import Array, Memory, Pass, transfer


class Flatten(Layer):
    """(B, ...) -> (B, product of the rest), in row-major order. Costs nothing between layers: the storage is shared."""

    type: Literal["flatten"] = "flatten"

    def plan(self, inputs: InputSpec) -> Plan:
        """No memory."""
        return Plan(inputs.reshaped(inputs.size), in_place=True, reshapes=True, reads_input=False)

    def forward(self, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        """Writes y where it is not x's own storage."""
        transfer(x, y)

    def backward(self, x: Array, y: Array, dy: Array, dx: Array | None, mem: Memory, run: Pass) -> None:
        """Writes dx where it is not dy's own storage."""
        if dx is not None:
            transfer(dy, dx)
