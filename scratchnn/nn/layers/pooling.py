"""Pooling: one number for each window of a channel. Images are channels last (B, H, W, C), sequences (B, T, C).

A window over an image is pooled along its rows first, then along its columns: the maximum of maxima, the sum of sums.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from scratchnn.nn.layer import InputSpec, Layer, Plan
from scratchnn.nn.layers.convolution import Count, Pair, image_axes
from scratchnn.nn.memory import Array, Buffer, Memory, Pass
from scratchnn.nn.windows import Axis

BLOCK = 2**17  # numbers pooled at a time, so that they stay in a core's cache between the passes


@dataclass(frozen=True)
class PooledAxis:
    """Pooling along the middle axis of arrays (outer, size, inner), to (outer, out, inner); they come in any shape."""

    axis: Axis
    inner: int

    @cached_property
    def places(self) -> tuple[tuple[slice, slice], ...]:
        """For each place in a window, in order, the outputs that have it, and the inputs there."""
        return tuple(self.axis.taps())

    @cached_property
    def taps(self) -> tuple[tuple[slice, slice], ...]:
        """The places with one first that all outputs have.

        With padding that is the place `before`: output o has o * stride, which is never outside.
        """
        whole = next(tap for tap in self.places if tap[0] == slice(0, self.axis.out))
        return (whole, *(tap for tap in self.places if tap is not whole))

    @property
    def plain(self) -> bool:
        """Whether no window reaches outside."""
        return self.axis.before == self.axis.after == 0

    @property
    def apart(self) -> bool:
        """Whether each input lies in at most one window."""
        return self.axis.stride >= self.axis.kernel

    @cached_property
    def covers(self) -> bool:
        """Whether each input lies in exactly one window."""
        return self.apart and self.plain and self.axis.out * self.axis.kernel == self.axis.size

    def combine(self, function: np.ufunc, x: Array, y: Array) -> None:
        """Writes y, the numbers of each window joined by `function`, such as add."""
        x, y = self._inputs(x), self._outputs(y)
        whole, *others = self.taps
        if self.plain and others:
            function(x[:, whole[1]], x[:, others.pop(0)[1]], out=y)
        else:
            np.copyto(y, x[:, whole[1]])
        for outputs, inputs in others:
            function(y[:, outputs], x[:, inputs], out=y[:, outputs])

    def spread(self, dy: Array, dx: Array) -> None:
        """Writes dx, for each input the sum of dy over the windows that have it."""
        dx, dy = self._inputs(dx), self._outputs(dy)
        if not self.covers:
            dx.fill(0)
        for outputs, inputs in self.taps:
            target = dx[:, inputs]
            if self.apart:
                np.copyto(target, dy[:, outputs])
            else:
                np.add(target, dy[:, outputs], out=target)

    def give_to_first(self, x: Array, y: Array, dy: Array, dx: Array, work: Array) -> None:
        """Writes dx: the gradient of each maximum y goes to the first x in its window that equals it. Destroys dy.

        `work` is flat, with room for y.
        """
        x, dx, y, dy = self._inputs(x), self._inputs(dx), self._outputs(y), self._outputs(dy)
        work = work[: y.size].reshape(y.shape)
        if not self.covers:
            dx.fill(0)
        for index, (outputs, inputs) in enumerate(self.places):
            target, rest = dx[:, inputs], dy[:, outputs]
            if not self.apart:
                share = work[:, outputs]
                np.equal(x[:, inputs], y[:, outputs], out=share)
                np.multiply(share, rest, out=share)
                np.add(target, share, out=target)
                np.subtract(rest, share, out=rest)
            elif self.plain and index == len(self.places) - 1:
                np.copyto(target, rest)  # whoever comes last has what nobody before it took
            else:
                np.equal(x[:, inputs], y[:, outputs], out=target)
                np.multiply(target, rest, out=target)
                np.subtract(rest, target, out=rest)

    def _inputs(self, array: Array) -> Array:
        return array.reshape(-1, self.axis.size, self.inner)

    def _outputs(self, array: Array) -> Array:
        return array.reshape(-1, self.axis.out, self.inner)


@dataclass(frozen=True)
class Pooling:
    """The axes of a pooling layer in order, and how many samples it does at a time."""

    stages: tuple[PooledAxis, ...]
    samples: int

    @classmethod
    def of(cls, axes: tuple[Axis, ...], channels: int) -> Pooling:
        """Rows and then columns of images, or the steps of sequences."""
        sizes = [axis.size for axis in axes]
        stages = [PooledAxis(axis, math.prod(sizes[i + 1 :]) * channels) for i, axis in enumerate(axes)]
        return cls(tuple(stages), max(BLOCK // (math.prod(sizes) * channels), 1))

    @property
    def between(self) -> int:
        """Numbers of one sample between the two axes of an image; none for a sequence."""
        return self.stages[0].axis.out * self.stages[0].inner if len(self.stages) > 1 else 0

    def blocks(self, count: int) -> Iterator[slice]:
        """Slices of so many samples."""
        for start in range(0, count, self.samples):
            yield slice(start, min(start + self.samples, count))

    def inverse_counts(self) -> Array:
        """1 over the number of inputs of each output, (OH, OW, 1) or (OT, 1)."""
        counts = np.ones(1)
        for stage in self.stages:
            along = np.zeros(stage.axis.out)
            for outputs, _ in stage.taps:
                along[outputs] += 1
            counts = counts[..., None] * along
        shares: Array = 1 / counts[0]
        return shares[..., None]


class Pool(Layer):
    """The base of the pooling layers with windows."""

    padding: Literal["valid", "same"] = Field(
        "valid", description="valid: whole windows only. same: ceil(size / stride) windows, cut off at the border."
    )
    rank: ClassVar[int]

    def axes(self, inputs: InputSpec) -> tuple[Axis, ...]:
        """The axes that are pooled."""
        raise NotImplementedError

    def pooling(self, inputs: InputSpec) -> Pooling:
        """The windows over these inputs. Raises `ShapeError` where they do not fit."""
        self.expects_numbers(inputs)
        shape = "(height, width, channels)" if self.rank == 3 else "(steps, features)"
        hint = 'Add a "reshape" layer before it.'
        self.expects(len(inputs.shape) == self.rank, f"input of shape {shape}", inputs, hint)
        axes = self.axes(inputs)
        spans = " x ".join(str(axis.kernel) for axis in axes)
        hint = "Use a smaller pool_size, or padding: same."
        self.expects(all(axis.out > 0 for axis in axes), f"input of at least {spans}, its window", inputs, hint)
        return Pooling.of(axes, inputs.shape[-1])

    def output(self, pooling: Pooling, inputs: InputSpec) -> InputSpec:
        """What comes out."""
        return inputs.reshaped(*(stage.axis.out for stage in pooling.stages), inputs.shape[-1])

    def pool_mask(self, mem: Memory, run: Pass) -> None:
        """Moves the mask of a sequence to the steps of the output."""
        if self.rank == 2 and run.mask is not None:
            steps = PooledAxis(mem.program.stages[0].axis, 1)
            steps.combine(np.logical_and, run.mask, mem.saved.real)
            run.mask = mem.saved.real

    def mask_buffers(self, pooling: Pooling) -> dict[str, Buffer]:
        """Room for the mask of a sequence."""
        return {"real": Buffer((pooling.stages[0].axis.out,), "bool")} if self.rank == 2 else {}


class Pool2D(Pool):
    """The base of pooling over images."""

    rank = 3
    pool_size: Pair = Field(2, description="Size of the window: one number, or [height, width].")
    stride: Pair | None = Field(
        None, description="From window to window: one number, or [down, right]; else pool_size."
    )

    def axes(self, inputs: InputSpec) -> tuple[Axis, ...]:
        """Rows and columns."""
        stride = self.pool_size if self.stride is None else self.stride
        return image_axes(inputs, self.pool_size, stride, 1, self.padding)


class Pool1D(Pool):
    """The base of pooling over sequences."""

    rank = 2
    pool_size: Count = Field(2, description="Steps in a window.")
    stride: Count | None = Field(None, description="Steps from window to window; pool_size when absent.")

    def axes(self, inputs: InputSpec) -> tuple[Axis, ...]:
        """The steps."""
        stride = self.pool_size if self.stride is None else self.stride
        return (Axis.of(inputs.shape[0], self.pool_size, stride, 1, self.padding),)


class MaxPool(Pool):
    """The base of max pooling."""

    def plan(self, inputs: InputSpec) -> Plan:
        """Keeps the maxima along the rows, and room for gradients of a block."""
        pooling = self.pooling(inputs)
        between = pooling.between
        saved = {"between": Buffer((between,))} if between else {}
        room = pooling.samples * max(between, math.prod(self.output(pooling, inputs).shape))
        scratch = {"work": Buffer((room,), per_sample=False), "gradient": Buffer((room,), per_sample=False)}
        return Plan(
            self.output(pooling, inputs),
            saved=saved | self.mask_buffers(pooling),
            scratch=scratch,
            program=pooling,
            reads_output=True,
        )

    def forward(self, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        """Writes y, and the mask of its steps."""
        self.pool_mask(mem, run)
        pooling: Pooling = mem.program
        for block in pooling.blocks(len(x)):
            arrays = [x[block], *([mem.saved.between[block]] if pooling.between else []), y[block]]
            for stage, source, target in zip(pooling.stages, arrays[:-1], arrays[1:], strict=True):
                stage.combine(np.maximum, source, target)

    def backward(self, x: Array, y: Array, dy: Array, dx: Array | None, mem: Memory, run: Pass) -> None:
        """Writes dx. Destroys dy."""
        if dx is None:
            return
        pooling: Pooling = mem.program
        work = mem.scratch.work
        for block in pooling.blocks(len(x)):
            if not pooling.between:
                pooling.stages[0].give_to_first(x[block], y[block], dy[block], dx[block], work)
                continue
            rows, columns = pooling.stages
            between = mem.saved.between[block]
            gradient = mem.scratch.gradient[: between.size]
            columns.give_to_first(between, y[block], dy[block], gradient, work)
            rows.give_to_first(x[block], between, gradient, dx[block], work)


class AveragePool(Pool):
    """The base of average pooling."""

    def plan(self, inputs: InputSpec) -> Plan:
        """Room for the sums of a block along the rows."""
        pooling = self.pooling(inputs)
        between = Buffer((pooling.samples * pooling.between,), per_sample=False)
        return Plan(
            self.output(pooling, inputs),
            saved=self.mask_buffers(pooling),
            scratch={"between": between},
            program=pooling,
            reads_input=False,
        )

    def forward(self, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        """Writes y, and the mask of its steps."""
        self.pool_mask(mem, run)
        pooling: Pooling = mem.program
        for block in pooling.blocks(len(x)):
            arrays = [x[block], *self._between(x[block], mem), y[block]]
            for stage, source, target in zip(pooling.stages, arrays[:-1], arrays[1:], strict=True):
                stage.combine(np.add, source, target)
        np.multiply(y, self._shares(y, mem), out=y)

    def backward(self, x: Array, y: Array, dy: Array, dx: Array | None, mem: Memory, run: Pass) -> None:
        """Writes dx. Destroys dy."""
        if dx is None:
            return
        pooling: Pooling = mem.program
        np.multiply(dy, self._shares(y, mem), out=dy)
        for block in pooling.blocks(len(x)):
            arrays = [dx[block], *self._between(x[block], mem), dy[block]]
            for stage, lower, upper in reversed(list(zip(pooling.stages, arrays[:-1], arrays[1:], strict=True))):
                stage.spread(upper, lower)

    def _between(self, x: Array, mem: Memory) -> list[Array]:
        size = len(x) * mem.program.between
        return [mem.scratch.between[:size]] if size else []

    def _shares(self, y: Array, mem: Memory) -> Array:
        """What each input counts in each output: 1 over the size of its window, less what lies outside."""
        if mem.bound is None:
            shares = mem.program.inverse_counts().astype(y.dtype)
            plain = all(stage.plain for stage in mem.program.stages)
            mem.bound = shares.reshape(-1)[:1] if plain else np.ascontiguousarray(np.broadcast_to(shares, y.shape[1:]))
        bound: Array = mem.bound
        return bound


class MaxPool2D(MaxPool, Pool2D):
    """y = the maximum of each window of an image. x: (B, H, W, C), y: (B, OH, OW, C).

    OH = floor((H - window) / stride) + 1, or ceil(H / stride) with `same`, where windows are cut off at the border, the
    odd cell after. Of equal numbers the one in the leftmost column gets the gradient, there the topmost one.
    Raises `ShapeError` where no window fits.
    """

    type: Literal["max_pool2d"] = "max_pool2d"


class AvgPool2D(AveragePool, Pool2D):
    """y = the mean of each window of an image. x: (B, H, W, C), y: (B, OH, OW, C).

    The shapes are those of `max_pool2d`. What lies outside of the image does not count (`count_include_pad=False` in
    PyTorch). Raises `ShapeError` where no window fits.
    """

    type: Literal["avg_pool2d"] = "avg_pool2d"


class MaxPool1D(MaxPool, Pool1D):
    """y = the maximum of each window of steps. x: (B, T, C), y: (B, OT, C).

    OT = floor((T - window) / stride) + 1, or ceil(T / stride) with `same`, where windows are cut off at the border. Of
    equal numbers the first gets the gradient. A step of the output is real where all steps of its window are.
    Raises `ShapeError` where no window fits.
    """

    type: Literal["max_pool1d"] = "max_pool1d"


class AvgPool1D(AveragePool, Pool1D):
    """y = the mean of each window of steps. x: (B, T, C), y: (B, OT, C).

    The shapes and the mask are those of `max_pool1d`. What lies outside of the sequence does not count
    (`count_include_pad=False` in PyTorch). Raises `ShapeError` where no window fits.
    """

    type: Literal["avg_pool1d"] = "avg_pool1d"
