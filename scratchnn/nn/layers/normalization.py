"""Layers that give their inputs mean 0 and variance 1."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from pydantic import Field

from scratchnn.errors import ShapeError
from scratchnn.nn.initializers import Ones, Zeros
from scratchnn.nn.layer import InputSpec, Layer, Param, Plan
from scratchnn.nn.memory import Array, Buffer, Memory, Pass


class BatchNorm(Layer):
    """y = (x - mean) / sqrt(variance + epsilon) * gamma + beta, for each channel. x: (B, ..., C), gamma, beta: (C).

    While training, mean and (biased) variance are those of the batch, over all axes but the last; then
    running = (1 - momentum) * running + momentum * batch, with the unbiased variance n / (n - 1). Outside of training
    the running ones serve. PyTorch's variant; Keras' momentum is 1 minus this one. Source: Ioffe and Szegedy 2015.

    A training batch with one number for each channel has no variance: `ShapeError`, as in PyTorch.
    """

    type: Literal["batch_norm"] = "batch_norm"
    momentum: float = Field(0.1, gt=0, le=1, description="Weight of the newest batch in the running statistics.")
    epsilon: float = Field(1e-5, gt=0, allow_inf_nan=False, description="Added to the variance.")
    scale: bool = Field(True, description="Whether to learn gamma.")
    center: bool = Field(True, description="Whether to learn beta.")

    def plan(self, inputs: InputSpec) -> Plan:
        """Keeps x - mean, so that x may be overwritten. The sums over the batch are products with a row of ones."""
        self.expects_numbers(inputs)
        channels = inputs.shape[-1]
        params = {}
        if self.scale:
            params["gamma"] = Param((channels,), Ones(), decay=False)
        if self.center:
            params["beta"] = Param((channels,), Zeros(), decay=False)
        row = Buffer((channels,), per_sample=False)
        return Plan(
            inputs,
            params=params,
            saved={
                "centered": Buffer(inputs.shape),
                "inverse_deviation": row,
                "ones": Buffer((math.prod(inputs.shape[:-1]),), fill=1.0),
            },
            scratch={"product": Buffer(inputs.shape), "mean": row, "row": row},
            state={
                "running_mean": Buffer((channels,), per_sample=False),
                "running_variance": Buffer((channels,), per_sample=False, fill=1.0),
            },
            in_place=True,
            reads_input=False,
            fewest_samples=2 if math.prod(inputs.shape[:-1]) == 1 else 1,
        )

    def forward(self, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        """Writes y; while training also the running statistics."""
        centered, inverse = mem.saved.centered, mem.saved.inverse_deviation
        if run.learns_statistics(mem.path):
            self._batch_statistics(x, mem)
        else:
            np.subtract(x, mem.state.running_mean, out=centered)
            np.add(mem.state.running_variance, self.epsilon, out=inverse)
        np.sqrt(inverse, out=inverse)
        np.reciprocal(inverse, out=inverse)
        factor = inverse
        if self.scale:
            factor = np.multiply(inverse, mem.params.gamma, out=mem.scratch.row)
        np.multiply(centered, factor, out=y)
        if self.center:
            np.add(y, mem.params.beta, out=y)

    def _batch_statistics(self, x: Array, mem: Memory) -> None:
        """Writes x - mean, and variance + epsilon into `inverse_deviation`; moves the running statistics."""
        centered, variance = mem.saved.centered, mem.saved.inverse_deviation
        mean, row = mem.scratch.mean, mem.scratch.row
        ones = mem.saved.ones.reshape(-1)
        count = len(ones)
        if count < 2:
            message = "(batch_norm) needs two numbers or more for each channel to train, got a batch of one sample"
            raise ShapeError(message, hint="Choose a batch size that leaves no batch of one sample.")
        np.matmul(ones, _rows(x), out=mean)
        np.divide(mean, count, out=mean)
        np.subtract(x, mean, out=centered)
        np.multiply(centered, centered, out=mem.scratch.product)
        np.matmul(ones, _rows(mem.scratch.product), out=variance)
        _move(mem.state.running_mean, mean, self.momentum)
        np.divide(variance, count - 1, out=row)
        _move(mem.state.running_variance, row, self.momentum)
        np.divide(variance, count, out=variance)
        np.add(variance, self.epsilon, out=variance)

    def backward(self, x: Array, y: Array, dy: Array, dx: Array | None, mem: Memory, run: Pass) -> None:
        """Writes the gradients of gamma and beta, and dx.

        With c = x - mean and s = 1 / sqrt(variance + epsilon): dbeta = sum dy, dgamma = s sum dy c. While training
        dx = s gamma (dy - dbeta / n - c s^2 (sum dy c) / n), else dx = s gamma dy.
        """
        centered, inverse, product = mem.saved.centered, mem.saved.inverse_deviation, mem.scratch.product
        total, along = mem.scratch.mean, mem.scratch.row
        ones = mem.saved.ones.reshape(-1)
        np.matmul(ones, _rows(dy), out=total)
        np.multiply(dy, centered, out=product)
        np.matmul(ones, _rows(product), out=along)
        np.multiply(along, inverse, out=along)
        if self.center:
            mem.grads.beta[...] = total
        if self.scale:
            mem.grads.gamma[...] = along
        if dx is None:
            return
        upper = dy
        if run.learns_statistics(mem.path):
            np.multiply(along, inverse, out=along)
            np.divide(along, len(ones), out=along)
            np.divide(total, len(ones), out=total)
            np.multiply(centered, along, out=product)
            np.subtract(dy, product, out=dx)
            np.subtract(dx, total, out=dx)
            upper = dx
        factor = inverse
        if self.scale:
            factor = np.multiply(inverse, mem.params.gamma, out=along)
        np.multiply(upper, factor, out=dx)


def _rows(array: Array) -> Array:
    """(B, ..., C) -> (N, C)."""
    return array.reshape(-1, array.shape[-1])


def _move(running: Array, new: Array, momentum: float) -> None:
    """Writes running = (1 - momentum) * running + momentum * new. Destroys `new`."""
    np.multiply(running, 1 - momentum, out=running)
    np.multiply(new, momentum, out=new)
    np.add(running, new, out=running)
