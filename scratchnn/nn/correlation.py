"""The sum of products of windows with a kernel, and its gradients: the arithmetic of every convolution.

y[b, i, j, f] = sum over k, l, c of x[b, i s + k d - p, j s + l d - p, c] * w[k, l, c, f], with stride s, dilation d and
padding p for each axis; with G groups, the filters f of a group see only the channels c of that group.

The windows are copied into rows of a matrix, which one product multiplies with the kernel (im2col; Chellapilla et al.
2006), a block of samples at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar, cast

import numpy as np

from scratchnn.nn.memory import Array, Buffer, Memory, Shape
from scratchnn.nn.windows import Block, Windows

MOST_INPUTS = 1.5
"""For each output; with more, the products of the padding around the outputs cost more than adding up the shares."""

T = TypeVar("T")


@dataclass(frozen=True)
class Correlation:
    """From images (B, H, W, C) to (B, OH, OW, F) by a kernel (KH, KW, C / G, F).

    Arrays may come in any shape of so many numbers, kernels too. Works in the scratch of the layer's memory, and keeps
    its views in `mem.bound`.
    """

    windows: Windows
    filters: int

    @property
    def kernel_shape(self) -> Shape:
        """(KH, KW, C / G, F)."""
        windows = self.windows
        return (windows.rows.kernel, windows.columns.kernel, windows.channels // windows.groups, self.filters)

    @property
    def flops(self) -> int:
        """Of one image, a multiply and an add counted as two."""
        return 2 * self.windows.positions * self.windows.depth * self.filters

    @cached_property
    def gathers(self) -> Windows | None:
        """The windows over dy that give dx, where the stride is 1 and there are not many more inputs than outputs.

        With so many more it is cheaper to add up what each output gives.
        """
        windows = self.windows
        if windows.rows.stride > 1 or windows.columns.stride > 1:
            return None
        if windows.rows.size * windows.columns.size > MOST_INPUTS * windows.positions:
            return None
        return Windows(windows.rows.back(), windows.columns.back(), self.filters, windows.groups)

    def scratch(self) -> Mapping[str, Buffer]:
        """Room for one block, and for one kernel."""
        users = [self.windows] + ([self.gathers] if self.gathers else [])
        sizes = {
            "padded": max(windows.padded_numbers for windows in users),
            "columns": max(0 if windows.pointwise else windows.column_numbers for windows in users),
            "kernel": self.windows.depth * self.filters,
        }
        if self.gathers is None:
            sizes["columns"] = max(sizes["columns"], self.windows.column_numbers)
        return {name: Buffer((size,), per_sample=False) for name, size in sizes.items()}

    def forward(self, x: Array, weight: Array, y: Array, mem: Memory) -> None:
        """Writes y."""
        self._apply(self.windows, x, self._by_group(weight), self._outputs(y), mem, "forward")

    def weight_gradient(self, x: Array, dy: Array, dweight: Array, mem: Memory) -> None:
        """Writes dw[k, l, c, f], the sum over b, i, j of x[b, i s + k d - p, j s + l d - p, c] * dy[b, i, j, f]."""
        outputs, total = self._outputs(dy), self._by_group(dweight)
        part = mem.scratch.kernel.reshape(total.shape)
        self._clear(self.windows, mem)
        for index, block in enumerate(self._blocks(self.windows, x, mem, "forward")):
            turned = block.fill().transpose(0, 2, 1)
            np.matmul(turned, outputs[:, block.span], out=part if index else total)
            if index:
                np.add(total, part, out=total)

    def input_gradient(self, dy: Array, weight: Array, dx: Array, mem: Memory) -> None:
        """Writes dx[b, h, w, c], the sum of dy[b, i, j, f] * w[k, l, c, f] over all that read x[b, h, w, c].

        Where it `gathers`, that is a correlation of dy with the kernel turned by 180 degrees. Else each tap's share of
        all windows is one product, which is added where the tap lies.
        """
        if self.gathers is None:
            self._scatter(dy, weight, dx, mem)
            return
        height, width, group, _ = self.kernel_shape
        groups, outputs = self.windows.groups, self.filters // self.windows.groups
        turned = weight.reshape(height, width, group, groups, outputs)[::-1, ::-1].transpose(3, 0, 1, 4, 2)
        kernel = mem.scratch.kernel.reshape(turned.shape)
        np.copyto(kernel, turned)
        inputs = dx.reshape(-1, groups, group).transpose(1, 0, 2)
        self._apply(self.gathers, dy, kernel.reshape(groups, -1, group), inputs, mem, "back")

    def _apply(self, windows: Windows, x: Array, weight: Array, y: Array, mem: Memory, name: str) -> None:
        """Writes y (G, B * positions, F / G) from weight (G, depth, F / G)."""
        self._clear(windows, mem)
        for block in self._blocks(windows, x, mem, name):
            np.matmul(block.fill(), weight, out=y[:, block.span])

    def _scatter(self, dy: Array, weight: Array, dx: Array, mem: Memory) -> None:
        outputs, turned = self._outputs(dy)[:, None], self._by_tap(weight)
        for scattering in self._bound(dx, mem, "back", lambda: self._scatterings(dx, mem)):
            if scattering.clear is not None:
                scattering.clear.fill(0)
            np.matmul(outputs[:, :, scattering.span], turned, out=scattering.taps)
            for target, part in scattering.sums:
                np.add(target, part, out=target)
            for target, source in scattering.pairs:
                np.copyto(target, source)

    def _scatterings(self, dx: Array, mem: Memory) -> list[Scattering]:
        windows = self.windows
        rows, columns, group = windows.rows, windows.columns, windows.channels // windows.groups
        images = dx.reshape(-1, rows.size, columns.size, windows.channels)
        inside, kept = windows.pad_slices()
        found = []
        for samples, first, count in windows.parts(len(images)):
            base = images[samples]
            whole = windows.padded_images(mem.scratch.padded, len(base)) if windows.pads else base
            cells = windows.tap_cells(mem.scratch.columns, len(base), count)
            split = whole.reshape(*whole.shape[:3], windows.groups, group)
            sums = []
            for k in range(rows.kernel):
                for j in range(columns.kernel):
                    down, right = first * rows.stride + k * rows.dilation, j * columns.dilation
                    target = split[
                        :,
                        down : down + (count - 1) * rows.stride + 1 : rows.stride,
                        right : right + (columns.out - 1) * columns.stride + 1 : columns.stride,
                    ]
                    sums.append((target, cells[:, k, j].transpose(1, 2, 3, 0, 4)))
            ends = windows.pads and first + count == rows.out
            found.append(
                Scattering(
                    whole if first == 0 else None,
                    cells.reshape(windows.groups, rows.kernel * columns.kernel, -1, group),
                    windows.span(samples, first, count),
                    sums,
                    [(base[:, *kept], whole[:, *inside])] if ends else [],
                )
            )
        return found

    def _by_tap(self, weight: Array) -> Array:
        """(KH, KW, C / G, F) -> (G, KH * KW, F / G, C / G), a view."""
        groups = self.windows.groups
        height, width, group, filters = self.kernel_shape
        return weight.reshape(height * width, group, groups, filters // groups).transpose(2, 0, 3, 1)

    def _by_group(self, weight: Array) -> Array:
        """(KH, KW, C / G, F) -> (G, depth, F / G), a view."""
        groups = self.windows.groups
        return weight.reshape(self.windows.depth, groups, self.filters // groups).transpose(1, 0, 2)

    def _outputs(self, y: Array) -> Array:
        """(B, OH, OW, F) -> (G, B * OH * OW, F / G), a view."""
        groups = self.windows.groups
        return y.reshape(-1, groups, self.filters // groups).transpose(1, 0, 2)

    def _clear(self, windows: Windows, mem: Memory) -> None:
        """Fills the room for padded images with 0; blocks only ever overwrite what is inside."""
        if windows.pads:
            mem.scratch.padded[: windows.padded_numbers].fill(0)

    def _blocks(self, windows: Windows, x: Array, mem: Memory, name: str) -> list[Block]:
        return self._bound(x, mem, name, lambda: windows.blocks(x, mem.scratch.padded, mem.scratch.columns))

    def _bound(self, array: Array, mem: Memory, name: str, make: Callable[[], list[T]]) -> list[T]:
        """The views for this array: made at the first call, then kept as long as it stays the same object."""
        if mem.bound is None:
            mem.bound = {}
        array_of, views = mem.bound.get(name, (None, None))
        if array_of is not array:
            views = make()
            mem.bound[name] = (array, views)
        return cast("list[T]", views)


@dataclass(frozen=True)
class Scattering:
    """How one block's share of dx is added up: clear, multiply for each tap, add each part, copy what is inside."""

    clear: Array | None
    taps: Array  # (groups, KH * KW, positions, C / G)
    span: slice
    sums: list[tuple[Array, Array]]
    pairs: list[tuple[Array, Array]]
