"""Convolutions, in order of growing complexity. Images are channels last (B, H, W, C), sequences (B, T, C)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from scratchnn.nn.activations import Activation
from scratchnn.nn.correlation import Correlation
from scratchnn.nn.initializers import Fans
from scratchnn.nn.layer import InputSpec, Plan, WeightedLayer
from scratchnn.nn.memory import Array, Buffer, Memory, Pass, Shape
from scratchnn.nn.windows import Axis, Padding, Windows

Count = Annotated[int, Field(ge=1)]
Pair = Count | Annotated[list[Count], Field(min_length=2, max_length=2)]
"""One number for both axes, or [rows, columns]."""
Border = Annotated[int, Field(ge=0)]
BorderPair = Border | Annotated[list[Border], Field(min_length=2, max_length=2)]
SUMMED_ROWS = 4096  # of the bias gradient, at a time


def pair(value: int | list[int]) -> tuple[int, int]:
    """(rows, columns).

    >>> pair(3), pair([1, 2])
    ((3, 3), (1, 2))
    """
    return (value, value) if isinstance(value, int) else (value[0], value[1])


def image_axes(
    inputs: InputSpec,
    kernel: int | list[int],
    stride: int | list[int],
    dilation: int | list[int],
    padding: Padding | list[int],
) -> tuple[Axis, Axis]:
    """The rows and columns of an image under a window."""
    both: tuple[Padding, Padding] = (padding, padding) if isinstance(padding, str) else pair(padding)
    settings = zip(inputs.shape[:2], pair(kernel), pair(stride), pair(dilation), both, strict=True)
    rows, columns = (Axis.of(*setting) for setting in settings)
    return rows, columns


class Convolution(WeightedLayer):
    """The base of all convolutions: a product with the weight, then a bias for each filter, then an activation."""

    activation: Activation | None = Field(None, description="Applied to the output; none when absent.")
    bias: bool = Field(True, description="Whether to add a bias to each filter.")

    def product(self, x: Array, z: Array, mem: Memory, run: Pass) -> None:
        """Writes z, the output without bias."""
        raise NotImplementedError

    def product_gradients(self, x: Array, dz: Array, dx: Array | None, mem: Memory, run: Pass) -> None:
        """Writes the gradient of the weight, and dx unless it is None."""
        raise NotImplementedError

    def expects_rank(self, rank: int, inputs: InputSpec) -> None:
        """Raises `ShapeError` unless the input has so many axes."""
        shape = "(height, width, channels)" if rank == 3 else "(steps, features)"
        self.expects(len(inputs.shape) == rank, f"input of shape {shape}", inputs, 'Add a "reshape" layer before it.')

    def expects_room(self, axes: tuple[Axis, ...], inputs: InputSpec) -> None:
        """Raises `ShapeError` where the kernel does not fit."""
        spans = " x ".join(str(axis.reach + 1) for axis in axes)
        fits = all(axis.out > 0 for axis in axes)
        hint = "Use a smaller kernel or dilation, or padding: same."
        self.expects(fits, f"input of at least {spans} with its padding, as its kernel spans", inputs, hint)

    def plan_with(
        self,
        output: InputSpec,
        weight: tuple[Shape, Fans],
        *,
        program: object,
        scratch: Mapping[str, Buffer],
        saved: Mapping[str, Buffer],
        flops: int,
        units: tuple[int, int] | None = None,
    ) -> Plan:
        """The plan, with bias and activation. `units` is that of the weight's `Param`."""
        fallback = self.activation.fallback_init() if self.activation else None
        params = {"weight": self.weight_param(*weight, fallback, units=units)}
        kept, work = dict(saved), dict(scratch)
        if self.bias:
            params["bias"] = self.bias_param(output.shape[-1])
            kept["ones"] = Buffer((SUMMED_ROWS,), per_sample=False, fill=1.0)
            work["bias"] = Buffer(output.shape[-2:], per_sample=False)
            work["sum"] = Buffer(output.shape[-1:], per_sample=False)
        inner = self.activation.plan(output) if self.activation else None
        if inner and not inner.in_place:
            kept["z"] = Buffer(output.shape)
        return Plan(
            output,
            params=params,
            saved=kept,
            scratch=work,
            children={"activation": inner} if inner else {},
            program=program,
            reads_output=inner is not None and inner.reads_output,
            flops=flops,
        )

    def pre_activation(self, x: Array, y: Array, mem: Memory, run: Pass) -> Array:
        """Writes and returns the product with its bias."""
        z: Array = getattr(mem.saved, "z", y)
        self.product(x, z, mem, run)
        if self.bias:
            row = mem.scratch.bias  # (W, F): the bias for a whole row, so that additions run over long stretches
            np.copyto(row, mem.params.bias)
            wide = z.reshape(-1, row.size)
            np.add(wide, row.reshape(-1), out=wide)
        return z

    def forward(self, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        """Writes y."""
        z = self.pre_activation(x, y, mem, run)
        if self.activation is not None:
            self.activation.forward(z, y, mem.children["activation"])

    def backward(self, x: Array, y: Array, dy: Array, dx: Array | None, mem: Memory, run: Pass) -> None:
        """Writes the gradients of weight and bias, and dx. Turns dy into dz."""
        if self.activation is not None:
            self.activation.backward(getattr(mem.saved, "z", y), y, dy, dy, mem.children["activation"])
        if self.bias:
            self._sum(dy.reshape(-1, dy.shape[-1]), mem)
        self.product_gradients(x, dy, dx, mem, run)

    def _sum(self, dz: Array, mem: Memory) -> None:
        """Writes the gradient of the bias, the sum of dz (N, F) over N."""
        total, part, ones = mem.grads.bias, mem.scratch.sum, mem.saved.ones
        for start in range(0, len(dz), SUMMED_ROWS):
            rows = dz[start : start + SUMMED_ROWS]
            np.dot(ones[: len(rows)], rows, out=part if start else total)
            if start:
                np.add(total, part, out=total)


class Conv2D(Convolution):
    """y[i, j, f] = sum of x[i s + k d - p, j s + l d - p, c] w[k, l, c, f] + b[f], over k, l, c; then the activation.

    x: (B, H, W, C), w: (KH, KW, C / groups, F), b: (F), y: (B, OH, OW, F), with s stride, d dilation, p padding, for
    each axis its own; cells outside of the image count as 0. The kernel is not flipped (a cross-correlation), as in
    all libraries. With groups the channels and the filters are split alike, and each part sees only its own.
    OH = floor((H + 2 p - d (KH - 1) - 1) / s) + 1. `valid` is p = 0; `same` gives ceil(H / s), the odd cell after.
    Raises `ShapeError` where the kernel does not fit, or groups do not divide the channels.
    Source: LeCun et al. 1989; dilation: Yu and Koltun 2016; groups: Krizhevsky et al. 2012.
    """

    type: Literal["conv2d"] = "conv2d"
    filters: int = Field(ge=1, description="Channels of the output.")
    kernel_size: Pair = Field(description="Size of the kernel: one number, or [height, width].")
    stride: Pair = Field(1, description="Cells from one window to the next: one number, or [down, right].")
    dilation: Pair = Field(1, description="Cells from one number of a window to the next: one, or [down, right].")
    padding: Literal["valid", "same"] | BorderPair = Field(
        "valid", description="valid (none), same, or zeros on both sides: one number, or [rows, columns]."
    )
    groups: int = Field(1, ge=1, description="Parts that channels and filters are split into.")

    @model_validator(mode="after")
    def _whole_groups(self) -> Self:
        if self.filters % self.groups:
            raise ValueError(f"filters must be a multiple of groups, got {self.filters} and {self.groups}")
        return self

    def plan(self, inputs: InputSpec) -> Plan:
        """One kernel, a bias, room for a block of windows, and the memory of the activation."""
        self.expects_numbers(inputs)
        self.expects_rank(3, inputs)
        channels = inputs.shape[-1]
        hint = f"Choose groups that divide {channels}."
        self.expects(channels % self.groups == 0, f"channels in {self.groups} equal groups", inputs, hint)
        rows, columns = image_axes(inputs, self.kernel_size, self.stride, self.dilation, self.padding)
        self.expects_room((rows, columns), inputs)
        program = Correlation(Windows(rows, columns, channels, self.groups), self.filters)
        height, width, group, _ = program.kernel_shape
        return self.plan_with(
            inputs.reshaped(rows.out, columns.out, self.filters),
            (program.kernel_shape, (height * width * group, height * width * self.filters)),
            program=program,
            scratch=program.scratch(),
            saved={},
            flops=program.flops,
        )

    def product(self, x: Array, z: Array, mem: Memory, run: Pass) -> None:
        """Writes z."""
        mem.program.forward(x, mem.params.weight, z, mem)

    def product_gradients(self, x: Array, dz: Array, dx: Array | None, mem: Memory, run: Pass) -> None:
        """Writes the gradient of the weight, and dx."""
        mem.program.weight_gradient(x, dz, mem.grads.weight, mem)
        if dx is not None:
            mem.program.input_gradient(dz, mem.params.weight, dx, mem)


class Conv1D(Convolution):
    """y[t, f] = sum of x[t s + k d - p, c] w[k, c, f] + b[f], over k and c; then the activation.

    x: (B, T, C), w: (K, C / groups, F), b: (F), y: (B, OT, F), with s stride, d dilation, p padding; otherwise as
    `conv2d`. `causal` puts all padding before, so that y[t] sees nothing after x[t s].
    Padding steps of a masked sequence count as 0. A step of the output is real where the sequence alone, cut after its
    last real step, has it; with `same`, where the step t s is real.
    """

    type: Literal["conv1d"] = "conv1d"
    filters: int = Field(ge=1, description="Features of the output.")
    kernel_size: int = Field(ge=1, description="Steps in a window.")
    stride: int = Field(1, ge=1, description="Steps from one window to the next.")
    dilation: int = Field(1, ge=1, description="Steps from one number of a window to the next.")
    padding: Literal["valid", "same", "causal"] | Border = Field(
        "valid", description="valid (none), same, causal, or so many zeros on both sides."
    )
    groups: int = Field(1, ge=1, description="Parts that features and filters are split into.")

    @model_validator(mode="after")
    def _whole_groups(self) -> Self:
        if self.filters % self.groups:
            raise ValueError(f"filters must be a multiple of groups, got {self.filters} and {self.groups}")
        return self

    def plan(self, inputs: InputSpec) -> Plan:
        """One kernel, a bias, room for a block of windows and for masked inputs, and the memory of the activation."""
        self.expects_numbers(inputs)
        self.expects_rank(2, inputs)
        steps, channels = inputs.shape
        hint = f"Choose groups that divide {channels}."
        self.expects(channels % self.groups == 0, f"features in {self.groups} equal groups", inputs, hint)
        time = Axis.of(steps, self.kernel_size, self.stride, self.dilation, self.padding)
        self.expects_room((time,), inputs)
        program = Correlation(Windows(time, Axis(1, 1), channels, self.groups), self.filters)
        shape = (self.kernel_size, channels // self.groups, self.filters)
        return self.plan_with(
            inputs.reshaped(time.out, self.filters),
            (shape, (self.kernel_size * shape[1], self.kernel_size * self.filters)),
            program=program,
            scratch={**program.scratch(), "inputs": Buffer(inputs.shape)},
            saved={
                "mask": Buffer((steps, 1), "bool"),
                "masked": Buffer((), "bool", per_sample=False),
                "real": Buffer((time.out,), "bool"),
            },
            flops=program.flops,
        )

    def product(self, x: Array, z: Array, mem: Memory, run: Pass) -> None:
        """Writes z, and the mask of its steps."""
        mem.saved.masked[...] = run.mask is not None
        if run.mask is not None:
            mem.saved.mask[..., 0] = run.mask
            last = self._last_steps(mem.program.windows.rows)
            run.mask = np.take(run.mask, last, axis=1, out=mem.saved.real, mode="clip")
        mem.program.forward(self._real(x, mem), mem.params.weight, z, mem)

    def product_gradients(self, x: Array, dz: Array, dx: Array | None, mem: Memory, run: Pass) -> None:
        """Writes the gradient of the weight, and dx."""
        mem.program.weight_gradient(self._real(x, mem), dz, mem.grads.weight, mem)
        if dx is not None:
            mem.program.input_gradient(dz, mem.params.weight, dx, mem)
            if mem.saved.masked:
                np.multiply(dx, mem.saved.mask, out=dx)

    def _real(self, x: Array, mem: Memory) -> Array:
        """x with 0 in padding steps."""
        if not mem.saved.masked:
            return x
        real: Array = np.multiply(x, mem.saved.mask, out=mem.scratch.inputs)
        return real

    def _last_steps(self, time: Axis) -> Array:
        """For each output the step that must be real for it to be real."""
        shift = 0 if self.padding == "same" else time.reach - time.before - time.after
        return np.clip(np.arange(time.out) * time.stride + shift, 0, time.size - 1)


class Conv2DTranspose(Convolution):
    """The gradient of `conv2d` with respect to its input, as a layer: each x spreads over a window of y. Upsamples.

    y[i s + k d - p, j s + l d - p, f] is the sum of x[i, j, c] w[k, l, f, c] over all i, j, k, l, c that lead there,
    + b[f]; then the activation. x: (B, H, W, C), w: (KH, KW, F / groups, C), b: (F), y: (B, OH, OW, F), with
    OH = (H - 1) s - 2 p + d (KH - 1) + 1 + output_padding. `valid` is p = 0; `same` gives H s.
    PyTorch's variant. Raises `ShapeError` where nothing is left, or groups do not divide the channels.
    Source: Zeiler et al. 2010.
    """

    type: Literal["conv2d_transpose"] = "conv2d_transpose"
    filters: int = Field(ge=1, description="Channels of the output.")
    kernel_size: Pair = Field(description="Size of the kernel: one number, or [height, width].")
    stride: Pair = Field(1, description="Cells of the output from one window to the next: one, or [down, right].")
    dilation: Pair = Field(1, description="Cells from one number of a window to the next: one, or [down, right].")
    padding: Literal["valid", "same"] | BorderPair = Field(
        "valid", description="valid (none), same, or cells cut off on both sides: one number, or [rows, columns]."
    )
    output_padding: BorderPair = Field(
        0, description="Rows and columns added after, below the stride: one number, or [rows, columns]. Not with same."
    )
    groups: int = Field(1, ge=1, description="Parts that channels and filters are split into.")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.filters % self.groups:
            raise ValueError(f"filters must be a multiple of groups, got {self.filters} and {self.groups}")
        if any(extra >= step for extra, step in zip(pair(self.output_padding), pair(self.stride), strict=True)):
            raise ValueError(f"output_padding must be below stride, got {self.output_padding} and {self.stride}")
        if self.padding == "same" and self.output_padding != 0:
            raise ValueError("padding: same sets the size of the output; leave out output_padding")
        return self

    def plan(self, inputs: InputSpec) -> Plan:
        """One kernel, a bias, room for a block of windows, and the memory of the activation."""
        self.expects_numbers(inputs)
        self.expects_rank(3, inputs)
        channels = inputs.shape[-1]
        hint = f"Choose groups that divide {channels}."
        self.expects(channels % self.groups == 0, f"channels in {self.groups} equal groups", inputs, hint)
        sizes = self._output_sizes(inputs)
        hint = "Use less padding, or a larger kernel."
        self.expects(min(sizes) > 0, "input that is larger than what padding cuts off", inputs, hint)
        spread = inputs.reshaped(*sizes, self.filters)
        rows, columns = image_axes(spread, self.kernel_size, self.stride, self.dilation, self.padding)
        program = Correlation(Windows(rows, columns, self.filters, self.groups), channels)
        cells = math.prod(pair(self.kernel_size))
        return self.plan_with(
            spread,
            (program.kernel_shape, (cells * channels // self.groups, cells * self.filters)),
            program=program,
            scratch=program.scratch(),
            saved={},
            flops=program.flops,
            units=(self.filters, channels // self.groups),
        )

    def product(self, x: Array, z: Array, mem: Memory, run: Pass) -> None:
        """Writes z."""
        mem.program.input_gradient(x, mem.params.weight, z, mem)

    def product_gradients(self, x: Array, dz: Array, dx: Array | None, mem: Memory, run: Pass) -> None:
        """Writes the gradient of the weight, and dx."""
        mem.program.weight_gradient(dz, x, mem.grads.weight, mem)
        if dx is not None:
            mem.program.forward(dz, mem.params.weight, dx, mem)

    def _output_sizes(self, inputs: InputSpec) -> tuple[int, int]:
        """Rows and columns of the output."""
        sizes = []
        cut: tuple[Padding, Padding] = (0, 0) if isinstance(self.padding, str) else pair(self.padding)
        settings = (pair(self.kernel_size), pair(self.stride), pair(self.dilation), cut, pair(self.output_padding))
        for size, kernel, stride, dilation, border, extra in zip(inputs.shape[:2], *settings, strict=True):
            if self.padding == "same":
                sizes.append(size * stride)
            else:
                sizes.append((size - 1) * stride - 2 * int(border) + dilation * (kernel - 1) + 1 + extra)
        return sizes[0], sizes[1]
