"""Activation functions, in order of growing complexity.

An activation is hosted by a layer (`dense`, `activation`) and plans its memory as a layer does.
"""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np

from scratchnn.component import Component
from scratchnn.nn.initializers import GlorotUniform, HeNormal, Initializer
from scratchnn.nn.layer import InputSpec, Plan
from scratchnn.nn.memory import Array, Buffer, Memory


class Activation(Component):
    """The base of all activations. Elementwise unless it says otherwise; z and y are `(B, ..., F)`."""

    family: ClassVar[str] = "activation"

    def plan(self, inputs: InputSpec) -> Plan:
        """The memory that it needs. By default: computed in place, and backward reads only y."""
        return Plan(inputs, in_place=True, reads_input=False, reads_output=True)

    def forward(self, z: Array, y: Array, mem: Memory) -> None:
        """Writes y = f(z). y may be z where the plan says `in_place`."""
        raise NotImplementedError

    def backward(self, z: Array, y: Array, dy: Array, dz: Array, mem: Memory) -> None:
        """Writes dz, the product of dy with the derivative. dz may be dy. z is y where forward ran in place."""
        raise NotImplementedError

    def fallback_init(self) -> Initializer:
        """The initializer that suits weights in front of this activation, where the config names none."""
        return GlorotUniform()


class Linear(Activation):
    """y = z."""

    type: Literal["linear"] = "linear"

    def plan(self, inputs: InputSpec) -> Plan:
        """Backward reads nothing."""
        return Plan(inputs, in_place=True, reads_input=False)

    def forward(self, z: Array, y: Array, mem: Memory) -> None:
        """Writes y = z."""
        if y is not z:
            y[...] = z

    def backward(self, z: Array, y: Array, dy: Array, dz: Array, mem: Memory) -> None:
        """Writes dz = dy."""
        if dz is not dy:
            dz[...] = dy


class ReLU(Activation):
    """y = max(0, z); the derivative at 0 is 0. Source: Nair and Hinton 2010."""

    type: Literal["relu"] = "relu"

    def plan(self, inputs: InputSpec) -> Plan:
        """A mask besides."""
        mask = Buffer(inputs.shape, "bool")
        return Plan(inputs, scratch={"positive": mask}, in_place=True, reads_input=False, reads_output=True)

    def forward(self, z: Array, y: Array, mem: Memory) -> None:
        """Writes y = max(0, z)."""
        np.maximum(z, 0, out=y)

    def backward(self, z: Array, y: Array, dy: Array, dz: Array, mem: Memory) -> None:
        """Writes dz = dy where y > 0, else 0."""
        np.greater(y, 0, out=mem.scratch.positive)
        np.multiply(dy, mem.scratch.positive, out=dz)

    def fallback_init(self) -> Initializer:
        """He's normal."""
        return HeNormal()
