"""Layers that turn ids into vectors and that tell a network where in a sequence a step stands."""

from __future__ import annotations

import math
from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator

from scratchnn.errors import DataError
from scratchnn.nn.initializers import Initializer, Normal
from scratchnn.nn.layer import InputSpec, Layer, Param, Plan
from scratchnn.nn.memory import Array, Buffer, Memory, Pass, transfer

WAVELENGTH = 10000.0  # the longest one is this times 2 pi, as in the paper


class SinusoidalPositions(Layer):
    """y = x + P with constant P: P[t, 2i] = sin(t / 10000^(2i / F)), P[t, 2i + 1] = cos of the same. x, y: (B, T, F).

    t counts from 0; padding counts too. Source: Vaswani et al. 2017, with sines and cosines in turn.
    """

    type: Literal["sinusoidal_positions"] = "sinusoidal_positions"

    def plan(self, inputs: InputSpec) -> Plan:
        """The constant is worked out here."""
        _expects_steps(self, inputs)
        return Plan(inputs, program=sinusoids(*inputs.shape), in_place=True, reads_input=False, flops=inputs.size)

    def forward(self, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        """Writes y."""
        if mem.bound is None:
            mem.bound = mem.program.astype(y.dtype)
        np.add(x, mem.bound, out=y)

    def backward(self, x: Array, y: Array, dy: Array, dx: Array | None, mem: Memory, run: Pass) -> None:
        """Writes dx = dy."""
        if dx is not None:
            transfer(dy, dx)


class LearnedPositions(Layer):
    """y = x + P, with one learned row of P for each step. x, y: (B, T, F), P: (T, F). Source: Gehring et al. 2017."""

    type: Literal["learned_positions"] = "learned_positions"
    init: Initializer = Field(Normal(deviation=0.02), description="How P starts; the model's `init` does not apply.")

    def plan(self, inputs: InputSpec) -> Plan:
        """P, and a row of ones to sum its gradient over the batch."""
        _expects_steps(self, inputs)
        return Plan(
            inputs,
            params={"weight": Param(inputs.shape, self.init)},
            saved={"ones": Buffer(fill=1.0)},
            in_place=True,
            reads_input=False,
            flops=inputs.size,
        )

    def forward(self, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        """Writes y."""
        np.add(x, mem.params.weight, out=y)

    def backward(self, x: Array, y: Array, dy: Array, dx: Array | None, mem: Memory, run: Pass) -> None:
        """Writes the gradient of P, the sum of dy over the batch, and dx = dy."""
        np.dot(mem.saved.ones, dy.reshape(len(dy), -1), out=mem.grads.weight.reshape(-1))
        if dx is not None:
            transfer(dy, dx)


class Embedding(Layer):
    """y = E[x]: a learned vector for each id. x: (B, T) ids from 0 to count - 1, E: (count, units), y: (B, T, units).

    dE sums dy over the steps of each id. The row of `padding_index` is always 0 and has no gradient, and steps with
    this id are padding for the layers after. PyTorch's `Embedding`: starts as N(0, 1). Raises `DataError` for an id out
    of range.
    """

    type: Literal["embedding"] = "embedding"
    count: int = Field(ge=1, description="How many ids there are.")
    units: int = Field(ge=1, description="Numbers in the vector of an id.")
    padding_index: int | None = Field(None, ge=0, description="The id that stands for padding; none when absent.")
    init: Initializer = Field(Normal(deviation=1.0), description="How E starts; the model's `init` does not apply.")
    l1: float | None = Field(None, ge=0, description="Overrides the global l1 for E.")
    l2: float | None = Field(None, ge=0, description="Overrides the global l2 for E.")

    @model_validator(mode="after")
    def _padding_is_an_id(self) -> Self:
        if self.padding_index is not None and self.padding_index >= self.count:
            raise ValueError(f"padding_index must be below count, got {self.padding_index} and {self.count}")
        return self

    def plan(self, inputs: InputSpec) -> Plan:
        """The vectors. Backward works on single numbers: `places` says which number of E each number of dy goes to."""
        self.expects(inputs.kind == "ids", "ids", inputs, "Remove it, or give it integer inputs.")
        self.expects(len(inputs.shape) == 1, "a row of ids (T,)", inputs, 'Add "flatten" before it.')
        steps = inputs.shape[0]
        return Plan(
            InputSpec((steps, self.units)),
            params={"weight": Param((self.count, self.units), self.init, l1=self.l1, l2=self.l2)},
            saved={} if self.padding_index is None else {"mask": Buffer((steps,), "bool")},
            scratch={"start": Buffer((steps, 1), "ids"), "places": Buffer((steps, self.units), "ids")},
        )

    def forward(self, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        """Writes y; with a padding index also its row of E, and the mask."""
        if x.min() < 0 or x.max() >= self.count:
            wrong = x.min() if x.min() < 0 else x.max()
            message = f"got the id {wrong}, expected ids from 0 to {self.count - 1}"
            raise DataError(message, where="(embedding)", hint="Raise `count`, or mend the ids.")
        if self.padding_index is not None:
            mem.params.weight[self.padding_index] = 0
            run.mask = np.not_equal(x, self.padding_index, out=mem.saved.mask)
        np.take(mem.params.weight, x, axis=0, out=y, mode="clip")  # any other mode buffers the output

    def backward(self, x: Array, y: Array, dy: Array, dx: Array | None, mem: Memory, run: Pass) -> None:
        """Writes the gradient of E. Ids have none: dx is None."""
        # `add.at` on single numbers is eight times as fast as on rows; sorting the ids first costs more as well.
        start, places, gradient = mem.scratch.start, mem.scratch.places, mem.grads.weight
        np.multiply(x[..., None], self.units, out=start)
        np.add(start, np.arange(self.units), out=places)
        gradient.fill(0)
        np.add.at(gradient.reshape(-1), places.reshape(-1), dy.reshape(-1))
        if self.padding_index is not None:
            gradient[self.padding_index] = 0


def sinusoids(steps: int, features: int) -> Array:
    """The constant of `sinusoidal_positions`, (T, F) in float64.

    >>> sinusoids(2, 4).round(4).tolist()
    [[0.0, 1.0, 0.0, 1.0], [0.8415, 0.5403, 0.01, 1.0]]
    """
    angles = np.arange(steps)[:, None] * WAVELENGTH ** (-2 * np.arange(math.ceil(features / 2)) / features)
    table: Array = np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(steps, -1)[:, :features]
    return np.ascontiguousarray(table)


def _expects_steps(layer: Layer, inputs: InputSpec) -> None:
    layer.expects_numbers(inputs)
    layer.expects(len(inputs.shape) == 2, "steps of numbers (T, F)", inputs, 'Add "reshape" or "embedding" before it.')
