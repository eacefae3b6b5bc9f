"""Convolutions that keep the channels apart."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from pydantic import Field

from scratchnn.nn.activations import Activation
from scratchnn.nn.chain import Chain
from scratchnn.nn.constraints import Constraint
from scratchnn.nn.initializers import Initializer, Zeros
from scratchnn.nn.layer import InputSpec, Layer, Plan
from scratchnn.nn.layers.convolution import BorderPair, Conv2D, Convolution, Pair, image_axes, pair
from scratchnn.nn.memory import Array, Buffer, Memory, Pass
from scratchnn.nn.windows import Windows

BLOCK = 2**17  # numbers of the output done at a time, so that they stay in a core's cache between the passes


@dataclass(frozen=True)
class Channelwise:
    """y[b, i, j, c, m] = sum over k, l of x[b, i s + k d - p, j s + l d - p, c] * w[k, l, c, m], a block at a time.

    One pass over the block for each cell of the kernel: with one channel in a group there is no product of matrices.
    """

    windows: Windows
    multiplier: int

    @cached_property
    def samples(self) -> int:
        """Samples of one block."""
        return max(BLOCK // (self.windows.positions * self.windows.channels * self.multiplier), 1)

    def scratch(self) -> dict[str, Buffer]:
        """Padded images, products and their sums over the multiplier, and each cell's weights for a row of outputs."""
        windows, images = self.windows, self.windows.positions * self.windows.channels * self.samples
        padded = windows.rows.padded * windows.columns.padded * windows.channels * self.samples
        cells = windows.rows.kernel * windows.columns.kernel
        row = windows.columns.out * windows.channels * self.multiplier
        sizes = {
            "padded": padded if windows.pads else 0,
            "work": images * self.multiplier,
            "sums": images if self.multiplier > 1 else 0,
            "tiles": cells * row,
            "part": windows.channels * self.multiplier,
        }
        return {name: Buffer((size,), per_sample=False) for name, size in sizes.items()}

    def forward(self, x: Array, weight: Array, y: Array, mem: Memory) -> None:
        """Writes y."""
        tiles = self._tiles(weight, mem)
        for images, outputs, work in self._blocks(x, y, mem):
            base = self._padded(images, mem)
            for index, (k, j) in enumerate(self._cells()):
                np.multiply(self._tap(base, k, j)[..., None], tiles[k, j], out=work if index else outputs)
                if index:
                    np.add(outputs, work, out=outputs)

    def weight_gradient(self, x: Array, dy: Array, dweight: Array, mem: Memory) -> None:
        """Writes dw[k, l, c, m], the sum of x[b, i s + k d - p, j s + l d - p, c] * dy[b, i, j, c, m] over b, i, j."""
        part = mem.scratch.part
        for number, (images, outputs, work) in enumerate(self._blocks(x, dy, mem)):
            base = self._padded(images, mem)
            rows = work.reshape(-1, part.size)
            for k, j in self._cells():
                np.multiply(self._tap(base, k, j)[..., None], outputs, out=work)
                np.dot(mem.saved.cells[: len(rows)], rows, out=part)
                total = dweight[k, j].reshape(-1)
                if number:
                    np.add(total, part, out=total)
                else:
                    np.copyto(total, part)

    def input_gradient(self, dy: Array, weight: Array, dx: Array, mem: Memory) -> None:
        """Writes dx: each cell's share is added where its inputs lie."""
        tiles = self._tiles(weight, mem)
        inside, kept = self.windows.pad_slices()
        for images, outputs, work in self._blocks(dx, dy, mem):
            base = self.windows.padded_images(mem.scratch.padded, len(images)) if self.windows.pads else images
            base.fill(0)
            sums = work[..., 0]
            if self.multiplier > 1:
                sums = mem.scratch.sums[: sums.size].reshape(sums.shape)
            for k, j in self._cells():
                np.multiply(outputs, tiles[k, j], out=work)
                if self.multiplier > 1:
                    np.add.reduce(work, axis=-1, out=sums)
                target = self._tap(base, k, j)
                np.add(target, sums, out=target)
            if self.windows.pads:
                np.copyto(images[:, *kept], base[:, *inside])

    def _cells(self) -> Iterator[tuple[int, int]]:
        yield from np.ndindex(self.windows.rows.kernel, self.windows.columns.kernel)

    def _blocks(self, x: Array, y: Array, mem: Memory) -> Iterator[tuple[Array, Array, Array]]:
        """Some samples' (images, outputs, room for products), the last two (samples, OH, OW, C, M)."""
        windows = self.windows
        shape = (windows.rows.out, windows.columns.out, windows.channels, self.multiplier)
        size = math.prod(shape)
        for start in range(0, len(x), self.samples):
            images = x[start : start + self.samples]
            outputs = y[start : start + self.samples].reshape(-1, *shape)
            yield images, outputs, mem.scratch.work[: len(images) * size].reshape(-1, *shape)

    def _padded(self, images: Array, mem: Memory) -> Array:
        if not self.windows.pads:
            return images
        inside, kept = self.windows.pad_slices()
        base = self.windows.padded_images(mem.scratch.padded, len(images))
        base.fill(0)
        np.copyto(base[:, *inside], images[:, *kept])
        return base

    def _tap(self, base: Array, k: int, j: int) -> Array:
        """What one cell of the kernel reads: (samples, OH, OW, C)."""
        rows, columns = self.windows.rows, self.windows.columns
        down, right = k * rows.dilation, j * columns.dilation
        return base[
            :,
            down : down + (rows.out - 1) * rows.stride + 1 : rows.stride,
            right : right + (columns.out - 1) * columns.stride + 1 : columns.stride,
        ]

    def _tiles(self, weight: Array, mem: Memory) -> Array:
        """(KH, KW, OW, C, M): the weights for a whole row, so that products run over long stretches."""
        height, width, channels, multiplier = weight.shape
        shape = (height, width, self.windows.columns.out, channels, multiplier)
        tiles: Array = mem.scratch.tiles.reshape(shape)
        np.copyto(tiles, weight[:, :, None])
        return tiles


class DepthwiseConv2D(Convolution):
    """`conv2d` with each channel on its own: channel c gives the channels c M, ..., c M + M - 1 of the output.

    x: (B, H, W, C), w: (KH, KW, C, M), b: (C M), y: (B, OH, OW, C M), with M the depth multiplier. The same as
    `conv2d` with as many groups as channels, but fast. Raises `ShapeError` where the kernel does not fit.
    Source: Sifre 2014; Howard et al. 2017.
    """

    type: Literal["depthwise_conv2d"] = "depthwise_conv2d"
    kernel_size: Pair = Field(description="Size of the kernel: one number, or [height, width].")
    depth_multiplier: int = Field(1, ge=1, description="Channels of the output for each channel of the input.")
    stride: Pair = Field(1, description="Cells from one window to the next: one number, or [down, right].")
    dilation: Pair = Field(1, description="Cells from one number of a window to the next: one, or [down, right].")
    padding: Literal["valid", "same"] | BorderPair = Field(
        "valid", description="valid (none), same, or zeros on both sides: one number, or [rows, columns]."
    )

    def plan(self, inputs: InputSpec) -> Plan:
        """One kernel, a bias, room for a block of samples, and the memory of the activation."""
        self.expects_numbers(inputs)
        self.expects_rank(3, inputs)
        rows, columns = image_axes(inputs, self.kernel_size, self.stride, self.dilation, self.padding)
        self.expects_room((rows, columns), inputs)
        channels, multiplier, cells = inputs.shape[-1], self.depth_multiplier, math.prod(pair(self.kernel_size))
        program = Channelwise(Windows(rows, columns, channels), multiplier)
        positions = rows.out * columns.out
        return self.plan_with(
            inputs.reshaped(rows.out, columns.out, channels * multiplier),
            ((*pair(self.kernel_size), channels, multiplier), (cells, cells * multiplier)),
            program=program,
            scratch=program.scratch(),
            saved={"cells": Buffer((positions * program.samples,), per_sample=False, fill=1.0)},
            units=(channels * multiplier, 1),
            flops=2 * positions * cells * channels * multiplier,
        )

    def product(self, x: Array, z: Array, mem: Memory, run: Pass) -> None:
        """Writes z."""
        mem.program.forward(x, mem.params.weight, z, mem)

    def product_gradients(self, x: Array, dz: Array, dx: Array | None, mem: Memory, run: Pass) -> None:
        """Writes the gradient of the weight, and dx."""
        mem.program.weight_gradient(x, dz, mem.grads.weight, mem)
        if dx is not None:
            mem.program.input_gradient(dz, mem.params.weight, dx, mem)


class SeparableConv2D(Layer):
    """A `depthwise_conv2d` without bias, then a `conv2d` with a kernel of 1 x 1: two small kernels for a large one.

    x: (B, H, W, C), y: (B, OH, OW, F). Its parameters are `0.weight` (KH, KW, C, M), `1.weight` (1, 1, C M, F) and
    `1.bias` (F). Source: Chollet 2017 (Xception); as in Keras, nothing stands between the two.
    """

    type: Literal["separable_conv2d"] = "separable_conv2d"
    filters: int = Field(ge=1, description="Channels of the output.")
    kernel_size: Pair = Field(description="Size of the kernel: one number, or [height, width].")
    depth_multiplier: int = Field(1, ge=1, description="Channels between the two for each channel of the input.")
    stride: Pair = Field(1, description="Cells from one window to the next: one number, or [down, right].")
    dilation: Pair = Field(1, description="Cells from one number of a window to the next: one, or [down, right].")
    padding: Literal["valid", "same"] | BorderPair = Field(
        "valid", description="valid (none), same, or zeros on both sides: one number, or [rows, columns]."
    )
    activation: Activation | None = Field(None, description="Applied to the output; none when absent.")
    bias: bool = Field(True, description="Whether to add a bias to each filter.")
    init: Initializer | None = Field(None, description="How both weights start; the model's `init` when absent.")
    bias_init: Initializer = Field(Zeros(), description="How the biases start.")
    l1: float | None = Field(None, ge=0, description="Overrides the global l1 for both weights.")
    l2: float | None = Field(None, ge=0, description="Overrides the global l2 for both weights.")
    constraint: Constraint | None = Field(
        None, description="What holds for both weights after every step; wins over regularization.constraints."
    )

    def plan(self, inputs: InputSpec) -> Plan:
        """The plan of both in a row."""
        depthwise = DepthwiseConv2D(
            kernel_size=self.kernel_size,
            depth_multiplier=self.depth_multiplier,
            stride=self.stride,
            dilation=self.dilation,
            padding=self.padding,
            bias=False,
            init=self.init,
            l1=self.l1,
            l2=self.l2,
            constraint=self.constraint,
        )
        pointwise = Conv2D(
            filters=self.filters,
            kernel_size=1,
            activation=self.activation,
            bias=self.bias,
            init=self.init,
            bias_init=self.bias_init,
            l1=self.l1,
            l2=self.l2,
            constraint=self.constraint,
        )
        return Chain((depthwise, pointwise), inputs, "parts").plan()

    def forward(self, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        """Writes y."""
        mem.program.steps(x, y, mem).forward(run)

    def backward(self, x: Array, y: Array, dy: Array, dx: Array | None, mem: Memory, run: Pass) -> None:
        """Writes every gradient and dx."""
        mem.program.steps(x, y, mem).backward(dy, dx, run)
