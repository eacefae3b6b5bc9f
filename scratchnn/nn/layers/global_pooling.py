"""Pooling over everything: one number for each channel."""

from __future__ import annotations

import math
from typing import ClassVar, Literal

import numpy as np

from scratchnn.nn.layer import InputSpec, Layer, Plan
from scratchnn.nn.memory import Array, Buffer, Memory, Pass


class GlobalPool(Layer):
    """The base of global pooling. Images and sequences are seen as (B, N, C)."""

    rank: ClassVar[int]

    def channels(self, inputs: InputSpec) -> InputSpec:
        """What comes out. Raises `ShapeError` for another rank."""
        self.expects_numbers(inputs)
        shape = "(height, width, channels)" if self.rank == 3 else "(steps, features)"
        hint = 'Add a "reshape" layer before it.'
        self.expects(len(inputs.shape) == self.rank, f"input of shape {shape}", inputs, hint)
        return inputs.reshaped(inputs.shape[-1])

    def take_mask(self, real: Array, run: Pass) -> None:
        """Writes 1 for each real step and 0 for each padding step into `real` (B, N). Behind it are no steps."""
        if self.rank == 2 and run.mask is not None:
            np.copyto(real, run.mask)
            run.mask = None
        else:
            real.fill(1)


class GlobalAveragePool(GlobalPool):
    """The base of global average pooling."""

    def plan(self, inputs: InputSpec) -> Plan:
        """Keeps what each place counts."""
        places = math.prod(inputs.shape[:-1])
        return Plan(
            self.channels(inputs),
            saved={"shares": Buffer((places,))},
            scratch={"counts": Buffer((1,))},
            reads_input=False,
        )

    def forward(self, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        """Writes y."""
        shares, counts = mem.saved.shares, mem.scratch.counts
        self.take_mask(shares, run)
        np.add.reduce(shares, axis=1, keepdims=True, out=counts)
        np.maximum(counts, 1, out=counts)
        np.divide(shares, counts, out=shares)
        np.matmul(shares[:, None], _places(x), out=y[:, None])

    def backward(self, x: Array, y: Array, dy: Array, dx: Array | None, mem: Memory, run: Pass) -> None:
        """Writes dx = dy times what each place counts."""
        if dx is not None:
            np.multiply(mem.saved.shares[:, :, None], dy[:, None], out=_places(dx))


class GlobalMaxPool(GlobalPool):
    """The base of global max pooling."""

    def plan(self, inputs: InputSpec) -> Plan:
        """Keeps which steps are real; room for a copy of the input without padding steps."""
        places, channels = math.prod(inputs.shape[:-1]), inputs.shape[-1]
        return Plan(
            self.channels(inputs),
            saved={"real": Buffer((places,))},
            scratch={"work": Buffer((places, channels)), "counts": Buffer((channels,))},
            reads_output=True,
        )

    def forward(self, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        """Writes y."""
        real, places = mem.saved.real, _places(x)
        masked = self.rank == 2 and run.mask is not None
        self.take_mask(real, run)
        if not masked:
            np.maximum.reduce(places, axis=1, out=y)
            return
        work, counts = mem.scratch.work, mem.scratch.counts
        np.copyto(work, -np.inf)
        np.copyto(work, places, where=real[:, :, None] > 0)
        np.maximum.reduce(work, axis=1, out=y)
        np.add.reduce(real, axis=1, keepdims=True, out=counts[:, :1])
        np.copyto(y, 0, where=counts[:, :1] == 0)

    def backward(self, x: Array, y: Array, dy: Array, dx: Array | None, mem: Memory, run: Pass) -> None:
        """Writes dx: the gradient of each maximum, in equal parts to those that equal it."""
        if dx is None:
            return
        counts, places = mem.scratch.counts, _places(dx)
        np.equal(_places(x), y[:, None], out=places)
        np.multiply(places, mem.saved.real[:, :, None], out=places)
        np.add.reduce(places, axis=1, out=counts)
        np.maximum(counts, 1, out=counts)
        np.divide(dy, counts, out=counts)
        np.multiply(places, counts[:, None], out=places)


class GlobalAvgPool2D(GlobalAveragePool):
    """y = the mean of each channel over the image. x: (B, H, W, C), y: (B, C). Source: Lin et al. 2014."""

    type: Literal["global_avg_pool2d"] = "global_avg_pool2d"
    rank = 3


class GlobalMaxPool2D(GlobalMaxPool):
    """y = the maximum of each channel over the image. x: (B, H, W, C), y: (B, C).

    Equal maxima share the gradient in equal parts, as in PyTorch's `amax`.
    """

    type: Literal["global_max_pool2d"] = "global_max_pool2d"
    rank = 3


class GlobalAvgPool1D(GlobalAveragePool):
    """y = the mean of each feature over the real steps. x: (B, T, C), y: (B, C). 0 where no step is real."""

    type: Literal["global_avg_pool1d"] = "global_avg_pool1d"
    rank = 2


class GlobalMaxPool1D(GlobalMaxPool):
    """y = the maximum of each feature over the real steps. x: (B, T, C), y: (B, C). 0 where no step is real.

    Equal maxima share the gradient in equal parts, as in PyTorch's `amax`.
    """

    type: Literal["global_max_pool1d"] = "global_max_pool1d"
    rank = 2


def _places(array: Array) -> Array:
    """(B, ..., C) -> (B, N, C)."""
    return array.reshape(len(array), -1, array.shape[-1])
