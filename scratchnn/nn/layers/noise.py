"""Noise while training, beyond plain dropout. Outside of training y = x."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from pydantic import Field

from scratchnn.nn.activations import SELU_ALPHA, SELU_SCALE
from scratchnn.nn.layer import InputSpec, Layer, Plan
from scratchnn.nn.layers.dropout import InvertedDropout
from scratchnn.nn.memory import Array, Buffer, Memory, Pass, Shape, transfer


class GaussianNoise(Layer):
    """y = x + deviation n, n ~ N(0, 1) for each number. Any shape. dx = dy.

    As in Keras; a way to smooth what is learned from few rows. Source: Bishop 1995.
    """

    type: Literal["gaussian_noise"] = "gaussian_noise"
    deviation: float = Field(0.1, ge=0, allow_inf_nan=False, description="The standard deviation of the noise.")

    def plan(self, inputs: InputSpec) -> Plan:
        """The draws are float32 in every network, so that the dtype does not change the noise."""
        self.expects_numbers(inputs)
        scratch = {"draws": Buffer(inputs.shape, "float32")}
        return Plan(inputs, scratch=scratch, in_place=True, reads_input=False)

    def forward(self, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        """Writes y."""
        if not run.training or self.deviation == 0:
            transfer(x, y)
            return
        draws = mem.scratch.draws
        run.rng.standard_normal(dtype=np.float32, out=draws)
        np.multiply(draws, self.deviation, out=draws)
        np.add(x, draws, out=y)

    def backward(self, x: Array, y: Array, dy: Array, dx: Array | None, mem: Memory, run: Pass) -> None:
        """Writes dx = dy."""
        if dx is not None:
            transfer(dy, dx)


class SpatialDropout(InvertedDropout):
    """y = x m / (1 - rate): m = 1 with probability 1 - rate, else 0, one draw for each sample and channel.

    x: (B, ..., C). A channel is kept or dropped at all its places (pixels, steps), since neighbours are alike.
    Outside of training y = x. Source: Tompson et al. 2015; PyTorch's `dropout1d` and `dropout2d`.
    """

    type: Literal["spatial_dropout"] = "spatial_dropout"

    def mask_shape(self, inputs: InputSpec) -> Shape:
        """One draw for each channel."""
        return (*(1 for _ in inputs.shape[:-1]), inputs.shape[-1])


class DropPath(InvertedDropout):
    """y = x m / (1 - rate): m = 1 with probability 1 - rate, else 0, one draw for each sample. Any shape.

    Stochastic depth: at the end of a residual's layers it skips them for some samples. Outside of training y = x.
    Source: Huang et al. 2016, inverted (divided by 1 - rate while training) as in torchvision's `stochastic_depth`.
    """

    type: Literal["drop_path"] = "drop_path"
    rate: float = Field(0.1, ge=0, lt=1, description="Share of the samples that become 0, below 1.")

    def mask_shape(self, inputs: InputSpec) -> Shape:
        """One draw for each sample."""
        return tuple(1 for _ in inputs.shape)


class AlphaDropout(Layer):
    """y = a (x m + c (1 - m)) + b: m = 1 with probability 1 - rate, else 0; outside of training y = x. For selu.

    c = -scale alpha of selu, its limit at the left. a = 1 / sqrt((1 - rate) (1 + rate c^2)) and b = -a rate c keep
    mean 0 and variance 1. Any shape, each number on its own. Source: Klambauer et al. 2017; PyTorch's variant.
    """

    type: Literal["alpha_dropout"] = "alpha_dropout"
    rate: float = Field(0.1, ge=0, lt=1, description="Share of the numbers that are dropped, below 1.")

    def plan(self, inputs: InputSpec) -> Plan:
        """The mask. The draws are float32 in every network, so that the dtype does not change the mask."""
        self.expects_numbers(inputs)
        return Plan(
            inputs,
            saved={"mask": Buffer(inputs.shape)},
            scratch={"draws": Buffer(inputs.shape, "float32"), "rest": Buffer(inputs.shape)},
            in_place=True,
            reads_input=False,
        )

    def forward(self, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        """Writes y, and the mask with its factor a."""
        if not run.drops or self.rate == 0:
            transfer(x, y)
            return
        draws, mask, rest = mem.scratch.draws, mem.saved.mask, mem.scratch.rest
        limit = -SELU_SCALE * SELU_ALPHA
        a = 1 / math.sqrt((1 - self.rate) * (1 + self.rate * limit**2))
        run.rng.random(dtype=np.float32, out=draws)
        np.greater_equal(draws, self.rate, out=mask)
        np.multiply(mask, -a * limit, out=rest)
        np.add(rest, a * limit * (1 - self.rate), out=rest)  # a c (1 - m) + b
        np.multiply(mask, a, out=mask)
        np.multiply(x, mask, out=y)
        np.add(y, rest, out=y)

    def backward(self, x: Array, y: Array, dy: Array, dx: Array | None, mem: Memory, run: Pass) -> None:
        """Writes dx = dy times the mask with its factor a."""
        if dx is None:
            return
        if not run.drops or self.rate == 0:
            transfer(dy, dx)
            return
        np.multiply(dy, mem.saved.mask, out=dx)
