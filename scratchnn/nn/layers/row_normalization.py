"""Layers that normalize each sample, or each step of a sequence, by itself: no batch statistics, no state.

All see their input as rows (N, F), where F numbers are normalized together. Training makes no difference to them.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from pydantic import Field

from scratchnn.nn.initializers import Ones, Zeros
from scratchnn.nn.layer import InputSpec, Layer, Param, Plan
from scratchnn.nn.memory import Array, Buffer, Memory, Pass


class L2Normalize(Layer):
    """y = x / max(|x|, epsilon) over the last axis, with |x| the root of the sum of squares. x, y: (B, ..., F).

    dx = (dy - y (dy . y)) / |x|; where |x| is below epsilon dx = dy / epsilon. PyTorch's `functional.normalize`.
    """

    type: Literal["l2_normalize"] = "l2_normalize"
    epsilon: float = Field(1e-12, gt=0, allow_inf_nan=False, description="The least length to divide by.")

    def plan(self, inputs: InputSpec) -> Plan:
        """One length for each row; backward reads y."""
        self.expects_numbers(inputs)
        rows = Buffer((*inputs.shape[:-1], 1))
        return Plan(
            inputs,
            saved={"length": rows},
            scratch={"along": rows, "product": Buffer(inputs.shape)},
            in_place=True,
            reads_input=False,
            reads_output=True,
            flops=3 * inputs.size,
        )

    def forward(self, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        """Writes y."""
        length = mem.saved.length
        np.vecdot(x, x, out=length[..., 0])
        np.sqrt(length, out=length)
        np.maximum(length, self.epsilon, out=length)
        np.divide(x, length, out=y)

    def backward(self, x: Array, y: Array, dy: Array, dx: Array | None, mem: Memory, run: Pass) -> None:
        """Writes dx."""
        if dx is None:
            return
        length, along, product = mem.saved.length, mem.scratch.along, mem.scratch.product
        np.vecdot(dy, y, out=along[..., 0])
        np.copyto(along, 0, where=length <= self.epsilon)  # there the divisor is a constant
        np.multiply(y, along, out=product)
        np.subtract(dy, product, out=dx)
        np.divide(dx, length, out=dx)


class RMSNorm(Layer):
    """y = x / sqrt(mean of x^2 + epsilon) * gamma over the last axis. x, y: (B, ..., F), gamma: (F).

    Source: Zhang and Sennrich 2019. PyTorch's `RMSNorm`, whose epsilon is by default that of the dtype.
    """

    type: Literal["rms_norm"] = "rms_norm"
    epsilon: float = Field(1e-6, gt=0, allow_inf_nan=False, description="Added to the mean of the squares.")
    scale: bool = Field(True, description="Whether to learn gamma.")

    def plan(self, inputs: InputSpec) -> Plan:
        """Keeps the normalized rows, so that x may be overwritten. Sums are products with a row of ones."""
        self.expects_numbers(inputs)
        params = {"gamma": Param(inputs.shape[-1:], Ones(), decay=False)} if self.scale else {}
        return _row_plan(inputs, params, inputs.shape[-1])

    def forward(self, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        """Writes y."""
        normalized = mem.saved.normalized
        features = normalized.shape[-1]
        rows = x.reshape(-1, features)
        _inverse_root(rows, self.epsilon, mem)
        np.multiply(rows, mem.saved.inverse, out=normalized)
        _scale_and_center(y.reshape(-1, features), mem, scale=self.scale, center=False)

    def backward(self, x: Array, y: Array, dy: Array, dx: Array | None, mem: Memory, run: Pass) -> None:
        """Writes the gradient of gamma, and dx = r (g - n mean(g n)): n = x r, g = dy gamma, r = 1 / root."""
        features = mem.saved.normalized.shape[-1]
        rows = dy.reshape(-1, features)
        factor = _parameter_gradients(rows, mem, scale=self.scale, center=False)
        if dx is not None:
            _input_gradient(rows, dx.reshape(-1, features), factor, mem, scale=self.scale, centered=False)


class LayerNorm(Layer):
    """y = (x - mean) / sqrt(variance + epsilon) * gamma + beta, over the last axes of each sample.

    x, y: (B, ..., F), gamma, beta: (F), or the shape of the last `axes` axes. The variance is the biased one, over n.
    Source: Ba et al. 2016. PyTorch's variant; Keras adds 1e-3.
    """

    type: Literal["layer_norm"] = "layer_norm"
    epsilon: float = Field(1e-5, gt=0, allow_inf_nan=False, description="Added to the variance.")
    axes: int = Field(1, ge=1, description="How many of the last axes are normalized together.")
    scale: bool = Field(True, description="Whether to learn gamma.")
    center: bool = Field(True, description="Whether to learn beta.")

    def plan(self, inputs: InputSpec) -> Plan:
        """Keeps the normalized rows, so that x may be overwritten. Sums are products with a row of ones."""
        self.expects_numbers(inputs)
        fits = len(inputs.shape) >= self.axes
        self.expects(fits, f"{self.axes} axes or more", inputs, "Choose fewer `axes`.")
        shape = inputs.shape[-self.axes :]
        params = {}
        if self.scale:
            params["gamma"] = Param(shape, Ones(), decay=False)
        if self.center:
            params["beta"] = Param(shape, Zeros(), decay=False)
        return _row_plan(inputs, params, math.prod(shape))

    def forward(self, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        """Writes y."""
        normalized, mean = mem.saved.normalized, mem.scratch.along
        features = normalized.shape[-1]
        rows = x.reshape(-1, features)
        np.dot(rows, mem.saved.share, out=mean)
        np.subtract(rows, mean, out=normalized)
        _inverse_root(normalized, self.epsilon, mem)
        np.multiply(normalized, mem.saved.inverse, out=normalized)
        _scale_and_center(y.reshape(-1, features), mem, scale=self.scale, center=self.center)

    def backward(self, x: Array, y: Array, dy: Array, dx: Array | None, mem: Memory, run: Pass) -> None:
        """Writes the gradients of gamma and beta, and dx = r (g - mean(g) - n mean(g n)).

        n are the normalized numbers, g = dy gamma, r = 1 / sqrt(variance + epsilon).
        """
        features = mem.saved.normalized.shape[-1]
        rows = dy.reshape(-1, features)
        factor = _parameter_gradients(rows, mem, scale=self.scale, center=self.center)
        if dx is not None:
            _input_gradient(rows, dx.reshape(-1, features), factor, mem, scale=self.scale, centered=True)


def _row_plan(inputs: InputSpec, params: dict[str, Param], features: int) -> Plan:
    """What both norms need. `share` is a column of 1 / F: a product with it is a mean over the row."""
    rows = inputs.size // features
    return Plan(
        inputs,
        params=params,
        saved={
            "normalized": Buffer((features,), rows=rows),
            "inverse": Buffer((1,), rows=rows),
            "ones": Buffer(rows=rows, fill=1.0),
            "share": Buffer((features, 1), per_sample=False, fill=1 / features),
        },
        scratch={
            "product": Buffer((features,), rows=rows),
            "along": Buffer((1,), rows=rows),
            "factor": Buffer((features, 1), per_sample=False),
        },
        in_place=True,
        reads_input=False,
        flops=8 * inputs.size,
    )


def _inverse_root(rows: Array, epsilon: float, mem: Memory) -> None:
    """Writes 1 / sqrt(mean of squares + epsilon) of each row into `inverse`."""
    inverse, product = mem.saved.inverse, mem.scratch.product
    np.multiply(rows, rows, out=product)
    np.dot(product, mem.saved.share, out=inverse)
    np.add(inverse, epsilon, out=inverse)
    np.sqrt(inverse, out=inverse)
    np.reciprocal(inverse, out=inverse)


def _scale_and_center(y: Array, mem: Memory, *, scale: bool, center: bool) -> None:
    """Writes y = normalized * gamma + beta."""
    normalized = mem.saved.normalized
    if scale:
        np.multiply(normalized, mem.params.gamma.reshape(-1), out=y)
    if center:
        np.add(y if scale else normalized, mem.params.beta.reshape(-1), out=y)
    elif not scale:
        y[...] = normalized


def _parameter_gradients(dy: Array, mem: Memory, *, scale: bool, center: bool) -> Array:
    """Writes those of gamma and beta, and dy * normalized into `product`. Returns the column gamma / F."""
    np.multiply(dy, mem.saved.normalized, out=mem.scratch.product)
    if center:
        np.dot(mem.saved.ones, dy, out=mem.grads.beta.reshape(-1))
    factor: Array = mem.saved.share
    if scale:
        np.dot(mem.saved.ones, mem.scratch.product, out=mem.grads.gamma.reshape(-1))
        factor = np.multiply(mem.params.gamma.reshape(-1, 1), factor, out=mem.scratch.factor)
    return factor


def _input_gradient(dy: Array, dx: Array, factor: Array, mem: Memory, *, scale: bool, centered: bool) -> None:
    """Writes dx from dy and dy * normalized in `product`. dx may be dy."""
    product, along = mem.scratch.product, mem.scratch.along
    np.dot(product, factor, out=along)
    np.multiply(mem.saved.normalized, along, out=product)
    if centered:
        np.dot(dy, factor, out=along)
        np.add(product, along, out=product)
    if scale:
        dy = np.multiply(dy, mem.params.gamma.reshape(-1), out=dx)
    np.subtract(dy, product, out=dx)
    np.multiply(dx, mem.saved.inverse, out=dx)
