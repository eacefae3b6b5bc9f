"""Smooth activations beyond the common ones, in order of growing complexity."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
from pydantic import Field

from scratchnn.nn.activations.common import Activation, Rectifier
from scratchnn.nn.activations.piecewise import KeepsDerivative
from scratchnn.nn.layer import InputSpec, Plan
from scratchnn.nn.memory import Array, Buffer, Memory


class Exponential(Activation):
    """y = e^z: for outputs that must be positive. Infinite above 88 in float32, above 709 in float64."""

    type: Literal["exponential"] = "exponential"

    def forward(self, z: Array, y: Array, mem: Memory) -> None:
        """Writes y."""
        np.exp(z, out=y)

    def backward(self, z: Array, y: Array, dy: Array, dz: Array, mem: Memory) -> None:
        """Writes dz = dy y."""
        np.multiply(dy, y, out=dz)


class LogSigmoid(Activation):
    """y = log(1 / (1 + e^-z)), computed as min(z, 0) - log1p(e^-|z|)."""

    type: Literal["log_sigmoid"] = "log_sigmoid"

    def forward(self, z: Array, y: Array, mem: Memory) -> None:
        """Writes y."""
        excess = mem.scratch.work
        _excess(z, excess)
        np.minimum(z, 0, out=y)
        np.subtract(y, excess, out=y)

    def backward(self, z: Array, y: Array, dy: Array, dz: Array, mem: Memory) -> None:
        """Writes dz = dy (1 - e^y)."""
        derivative = mem.scratch.work
        np.expm1(y, out=derivative)
        np.negative(derivative, out=derivative)
        np.multiply(dy, derivative, out=dz)


class CELU(Rectifier):
    """y = z where z > 0, else alpha (e^(z / alpha) - 1); the derivative at 0 is always 1. Source: Barron 2017."""

    type: Literal["celu"] = "celu"
    alpha: float = Field(1.0, gt=0, allow_inf_nan=False, description="Minus the limit for very negative inputs.")

    def forward(self, z: Array, y: Array, mem: Memory) -> None:
        """Writes y."""
        negative = mem.scratch.work
        np.minimum(z, 0, out=negative)
        np.divide(negative, self.alpha, out=negative)
        np.expm1(negative, out=negative)
        np.multiply(negative, self.alpha, out=negative)
        np.maximum(z, 0, out=y)
        np.add(y, negative, out=y)

    def backward(self, z: Array, y: Array, dy: Array, dz: Array, mem: Memory) -> None:
        """Writes dz = dy (min(y, 0) / alpha + 1)."""
        derivative = mem.scratch.work
        np.minimum(y, 0, out=derivative)
        np.divide(derivative, self.alpha, out=derivative)
        np.add(derivative, 1, out=derivative)
        np.multiply(dy, derivative, out=dz)


class Softsign(KeepsDerivative):
    """y = z / (1 + |z|). Source: Turian et al. 2009."""

    type: Literal["softsign"] = "softsign"

    def forward(self, z: Array, y: Array, mem: Memory) -> None:
        """Writes y, and the derivative 1 / (1 + |z|)^2."""
        share = mem.saved.derivative
        np.absolute(z, out=share)
        np.add(share, 1, out=share)
        np.reciprocal(share, out=share)
        np.multiply(z, share, out=y)
        np.multiply(share, share, out=share)


class TanhShrink(KeepsDerivative):
    """y = z - tanh(z)."""

    type: Literal["tanh_shrink"] = "tanh_shrink"

    def forward(self, z: Array, y: Array, mem: Memory) -> None:
        """Writes y, and the derivative tanh(z)^2."""
        bent = mem.saved.derivative
        np.tanh(z, out=bent)
        np.subtract(z, bent, out=y)
        np.multiply(bent, bent, out=bent)


class Squareplus(KeepsDerivative, Rectifier):
    """y = (z + sqrt(z^2 + curve)) / 2: like softplus, without exp. Source: Barron 2021.

    Computed as max(z, 0) + curve / (4 h) with h = (|z| + sqrt(z^2 + curve)) / 2, which loses no digits left of 0.
    """

    type: Literal["squareplus"] = "squareplus"
    curve: float = Field(4.0, gt=0, allow_inf_nan=False, description="Width of the bend: the paper's b.")

    def forward(self, z: Array, y: Array, mem: Memory) -> None:
        """Writes y, and the derivative y / sqrt(z^2 + curve)."""
        root, half = mem.saved.derivative, mem.scratch.work
        np.multiply(z, z, out=root)
        np.add(root, self.curve, out=root)
        np.sqrt(root, out=root)
        np.absolute(z, out=half)
        np.add(half, root, out=half)
        np.divide(self.curve / 2, half, out=half)
        np.maximum(z, 0, out=y)
        np.add(y, half, out=y)
        np.divide(y, root, out=root)


class Mish(KeepsDerivative, Rectifier):
    """y = z tanh(softplus(z)). Source: Misra 2019."""

    type: Literal["mish"] = "mish"

    def plan(self, inputs: InputSpec) -> Plan:
        """The derivative, and two arrays to work in."""
        scratch = {"work": Buffer(inputs.shape), "rest": Buffer(inputs.shape)}
        return replace(super().plan(inputs), scratch=scratch)

    def forward(self, z: Array, y: Array, mem: Memory) -> None:
        """Writes y = z t, and the derivative t + z (1 - t^2) sigmoid(z), with sigmoid(z) = 1 - e^-softplus(z)."""
        t, work, rest = mem.saved.derivative, mem.scratch.work, mem.scratch.rest
        _excess(z, work)
        np.maximum(z, 0, out=t)
        np.add(work, t, out=work)  # softplus(z)
        np.tanh(work, out=t)
        np.negative(work, out=work)
        np.expm1(work, out=work)  # -sigmoid(z)
        np.multiply(work, z, out=work)
        np.multiply(t, t, out=rest)
        np.subtract(rest, 1, out=rest)
        np.multiply(work, rest, out=work)
        np.multiply(z, t, out=y)
        np.add(t, work, out=t)


def _excess(z: Array, out: Array) -> None:
    """Writes log1p(e^-|z|)."""
    np.absolute(z, out=out)
    np.negative(out, out=out)
    np.exp(out, out=out)
    np.log1p(out, out=out)
