"""Activations made of straight lines, in order of growing complexity. PyTorch's variants."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator

from scratchnn.nn.activations.common import Activation, Rectifier
from scratchnn.nn.initializers import HeNormal, Initializer
from scratchnn.nn.layer import InputSpec, Plan
from scratchnn.nn.memory import Array, Buffer, Memory


class Clipped(Activation):
    """The base of lines between two limits: y = a z + b, kept within low and high; the derivative at a limit is 0."""

    def line(self) -> tuple[float, float, float, float]:
        """a, b, low and high."""
        raise NotImplementedError

    def plan(self, inputs: InputSpec) -> Plan:
        """Two arrays to work in; backward reads y."""
        scratch = {"work": Buffer(inputs.shape), "below": Buffer(inputs.shape)}
        return replace(super().plan(inputs), scratch=scratch)

    def forward(self, z: Array, y: Array, mem: Memory) -> None:
        """Writes y."""
        a, b, low, high = self.line()
        line = z
        if (a, b) != (1, 0):
            line = np.multiply(z, a, out=y)
            np.add(line, b, out=line)
        np.maximum(line, low, out=y)
        np.minimum(y, high, out=y)

    def backward(self, z: Array, y: Array, dy: Array, dz: Array, mem: Memory) -> None:
        """Writes dz = a dy where low < y < high, else 0."""
        a, _, low, high = self.line()
        derivative, below = mem.scratch.work, mem.scratch.below
        np.greater(y, low, out=derivative)
        np.less(y, high, out=below)
        np.multiply(derivative, below, out=derivative)
        if a != 1:
            np.multiply(derivative, a, out=derivative)
        np.multiply(dy, derivative, out=dz)


class ReLU6(Clipped):
    """y = min(max(0, z), 6); the derivative at 0 and 6 is 0. Source: Krizhevsky 2010."""

    type: Literal["relu6"] = "relu6"

    def line(self) -> tuple[float, float, float, float]:
        """z between 0 and 6."""
        return 1.0, 0.0, 0.0, 6.0

    def fallback_init(self) -> Initializer:
        """He's normal."""
        return HeNormal()


class HardTanh(Clipped):
    """y = min(max(low, z), high); the derivative at the limits is 0. Source: Collobert 2004."""

    type: Literal["hard_tanh"] = "hard_tanh"
    low: float = Field(-1.0, allow_inf_nan=False, description="The least output.")
    high: float = Field(1.0, allow_inf_nan=False, description="The largest output, above `low`.")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low >= self.high:
            raise ValueError(f"low must be below high, got {self.low} and {self.high}")
        return self

    def line(self) -> tuple[float, float, float, float]:
        """z between the limits."""
        return 1.0, 0.0, self.low, self.high


class HardSigmoid(Clipped):
    """y = z / 6 + 1/2, kept within 0 and 1; the derivative at -3 and 3 is 0. Source: Howard et al. 2019.

    The variant of PyTorch and Keras 3; older versions of Keras have slope 0.2.
    """

    type: Literal["hard_sigmoid"] = "hard_sigmoid"

    def line(self) -> tuple[float, float, float, float]:
        """z / 6 + 1/2 between 0 and 1."""
        return 1 / 6, 0.5, 0.0, 1.0


class Shrinking(Activation):
    """The base of hard_shrink and soft_shrink: 0 for |z| <= threshold; elsewhere the derivative is 1."""

    threshold: float = Field(0.5, ge=0, allow_inf_nan=False, description="Inputs as small as this become 0.")

    def backward(self, z: Array, y: Array, dy: Array, dz: Array, mem: Memory) -> None:
        """Writes dz = dy where y is not 0, else 0."""
        np.not_equal(y, 0, out=mem.scratch.work)
        np.multiply(dy, mem.scratch.work, out=dz)


class HardShrink(Shrinking):
    """y = z where |z| > threshold, else 0."""

    type: Literal["hard_shrink"] = "hard_shrink"

    def forward(self, z: Array, y: Array, mem: Memory) -> None:
        """Writes y."""
        kept = mem.scratch.work
        np.absolute(z, out=kept)
        np.greater(kept, self.threshold, out=kept)
        np.multiply(z, kept, out=y)


class SoftShrink(Shrinking):
    """y = z - threshold where z > threshold, z + threshold where z < -threshold, else 0."""

    type: Literal["soft_shrink"] = "soft_shrink"

    def forward(self, z: Array, y: Array, mem: Memory) -> None:
        """Writes y = z - z kept within the threshold."""
        inner = mem.scratch.work
        np.maximum(z, -self.threshold, out=inner)
        np.minimum(inner, self.threshold, out=inner)
        np.subtract(z, inner, out=y)


class KeepsDerivative(Activation):
    """The base of activations whose forward writes the derivative too; backward then reads neither z nor y."""

    def plan(self, inputs: InputSpec) -> Plan:
        """The derivative, and an array to work in."""
        saved, scratch = {"derivative": Buffer(inputs.shape)}, {"work": Buffer(inputs.shape)}
        return Plan(inputs, saved=saved, scratch=scratch, in_place=True, reads_input=False)

    def backward(self, z: Array, y: Array, dy: Array, dz: Array, mem: Memory) -> None:
        """Writes dz."""
        np.multiply(dy, mem.saved.derivative, out=dz)


class Threshold(KeepsDerivative, Rectifier):
    """y = z where z > threshold, else value; the derivative is 1 or 0."""

    type: Literal["threshold"] = "threshold"
    threshold: float = Field(0.0, allow_inf_nan=False, description="Inputs above it pass.")
    value: float = Field(0.0, allow_inf_nan=False, description="The output for all others.")

    def forward(self, z: Array, y: Array, mem: Memory) -> None:
        """Writes y and the derivative."""
        passes, rest = mem.saved.derivative, mem.scratch.work
        np.greater(z, self.threshold, out=passes)
        np.multiply(passes, -self.value, out=rest)
        np.add(rest, self.value, out=rest)
        np.multiply(z, passes, out=y)
        np.add(y, rest, out=y)


class HardSwish(KeepsDerivative, Rectifier):
    """y = z g with g = z / 6 + 1/2, kept within 0 and 1; the derivative is 0 at -3 and 1 at 3.

    Source: Howard et al. 2019.
    """

    type: Literal["hard_swish"] = "hard_swish"

    def plan(self, inputs: InputSpec) -> Plan:
        """The derivative, and two arrays to work in."""
        scratch = {"work": Buffer(inputs.shape), "slope": Buffer(inputs.shape)}
        return replace(super().plan(inputs), scratch=scratch)

    def forward(self, z: Array, y: Array, mem: Memory) -> None:
        """Writes y, and the derivative g + z / 6, or g where it is 0 or 1."""
        gate, work, slope = mem.saved.derivative, mem.scratch.work, mem.scratch.slope
        np.multiply(z, 1 / 6, out=slope)
        np.add(slope, 0.5, out=gate)
        np.maximum(gate, 0, out=gate)
        np.minimum(gate, 1, out=gate)
        np.multiply(z, gate, out=y)
        np.greater(gate, 0, out=work)
        np.multiply(slope, work, out=slope)
        np.less(gate, 1, out=work)
        np.multiply(slope, work, out=slope)
        np.add(gate, slope, out=gate)
