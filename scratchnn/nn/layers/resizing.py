"""Layers that change the size of images (B, H, W, C)."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from scratchnn.nn.layer import InputSpec, Layer, Plan
from scratchnn.nn.layers.convolution import Border, Pair, pair
from scratchnn.nn.memory import Array, Buffer, Memory, Pass

FourBorders = Annotated[list[Border], Field(min_length=4, max_length=4)]
TwoBorders = Annotated[list[Border], Field(min_length=2, max_length=2)]


class ZeroPad2D(Layer):
    """Zeros around an image. x: (B, H, W, C), y: (B, top + H + bottom, left + W + right, C)."""

    type: Literal["zero_pad2d"] = "zero_pad2d"
    padding: Border | TwoBorders | FourBorders = Field(
        1, description="Cells on each side: one number, [rows, columns], or [top, bottom, left, right]."
    )

    def plan(self, inputs: InputSpec) -> Plan:
        """No memory."""
        _expects_image(self, inputs)
        top, bottom, left, right = self._borders()
        height, width, channels = inputs.shape
        return Plan(inputs.reshaped(top + height + bottom, left + width + right, channels), reads_input=False)

    def forward(self, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        """Writes y."""
        y.fill(0)
        np.copyto(self._inside(y, x), x)

    def backward(self, x: Array, y: Array, dy: Array, dx: Array | None, mem: Memory, run: Pass) -> None:
        """Writes dx, the inside of dy."""
        if dx is not None:
            np.copyto(dx, self._inside(dy, x))

    def _borders(self) -> tuple[int, int, int, int]:
        if isinstance(self.padding, list) and len(self.padding) == 4:
            top, bottom, left, right = self.padding
            return top, bottom, left, right
        rows, columns = pair(self.padding)
        return rows, rows, columns, columns

    def _inside(self, padded: Array, x: Array) -> Array:
        top, _, left, _ = self._borders()
        return padded[:, top : top + x.shape[1], left : left + x.shape[2]]


class Upsample2D(Layer):
    """Each cell of an image becomes a rectangle of cells like it (nearest neighbour). x: (B, H, W, C).

    y: (B, H f, W g, C) with y[i, j] = x[i // f, j // g] for the factors f and g.
    """

    type: Literal["upsample2d"] = "upsample2d"
    factor: Pair = Field(2, description="How many times larger: one number, or [height, width].")

    def plan(self, inputs: InputSpec) -> Plan:
        """No memory."""
        _expects_image(self, inputs)
        down, right = pair(self.factor)
        height, width, channels = inputs.shape
        return Plan(inputs.reshaped(height * down, width * right, channels), reads_input=False)

    def forward(self, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        """Writes y."""
        np.copyto(self._cells(y, x), x[:, :, None, :, None])

    def backward(self, x: Array, y: Array, dy: Array, dx: Array | None, mem: Memory, run: Pass) -> None:
        """Writes dx, the sum of dy over each rectangle."""
        if dx is None:
            return
        cells = self._cells(dy, x)
        dx.fill(0)
        for i, j in np.ndindex(pair(self.factor)):
            np.add(dx, cells[:, :, i, :, j], out=dx)

    def _cells(self, large: Array, x: Array) -> Array:
        """(B, H f, W g, C) -> (B, H, f, W, g, C)."""
        down, right = pair(self.factor)
        samples, height, width, channels = x.shape
        return large.reshape(samples, height, down, width, right, channels)


class UpsampleBilinear2D(Layer):
    """Each cell of the larger image lies between cells of x: linear interpolation along both axes. x: (B, H, W, C).

    y: (B, H f, W g, C) for the factors f and g. Row i of y lies at (i + 1/2) / f - 1/2 of x, but not outside of x;
    columns alike. PyTorch's `align_corners=False`. Two products with matrices of weights: y = R x C'.
    """

    type: Literal["upsample_bilinear2d"] = "upsample_bilinear2d"
    factor: Pair = Field(2, description="How many times larger: one number, or [height, width].")

    def plan(self, inputs: InputSpec) -> Plan:
        """The matrices of both axes, and room for the image after one of them."""
        _expects_image(self, inputs)
        down, right = pair(self.factor)
        height, width, channels = inputs.shape
        return Plan(
            inputs.reshaped(height * down, width * right, channels),
            scratch={"wide": Buffer((height, width * right, channels))},
            program=(_interpolation(height, down), _interpolation(width, right)),
            reads_input=False,
        )

    def forward(self, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        """Writes y."""
        rows, columns = self._matrices(y, mem)
        wide = mem.scratch.wide
        np.matmul(columns, x, out=wide)
        np.matmul(rows, _rows(wide), out=_rows(y))

    def backward(self, x: Array, y: Array, dy: Array, dx: Array | None, mem: Memory, run: Pass) -> None:
        """Writes dx = R' dy C."""
        if dx is None:
            return
        rows, columns = self._matrices(y, mem)
        wide = mem.scratch.wide
        np.matmul(rows.T, _rows(dy), out=_rows(wide))
        np.matmul(columns.T, wide, out=dx)

    def _matrices(self, y: Array, mem: Memory) -> tuple[Array, Array]:
        """The weights of rows (H f, H) and of columns (W g, W), in the dtype of y."""
        if mem.bound is None:
            mem.bound = tuple(matrix.astype(y.dtype) for matrix in mem.program)
        rows, columns = mem.bound
        return rows, columns


def _interpolation(size: int, factor: int) -> Array:
    """The weights (size * factor, size) of each cell for the cells between them.

    >>> _interpolation(2, 2).tolist()
    [[1.0, 0.0], [0.75, 0.25], [0.25, 0.75], [0.0, 1.0]]
    """
    places = np.clip((np.arange(size * factor) + 0.5) / factor - 0.5, 0, size - 1)
    weights: Array = np.maximum(1 - np.abs(places[:, None] - np.arange(size)), 0)
    return weights


def _rows(images: Array) -> Array:
    """(B, H, W, C) -> (B, H, W C)."""
    return images.reshape(*images.shape[:2], -1)


def _expects_image(layer: Layer, inputs: InputSpec) -> None:
    layer.expects_numbers(inputs)
    hint = 'Add a "reshape" layer before it.'
    layer.expects(len(inputs.shape) == 3, "input of shape (height, width, channels)", inputs, hint)
