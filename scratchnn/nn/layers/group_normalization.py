"""Layers that normalize groups of channels of each sample over all its places (pixels, steps)."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from pydantic import Field

from scratchnn.errors import ShapeError
from scratchnn.nn.initializers import Ones, Zeros
from scratchnn.nn.layer import InputSpec, Layer, Param, Plan
from scratchnn.nn.memory import Array, Buffer, Memory, Pass


class PerSampleNorm(Layer):
    """The base of group_norm and instance_norm: y = (x - mean) / sqrt(variance + epsilon) * gamma + beta.

    x: (B, ..., C). Mean and (biased) variance are those of a sample's group of channels, over all places.
    """

    epsilon: float = Field(1e-5, gt=0, allow_inf_nan=False, description="Added to the variance.")
    scale: bool = Field(True, description="Whether to learn gamma, one number for each channel.")
    center: bool = Field(True, description="Whether to learn beta, one number for each channel.")

    def group_count(self, inputs: InputSpec) -> int:
        """How many groups there are. Raises `ShapeError` where the channels cannot be split so."""
        raise NotImplementedError

    def plan(self, inputs: InputSpec) -> Plan:
        """Keeps the normalized numbers, so that x may be overwritten. Sums over places are products with ones."""
        self.expects_numbers(inputs)
        channels, places = inputs.shape[-1], math.prod(inputs.shape[:-1])
        groups = self.group_count(inputs)
        params = {}
        if self.scale:
            params["gamma"] = Param((channels,), Ones(), decay=False)
        if self.center:
            params["beta"] = Param((channels,), Zeros(), decay=False)
        by_channel = Buffer((1, channels))
        return Plan(
            inputs,
            params=params,
            saved={
                "normalized": Buffer((places, channels)),
                "inverse": by_channel,
                "ones": Buffer((1, places), per_sample=False, fill=1.0),
                "samples": Buffer(fill=1.0),
            },
            scratch={
                "product": Buffer((places, channels)),
                "total": by_channel,
                "along": by_channel,
                "group": Buffer((groups, 1)),
            },
            in_place=True,
            reads_input=False,
            flops=8 * inputs.size,
        )

    def forward(self, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        """Writes y."""
        normalized, inverse = mem.saved.normalized, mem.saved.inverse
        product, mean = mem.scratch.product, mem.scratch.total
        x, y = x.reshape(normalized.shape), y.reshape(normalized.shape)
        np.matmul(mem.saved.ones, x, out=mean)
        _group_mean(mean, mem)
        np.subtract(x, mean, out=normalized)
        np.multiply(normalized, normalized, out=product)
        np.matmul(mem.saved.ones, product, out=inverse)
        _group_mean(inverse, mem)
        np.add(inverse, self.epsilon, out=inverse)
        np.sqrt(inverse, out=inverse)
        np.reciprocal(inverse, out=inverse)
        np.multiply(normalized, inverse, out=normalized)
        if self.scale:
            np.multiply(normalized, mem.params.gamma, out=y)
        if self.center:
            np.add(y if self.scale else normalized, mem.params.beta, out=y)
        elif not self.scale:
            y[...] = normalized

    def backward(self, x: Array, y: Array, dy: Array, dx: Array | None, mem: Memory, run: Pass) -> None:
        """Writes the gradients of gamma and beta, and dx = r (g - mean(g) - n mean(g n)).

        n are the normalized numbers, g = dy gamma, r = 1 / sqrt(variance + epsilon), means over the group.
        """
        normalized, samples = mem.saved.normalized, mem.saved.samples
        product, total, along = mem.scratch.product, mem.scratch.total, mem.scratch.along
        dy = dy.reshape(normalized.shape)
        np.multiply(dy, normalized, out=product)
        np.matmul(mem.saved.ones, dy, out=total)
        np.matmul(mem.saved.ones, product, out=along)
        if self.center:
            np.dot(samples, total[:, 0], out=mem.grads.beta)
        if self.scale:
            np.dot(samples, along[:, 0], out=mem.grads.gamma)
        if dx is None:
            return
        dx = dx.reshape(normalized.shape)
        if self.scale:
            np.multiply(total, mem.params.gamma, out=total)
            np.multiply(along, mem.params.gamma, out=along)
            np.multiply(dy, mem.params.gamma, out=dx)
            dy = dx
        _group_mean(total, mem)
        _group_mean(along, mem)
        np.multiply(normalized, along, out=product)
        np.subtract(dy, product, out=dx)
        np.subtract(dx, total, out=dx)
        np.multiply(dx, mem.saved.inverse, out=dx)


class GroupNorm(PerSampleNorm):
    """y = (x - mean) / sqrt(variance + epsilon) * gamma + beta, for each sample and group of neighbouring channels.

    x: (B, ..., C), gamma, beta: (C). Mean and (biased) variance are taken over the group's channels and all places;
    with 1 group over the whole sample. Source: Wu and He 2018. PyTorch's variant.
    """

    type: Literal["group_norm"] = "group_norm"
    groups: int = Field(32, ge=1, description="How many groups; the channels must be a multiple.")

    def group_count(self, inputs: InputSpec) -> int:
        """`groups`."""
        channels = inputs.shape[-1]
        fits = channels % self.groups == 0
        self.expects(fits, f"a multiple of {self.groups} channels", inputs, f"Choose `groups` that divide {channels}.")
        return self.groups


class InstanceNorm(PerSampleNorm):
    """y = (x - mean) / sqrt(variance + epsilon) * gamma + beta, for each sample and channel, over all places.

    x: (B, ..., C), gamma, beta: (C), by default left out as in PyTorch; the variance is the biased one. No running
    statistics: inference does the same as training. Source: Ulyanov et al. 2016.
    """

    type: Literal["instance_norm"] = "instance_norm"
    scale: bool = Field(False, description="Whether to learn gamma, one number for each channel.")
    center: bool = Field(False, description="Whether to learn beta, one number for each channel.")

    def group_count(self, inputs: InputSpec) -> int:
        """One for each channel."""
        if math.prod(inputs.shape[:-1]) == 1:
            message = f"(instance_norm) has one number for each channel and sample, got {inputs.shape}: all would be 0"
            raise ShapeError(message, hint='Use "layer_norm" or "batch_norm".')
        return inputs.shape[-1]


def _group_mean(sums: Array, mem: Memory) -> None:
    """Sums over the places for each channel, (B, 1, C), become means over the group, still (B, 1, C)."""
    group = mem.scratch.group  # (B, G, 1)
    by_group = sums.reshape(len(sums), group.shape[1], -1)
    np.add.reduce(by_group, axis=-1, keepdims=True, out=group)
    np.divide(group, by_group.shape[-1] * mem.saved.ones.size, out=group)
    by_group[...] = group
