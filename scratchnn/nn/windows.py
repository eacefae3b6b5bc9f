"""Windows that slide over the rows and columns of images: where they lie, and their numbers as rows of a matrix."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.lib.stride_tricks import as_strided

from scratchnn.nn.memory import Array

BLOCK = 2**20  # numbers copied before they are multiplied; more leave the cache, fewer start BLAS's threads more often
FEWEST_ROWS = 512  # of a matrix: below, adding up the weight gradients of the blocks costs as much as the products
SHORT_RUN = 16  # neighbouring numbers of a window; below, copying a window's cells one after the other is faster

Padding = Literal["valid", "same", "causal"] | int


@dataclass(frozen=True)
class Axis:
    """One axis under a window: output o reads the inputs o * stride + k * dilation - before, for k < kernel.

    Inputs outside of 0 ... size - 1 count as 0; `before` and `after` say how many there are, negative ones cut off.
    """

    size: int
    kernel: int
    stride: int = 1
    dilation: int = 1
    before: int = 0
    after: int = 0

    @classmethod
    def of(cls, size: int, kernel: int, stride: int, dilation: int, padding: Padding) -> Axis:
        """The axis for a kind of padding.

        valid: none. same: ceil(size / stride) outputs, the odd cell after. causal: all before. n: n on both sides.

        >>> Axis.of(5, 2, 1, 1, "same").after, Axis.of(5, 3, 1, 2, "causal").before
        (1, 4)
        """
        reach = (kernel - 1) * dilation
        if padding == "valid":
            return cls(size, kernel, stride, dilation)
        if padding == "causal":
            return cls(size, kernel, stride, dilation, reach)
        if padding == "same":
            total = max((-(-size // stride) - 1) * stride + reach + 1 - size, 0)
            return cls(size, kernel, stride, dilation, total // 2, total - total // 2)
        return cls(size, kernel, stride, dilation, padding, padding)

    @property
    def reach(self) -> int:
        """From the first input of a window to its last."""
        return (self.kernel - 1) * self.dilation

    @property
    def padded(self) -> int:
        """Inputs with padding."""
        return self.size + self.before + self.after

    @property
    def out(self) -> int:
        """How many outputs there are; below 1 where the window does not fit."""
        return (self.padded - self.reach - 1) // self.stride + 1

    def back(self) -> Axis:
        """Of the gradient, where the stride is 1: the window that goes over the outputs and gives the inputs."""
        front, rear = self.reach - self.before, self.reach - self.after
        return Axis(self.out, self.kernel, 1, self.dilation, front, rear)

    def taps(self) -> Iterator[tuple[slice, slice]]:
        """For each k the outputs whose input lies inside, and these inputs. Only where nothing is cut off."""
        for k in range(self.kernel):
            shift = k * self.dilation - self.before
            first = max(-(shift // self.stride), 0)
            last = min((self.size - 1 - shift) // self.stride, self.out - 1)
            if last >= first:
                start = first * self.stride + shift
                stop = last * self.stride + shift + 1
                yield slice(first, last + 1), slice(start, stop, self.stride)


@dataclass(frozen=True)
class Block:
    """Some samples, or some rows of one sample: copy each pair in order, then `matrix` holds their windows."""

    pairs: tuple[tuple[Array, Array], ...]  # (target, source)
    matrix: Array  # (groups, positions, depth)
    span: slice  # of the positions of the whole batch

    def fill(self) -> Array:
        """Makes the matrix."""
        for target, source in self.pairs:
            np.copyto(target, source)
        return self.matrix


@dataclass(frozen=True)
class Windows:
    """All windows of images (B, H, W, C), as matrices of one row a window for each group of channels.

    A batch is done in blocks, so that no more than about `BLOCK` numbers are copied at a time.
    """

    rows: Axis
    columns: Axis
    channels: int
    groups: int = 1

    @property
    def depth(self) -> int:
        """Numbers of one window in one group."""
        return self.rows.kernel * self.columns.kernel * (self.channels // self.groups)

    @property
    def positions(self) -> int:
        """Windows of one image."""
        return self.rows.out * self.columns.out

    @property
    def pointwise(self) -> bool:
        """Whether the images themselves are the matrix."""
        axes = (self.rows, self.columns)
        return all(axis.kernel == axis.stride == 1 and axis.before == axis.after == 0 for axis in axes)

    @cached_property
    def pads(self) -> bool:
        """Whether there is anything to pad or to cut off."""
        return any(axis.before or axis.after for axis in (self.rows, self.columns))

    @cached_property
    def block(self) -> tuple[int, int]:
        """Samples and rows of outputs of one block: whole samples, or else rows of one sample."""
        positions = max(BLOCK // (self.depth * self.groups), FEWEST_ROWS)
        if positions >= self.positions:
            return positions // self.positions, self.rows.out
        return 1, max(positions // self.columns.out, 1)

    @cached_property
    def padded_numbers(self) -> int:
        """Room for the padded images of a block."""
        return self.block[0] * self.rows.padded * self.columns.padded * self.channels if self.pads else 0

    @property
    def column_numbers(self) -> int:
        """Room for the matrix of a block."""
        samples, rows = self.block
        return samples * rows * self.columns.out * self.depth * self.groups

    def pad_slices(self) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
        """The rows and columns of the padded images that hold images, and the rows and columns that they hold."""
        inside, kept = [], []
        for axis in (self.rows, self.columns):
            first, last = max(-axis.before, 0), axis.size - max(-axis.after, 0)
            kept.append(slice(first, last))
            inside.append(slice(first + axis.before, last + axis.before))
        return (inside[0], inside[1]), (kept[0], kept[1])

    def parts(self, samples: int) -> Iterator[tuple[slice, int, int]]:
        """The samples, the first row and the number of rows of each block."""
        most, rows = self.block
        for start in range(0, samples, most):
            for first in range(0, self.rows.out, rows):
                yield slice(start, min(start + most, samples)), first, min(rows, self.rows.out - first)

    def span(self, samples: slice, first: int, rows: int) -> slice:
        """The positions of a block among those of the batch."""
        start = (samples.start * self.rows.out + first) * self.columns.out
        return slice(start, start + (samples.stop - samples.start) * rows * self.columns.out)

    def blocks(self, images: Array, padded: Array, columns: Array) -> list[Block]:
        """The blocks of these images (B, H * W * C in any shape). `padded` must be 0 outside of the images."""
        images = images.reshape(-1, self.rows.size, self.columns.size, self.channels)
        blocks = []
        for samples, first, rows in self.parts(len(images)):
            span = self.span(samples, first, rows)
            if self.pointwise:
                matrix = images.reshape(-1, self.groups, self.depth)[span].transpose(1, 0, 2)
                blocks.append(Block((), matrix, span))
                continue
            base, pairs = images[samples], []
            if self.pads:
                inside, kept = self.pad_slices()
                whole = self.padded_images(padded, len(base))
                if first == 0:
                    pairs.append((whole[:, *inside], base[:, *kept]))
                base = whole
            target, source, matrix = self._windows(base, first, rows, columns)
            blocks.append(Block((*pairs, (target, source)), matrix, span))
        return blocks

    def padded_images(self, padded: Array, samples: int) -> Array:
        """The view (samples, H, W, C) of the flat array for padded images."""
        shape = (samples, self.rows.padded, self.columns.padded, self.channels)
        return padded[: samples * shape[1] * shape[2] * shape[3]].reshape(shape)

    def column_cells(self, columns: Array, samples: int, rows: int) -> Array:
        """The view (G, samples, rows, OW, KH, KW, C / G) of the flat array for a matrix."""
        kernel = (self.rows.kernel, self.columns.kernel, self.channels // self.groups)
        shape = (self.groups, samples, rows, self.columns.out, *kernel)
        return columns[: samples * rows * self.columns.out * self.depth * self.groups].reshape(shape)

    def tap_cells(self, columns: Array, samples: int, rows: int) -> Array:
        """The view (G, KH, KW, samples, rows, OW, C / G) of the flat array for the share of each tap."""
        cells = (self.rows.kernel, self.columns.kernel, samples, rows, self.columns.out)
        shape = (self.groups, *cells, self.channels // self.groups)
        return columns[: samples * rows * self.columns.out * self.depth * self.groups].reshape(shape)

    def _windows(self, base: Array, first: int, rows: int, columns: Array) -> tuple[Array, Array, Array]:
        """What a copy fills, what it copies, and the matrix (G, positions, depth) that it makes."""
        per_image, per_row, per_column, item = base.strides
        group = self.channels // self.groups
        height, width = self.rows, self.columns
        source = as_strided(
            base[:, first * height.stride :],
            (self.groups, len(base), rows, width.out, height.kernel, width.kernel, group),
            (
                group * item,
                per_image,
                per_row * height.stride,
                per_column * width.stride,
                per_row * height.dilation,
                per_column * width.dilation,
                item,
            ),
        )
        positions = len(base) * rows * width.out
        if self.groups == 1 and width.kernel * group < SHORT_RUN:
            turned = source[0].transpose(3, 4, 5, 0, 1, 2)  # (KH, KW, C, samples, rows, OW)
            flat = columns[: positions * self.depth].reshape(self.depth, positions)
            return flat.reshape(turned.shape), turned, flat.T[None]
        target = self.column_cells(columns, len(base), rows)
        return target, source, target.reshape(self.groups, positions, self.depth)
