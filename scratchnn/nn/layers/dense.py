"""The fully connected layer."""

from __future__ import annotations

import math
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field

from scratchnn.errors import ShapeError
from scratchnn.nn.activations import Activation
from scratchnn.nn.layer import InputSpec, Plan, WeightedLayer
from scratchnn.nn.memory import Array, Buffer, Memory, Pass


class Dense(WeightedLayer):
    """y = f(x W + b), on the last axis. x: (B, ..., I), W: (I, O), b: (O), y: (B, ..., O).

    dW = x' dz, db = sum of dz over all axes but the last, dx = dz W', with dz = dy f'(x W + b).
    """

    type: Literal["dense"] = "dense"
    units: Annotated[int, Field(ge=1)] | Literal["auto"] = Field(
        description='Outputs per sample. "auto": as many as the target needs (last dense layer only).'
    )
    activation: Activation | None = Field(None, description="Applied to the output; none when absent.")
    bias: bool = Field(True, description="Whether to add a bias.")

    def with_outputs(self, count: int) -> Self:
        """Fills in `units: auto`."""
        return self.model_copy(update={"units": count}) if self.units == "auto" else self

    def plan(self, inputs: InputSpec) -> Plan:
        """One weight matrix, a bias, and the memory of the activation."""
        self.expects_numbers(inputs)
        if self.units == "auto":
            raise ShapeError("(dense) units: auto is only for the last layer", hint="Give a number of units.")
        rows, fan_in, fan_out = math.prod(inputs.shape[:-1]), inputs.shape[-1], self.units
        output = InputSpec((*inputs.shape[:-1], fan_out))
        fallback = self.activation.fallback_init() if self.activation else None
        params = {"weight": self.weight_param((fan_in, fan_out), (fan_in, fan_out), fallback)}
        saved = {}
        if self.bias:
            params["bias"] = self.bias_param(fan_out)
            saved["ones"] = Buffer(rows=rows, fill=1.0)
        inner = self.activation.plan(output) if self.activation else None
        if inner and not inner.in_place:
            saved["z"] = Buffer(output.shape)
        return Plan(
            output,
            params=params,
            saved=saved,
            children={"activation": inner} if inner else {},
            reads_output=inner is not None and inner.reads_output,
            flops=2 * rows * fan_in * fan_out,
        )

    def pre_activation(self, x: Array, y: Array, mem: Memory, run: Pass) -> Array:
        """Writes and returns x W + b."""
        z: Array = getattr(mem.saved, "z", y)
        # `dot`, since `matmul` on small matrices takes 0.5 us longer to reach the same BLAS routine.
        if x.ndim == 2:
            np.dot(x, mem.params.weight, out=z)
        else:
            np.dot(_rows(x), mem.params.weight, out=_rows(z))
        if self.bias:
            np.add(z, mem.params.bias, out=z)
        return z

    def forward(self, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        """Writes y."""
        z = self.pre_activation(x, y, mem, run)
        if self.activation is not None:
            self.activation.forward(z, y, mem.children["activation"])

    def backward(self, x: Array, y: Array, dy: Array, dx: Array | None, mem: Memory, run: Pass) -> None:
        """Writes the gradients of weight and bias, and dx. Turns dy into dz."""
        if self.activation is not None:
            self.activation.backward(getattr(mem.saved, "z", y), y, dy, dy, mem.children["activation"])
        if x.ndim > 2:
            x, dy, dx = _rows(x), _rows(dy), None if dx is None else _rows(dx)
        np.dot(x.T, dy, out=mem.grads.weight)
        if self.bias:
            np.dot(mem.saved.ones, dy, out=mem.grads.bias)
        if dx is not None:
            np.dot(dy, mem.params.weight.T, out=dx)


def _rows(array: Array) -> Array:
    """(B, ..., F) -> (N, F)."""
    return array.reshape(-1, array.shape[-1])
