"""The base of all activations and the common ones, in order of growing complexity."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from scratchnn.component import Component
from scratchnn.nn.initializers import GlorotUniform, HeNormal, Initializer, LecunNormal
from scratchnn.nn.layer import InputSpec, Plan
from scratchnn.nn.memory import Array, Buffer, Memory, transfer
from scratchnn.nn.normal_cdf import normal_cdf

MASK_BY_SIGN = 4096  # numbers
WIDE = 4096  # numbers per sample from which one row of zeros, broadcast, costs no more than zeros for a whole batch
GELU_TANH_FACTOR = math.sqrt(2 / math.pi)
GELU_TANH_CUBIC = 0.044715
SELU_ALPHA = 1.6732632423543772
SELU_SCALE = 1.0507009873554805


class Activation(Component):
    """The base of all activations. Elementwise unless it says otherwise; z and y are `(B, ..., F)`."""

    family: ClassVar[str] = "activation"

    def plan(self, inputs: InputSpec) -> Plan:
        """The memory that it needs. By default: computed in place, backward reads only y and works in `work`."""
        return Plan(inputs, scratch={"work": Buffer(inputs.shape)}, in_place=True, reads_input=False, reads_output=True)

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
        """No memory; backward reads nothing."""
        return Plan(inputs, in_place=True, reads_input=False)

    def forward(self, z: Array, y: Array, mem: Memory) -> None:
        """Writes y = z."""
        transfer(z, y)

    def backward(self, z: Array, y: Array, dy: Array, dz: Array, mem: Memory) -> None:
        """Writes dz = dy."""
        transfer(dy, dz)


class Rectifier(Activation):
    """The base of relu and its kin, which pass about half of the variance on."""

    def fallback_init(self) -> Initializer:
        """He's normal."""
        return HeNormal()


class ReLU(Rectifier):
    """y = max(0, z); the derivative at 0 is 0. Source: Nair and Hinton 2010."""

    type: Literal["relu"] = "relu"

    def plan(self, inputs: InputSpec) -> Plan:
        """Zeros to compare with: against a scalar, NumPy's `maximum` runs at a third of its speed."""
        zeros = Buffer(inputs.shape, fill=0.0, per_sample=inputs.size < WIDE)
        return replace(super().plan(inputs), saved={"zeros": zeros})

    def forward(self, z: Array, y: Array, mem: Memory) -> None:
        """Writes y = max(0, z)."""
        np.maximum(z, mem.saved.zeros, out=y)

    def backward(self, z: Array, y: Array, dy: Array, dz: Array, mem: Memory) -> None:
        """Writes dz = dy where y > 0, else 0."""
        # y is never negative: its sign is the mask. `greater` casts bools to floats, which costs 1.5 us to set up but
        # is three times as fast for each number. Measured on float32: equal at about 4,000 numbers.
        if y.size < MASK_BY_SIGN:
            np.sign(y, out=mem.scratch.work)
        else:
            np.greater(y, 0, out=mem.scratch.work)
        np.multiply(dy, mem.scratch.work, out=dz)


class LeakyReLU(Rectifier):
    """y = z where z > 0, else slope * z; the derivative at 0 is `slope`. Source: Maas et al. 2013."""

    type: Literal["leaky_relu"] = "leaky_relu"
    slope: float = Field(0.01, ge=0, le=1, description="Derivative for negative inputs, from 0 to 1.")

    def forward(self, z: Array, y: Array, mem: Memory) -> None:
        """Writes y = max(z, slope z)."""
        np.multiply(z, self.slope, out=mem.scratch.work)
        np.maximum(z, mem.scratch.work, out=y)

    def backward(self, z: Array, y: Array, dy: Array, dz: Array, mem: Memory) -> None:
        """Writes dz = dy where y > 0, else slope * dy."""
        derivative = mem.scratch.work
        np.greater(y, 0, out=derivative)
        np.maximum(derivative, self.slope, out=derivative)
        np.multiply(dy, derivative, out=dz)


class Sigmoid(Activation):
    """y = 1 / (1 + e^-z)."""

    type: Literal["sigmoid"] = "sigmoid"

    def forward(self, z: Array, y: Array, mem: Memory) -> None:
        """Writes y."""
        sigmoid(z, y)

    def backward(self, z: Array, y: Array, dy: Array, dz: Array, mem: Memory) -> None:
        """Writes dz = dy * y * (1 - y)."""
        derivative = mem.scratch.work
        np.subtract(1, y, out=derivative)
        np.multiply(derivative, y, out=derivative)
        np.multiply(dy, derivative, out=dz)


class Tanh(Activation):
    """y = tanh(z)."""

    type: Literal["tanh"] = "tanh"

    def forward(self, z: Array, y: Array, mem: Memory) -> None:
        """Writes y."""
        np.tanh(z, out=y)

    def backward(self, z: Array, y: Array, dy: Array, dz: Array, mem: Memory) -> None:
        """Writes dz = dy * (1 - y^2)."""
        derivative = mem.scratch.work
        np.multiply(y, y, out=derivative)
        np.subtract(1, derivative, out=derivative)
        np.multiply(dy, derivative, out=dz)


class Softplus(Rectifier):
    """y = log(1 + e^z), computed as max(z, 0) + log1p(e^-|z|). Source: Dugas et al. 2001."""

    type: Literal["softplus"] = "softplus"

    def forward(self, z: Array, y: Array, mem: Memory) -> None:
        """Writes y."""
        excess = mem.scratch.work
        np.absolute(z, out=excess)
        np.negative(excess, out=excess)
        np.exp(excess, out=excess)
        np.log1p(excess, out=excess)
        np.maximum(z, 0, out=y)
        np.add(y, excess, out=y)

    def backward(self, z: Array, y: Array, dy: Array, dz: Array, mem: Memory) -> None:
        """Writes dz = dy * sigmoid(z) = dy * (1 - e^-y)."""
        derivative = mem.scratch.work
        np.negative(y, out=derivative)
        np.expm1(derivative, out=derivative)
        np.negative(derivative, out=derivative)
        np.multiply(dy, derivative, out=dz)


class ExponentialLinear(Rectifier):
    """y = a z where z > 0, else b (e^z - 1); the derivative at 0 is b."""

    def factors(self) -> tuple[float, float]:
        """a and b."""
        raise NotImplementedError

    def forward(self, z: Array, y: Array, mem: Memory) -> None:
        """Writes y = a max(z, 0) + b expm1(min(z, 0))."""
        a, b = self.factors()
        negative = mem.scratch.work
        np.minimum(z, 0, out=negative)
        np.expm1(negative, out=negative)
        np.multiply(negative, b, out=negative)
        np.maximum(z, 0, out=y)
        np.multiply(y, a, out=y)
        np.add(y, negative, out=y)

    def backward(self, z: Array, y: Array, dy: Array, dz: Array, mem: Memory) -> None:
        """Writes dz = a dy where y > 0, else (y + b) dy."""
        a, b = self.factors()
        derivative, step = mem.scratch.work, mem.scratch.step
        np.minimum(y, 0, out=derivative)
        np.add(derivative, b, out=derivative)
        np.greater(y, 0, out=step)
        np.multiply(step, a - b, out=step)
        np.add(derivative, step, out=derivative)
        np.multiply(dy, derivative, out=dz)

    def plan(self, inputs: InputSpec) -> Plan:
        """Two arrays to work in; backward reads y."""
        scratch = {"work": Buffer(inputs.shape), "step": Buffer(inputs.shape)}
        return replace(super().plan(inputs), scratch=scratch)


class ELU(ExponentialLinear):
    """y = z where z > 0, else alpha (e^z - 1); the derivative at 0 is alpha. Source: Clevert et al. 2016."""

    type: Literal["elu"] = "elu"
    alpha: float = Field(1.0, ge=0, allow_inf_nan=False, description="Minus the limit for very negative inputs.")

    def factors(self) -> tuple[float, float]:
        """1 and alpha."""
        return 1.0, self.alpha


class SELU(ExponentialLinear):
    """y = scale z where z > 0, else scale alpha (e^z - 1); the derivative at 0 is scale alpha.

    alpha = 1.6733 and scale = 1.0507 keep mean 0 and variance 1. Source: Klambauer et al. 2017.
    """

    type: Literal["selu"] = "selu"

    def factors(self) -> tuple[float, float]:
        """scale and scale alpha."""
        return SELU_SCALE, SELU_SCALE * SELU_ALPHA

    def fallback_init(self) -> Initializer:
        """LeCun's normal, as in the paper."""
        return LecunNormal()


class SiLU(Rectifier):
    """y = z * sigmoid(z), also known as swish. Source: Elfwing et al. 2018."""

    type: Literal["silu"] = "silu"

    def plan(self, inputs: InputSpec) -> Plan:
        """Keeps sigmoid(z) besides y, so that z may be overwritten."""
        return replace(super().plan(inputs), saved={"gate": Buffer(inputs.shape)})

    def forward(self, z: Array, y: Array, mem: Memory) -> None:
        """Writes y."""
        sigmoid(z, mem.saved.gate)
        np.multiply(z, mem.saved.gate, out=y)

    def backward(self, z: Array, y: Array, dy: Array, dz: Array, mem: Memory) -> None:
        """Writes dz = dy * (s + y (1 - s)) with s = sigmoid(z)."""
        gate, derivative = mem.saved.gate, mem.scratch.work
        np.subtract(1, gate, out=derivative)
        np.multiply(derivative, y, out=derivative)
        np.add(derivative, gate, out=derivative)
        np.multiply(dy, derivative, out=dz)


class GELUTanh(Rectifier):
    """y = z / 2 * (1 + tanh(c (z + 0.044715 z^3))) with c = sqrt(2 / pi), close to gelu and faster.

    Source: Hendrycks and Gimpel 2016.
    """

    type: Literal["gelu_tanh"] = "gelu_tanh"

    def plan(self, inputs: InputSpec) -> Plan:
        """Forward keeps the derivative, so that backward reads neither z nor y."""
        scratch = {"work": Buffer(inputs.shape), "rest": Buffer(inputs.shape)}
        saved = {"derivative": Buffer(inputs.shape)}
        return Plan(inputs, saved=saved, scratch=scratch, in_place=True, reads_input=False)

    def forward(self, z: Array, y: Array, mem: Memory) -> None:
        """Writes y = z p with p = (1 + tanh(u)) / 2, and the derivative p + 2 y (1 - p) u'."""
        p, square, rest = mem.saved.derivative, mem.scratch.work, mem.scratch.rest
        c, cubic = GELU_TANH_FACTOR, GELU_TANH_FACTOR * GELU_TANH_CUBIC
        np.multiply(z, z, out=square)
        np.multiply(square, cubic, out=p)
        np.add(p, c, out=p)
        np.multiply(p, z, out=p)  # u = c z + cubic z^3
        np.tanh(p, out=p)
        np.add(p, 1, out=p)
        np.multiply(p, 0.5, out=p)
        np.multiply(z, p, out=y)
        np.multiply(square, 6 * cubic, out=square)
        np.add(square, 2 * c, out=square)  # 2 u'
        np.multiply(square, y, out=square)
        np.subtract(1, p, out=rest)
        np.multiply(square, rest, out=square)
        np.add(p, square, out=p)

    def backward(self, z: Array, y: Array, dy: Array, dz: Array, mem: Memory) -> None:
        """Writes dz."""
        np.multiply(dy, mem.saved.derivative, out=dz)


class GELU(Rectifier):
    """y = z * P(N(0, 1) <= z), exact. Source: Hendrycks and Gimpel 2016."""

    type: Literal["gelu"] = "gelu"

    def plan(self, inputs: InputSpec) -> Plan:
        """Forward keeps the derivative, so that backward reads neither z nor y."""
        scratch = {name: Buffer(inputs.shape) for name in ("cdf", "work", "rest")}
        saved = {"derivative": Buffer(inputs.shape)}
        return Plan(inputs, saved=saved, scratch=scratch, in_place=True, reads_input=False)

    def forward(self, z: Array, y: Array, mem: Memory) -> None:
        """Writes y, and the derivative: the cdf + z times the density."""
        derivative, cdf = mem.saved.derivative, mem.scratch.cdf
        normal_cdf(z, cdf, derivative, (mem.scratch.work, mem.scratch.rest))
        np.multiply(derivative, 1 / math.sqrt(2 * math.pi), out=derivative)
        np.multiply(derivative, z, out=derivative)
        np.add(derivative, cdf, out=derivative)
        np.multiply(z, cdf, out=y)

    def backward(self, z: Array, y: Array, dy: Array, dz: Array, mem: Memory) -> None:
        """Writes dz."""
        np.multiply(dy, mem.saved.derivative, out=dz)


class Softmax(Activation):
    """y = e^z / sum of e^z over the last axis. A loss on logits applies its own: no softmax before cross_entropy."""

    type: Literal["softmax"] = "softmax"

    def plan(self, inputs: InputSpec) -> Plan:
        """One number for each row; backward reads y."""
        rows = {"row": Buffer((*inputs.shape[:-1], 1))}
        return Plan(inputs, scratch=rows, in_place=True, reads_input=False, reads_output=True)

    def forward(self, z: Array, y: Array, mem: Memory) -> None:
        """Writes y, from z less its maximum."""
        row = mem.scratch.row
        np.maximum.reduce(z, axis=-1, keepdims=True, out=row)
        np.subtract(z, row, out=y)
        np.exp(y, out=y)
        np.add.reduce(y, axis=-1, keepdims=True, out=row)
        np.divide(y, row, out=y)

    def backward(self, z: Array, y: Array, dy: Array, dz: Array, mem: Memory) -> None:
        """Writes dz = y * (dy - sum of dy y over the last axis)."""
        np.vecdot(dy, y, out=mem.scratch.row[..., 0])
        np.subtract(dy, mem.scratch.row, out=dz)
        np.multiply(dz, y, out=dz)


def sigmoid(z: Array, out: Array) -> None:
    """Writes 1 / (1 + e^-z) without overflow; below -88 in float32 (-709 in float64) it stays at its value there.

    >>> y = np.array([-1e4, 0.0, 1e4])
    >>> sigmoid(y, y)
    >>> y.round(3).tolist()
    [0.0, 0.5, 1.0]
    """
    np.maximum(z, -88.0 if out.itemsize == 4 else -709.0, out=out)
    np.negative(out, out=out)
    np.exp(out, out=out)
    np.add(out, 1, out=out)
    np.divide(1, out, out=out)  # twice as fast as `reciprocal`
