"""Random masking while training."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from scratchnn.nn.layer import InputSpec, Layer, Plan
from scratchnn.nn.memory import Array, Buffer, Memory, Pass, Shape, transfer


class InvertedDropout(Layer):
    """The base of dropouts: y = x m / (1 - rate), m = 1 with probability 1 - rate, else 0; outside of training y = x.

    Inverted: divided by 1 - rate while training, so that the mean stays.
    """

    rate: float = Field(0.5, ge=0, lt=1, description="Share of the draws that become 0, below 1.")

    def mask_shape(self, inputs: InputSpec) -> Shape:
        """The shape of a sample's draws: 1 on each axis along which numbers share them."""
        raise NotImplementedError

    def plan(self, inputs: InputSpec) -> Plan:
        """The mask. The draws are float32 in every network, so that the dtype does not change the mask."""
        self.expects_numbers(inputs)
        shape = self.mask_shape(inputs)
        return Plan(
            inputs,
            saved={"mask": Buffer(shape)},
            scratch={"draws": Buffer(shape, "float32")},
            in_place=True,
            reads_input=False,
        )

    def forward(self, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        """Writes y, and the mask with its factor."""
        if not run.drops or self.rate == 0:
            transfer(x, y)
            return
        draws, mask = mem.scratch.draws, mem.saved.mask
        run.rng.random(dtype=np.float32, out=draws)
        np.greater_equal(draws, self.rate, out=mask)
        np.multiply(mask, 1 / (1 - self.rate), out=mask)
        np.multiply(x, mask, out=y)

    def backward(self, x: Array, y: Array, dy: Array, dx: Array | None, mem: Memory, run: Pass) -> None:
        """Writes dx = dy times the mask with its factor."""
        if dx is None:
            return
        if not run.drops or self.rate == 0:
            transfer(dy, dx)
            return
        np.multiply(dy, mem.saved.mask, out=dx)


class Dropout(InvertedDropout):
    """y = x m / (1 - rate), m = 1 with probability 1 - rate, else 0; outside of training y = x.

    Any shape, each number on its own. Inverted, so that the mean stays. Source: Srivastava et al. 2014.
    """

    type: Literal["dropout"] = "dropout"
    rate: float = Field(0.5, ge=0, lt=1, description="Share of the numbers that become 0, below 1.")

    def mask_shape(self, inputs: InputSpec) -> Shape:
        """One draw for each number."""
        return inputs.shape
