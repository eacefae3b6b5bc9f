"""Layers that turn ids into vectors and that tell a network where in a sequence a step stands."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from scratchnn.errors import DataError, ShapeError
from scratchnn.nn.chain import Chain
from scratchnn.nn.constraints import Constraint
from scratchnn.nn.initializers import Initializer, Normal, Zeros
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
            params={"weight": Param(inputs.shape, self.init, units=(inputs.shape[0], inputs.shape[1]))},
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


class VectorLayer(Layer):
    """The base of the layers that learn a vector for each id or code."""

    l1: float | None = Field(None, ge=0, description="Overrides the global l1 for the vectors.")
    l2: float | None = Field(None, ge=0, description="Overrides the global l2 for the vectors.")
    constraint: Constraint | None = Field(
        None, description="What holds for each vector after every step; wins over regularization.constraints."
    )

    def vectors_param(self, count: int, units: int, init: Initializer) -> Param:
        """The table (count, units) with this layer's settings."""
        shape = (count, units)
        return Param(shape, init, l1=self.l1, l2=self.l2, constraint=self.constraint, units=shape)


class Vocabulary(VectorLayer):
    """The base of the layers that own a vector for each id: E (count, units)."""

    count: Annotated[int, Field(ge=1)] | Literal["auto"] = Field(
        "auto", description='How many ids there are. "auto": as many as the data has.'
    )
    units: int = Field(ge=1, description="Numbers in the vector of an id.")
    padding_index: int | None = Field(
        None, ge=0, description="The id that stands for padding; absent: 0 where the inputs are padded, else none."
    )

    @model_validator(mode="after")
    def _padding_is_an_id(self) -> Self:
        if self.padding_index is not None and self.count != "auto" and self.padding_index >= self.count:
            raise ValueError(f"padding_index must be below count, got {self.padding_index} and {self.count}")
        return self

    def count_for(self, inputs: InputSpec) -> int:
        """How many ids there are in these inputs. Raises `ShapeError` where nobody knows, or where they are more."""
        count = inputs.count if self.count == "auto" else self.count
        if count == 0:
            message = f"({self.tag()}) count: auto needs inputs whose ids are counted"
            raise ShapeError(message, hint="Give a number of ids as `count`.")
        if count < inputs.count:
            message = f"({self.tag()}) has vectors for {count} ids, but the inputs have {inputs.count}"
            raise ShapeError(message, hint="Leave `count` out, or raise it.")
        if self.padding_index is not None and self.padding_index >= count:
            message = f"({self.tag()}) padding_index must be below the {count} ids, got {self.padding_index}"
            raise ShapeError(message, hint="Choose another `padding_index`.")
        if self.padding_index and inputs.padded:
            message = f"({self.tag()}) has the padding_index {self.padding_index}, but the inputs are padded with 0"
            raise ShapeError(message, hint="Leave `padding_index` out.")
        return count

    def plan_vectors(self, inputs: InputSpec, init: Initializer) -> Plan:
        """What looking up needs. `places` says which number of E each number of the gradient goes to."""
        hint = "Remove it, or give it integer inputs."
        if sequence := next((c.name for c in inputs.columns if c.sequence and c.codes is not None), None):
            hint = (
                f'Put {{type: select, columns: ["{sequence}"]}} before it, in a branch of its own of a parallel layer.'
            )
        self.expects(inputs.kind == "ids", "ids", inputs, hint)
        self.expects(len(inputs.shape) == 1, "a row of ids (T,)", inputs, 'Add "flatten" before it.')
        steps, weight = inputs.shape[0], self.vectors_param(self.count_for(inputs), self.units, init)
        return Plan(
            InputSpec((steps, self.units)),
            params={"weight": weight},
            saved={"mask": Buffer((steps,), "bool")} if inputs.padded or self.padding_index is not None else {},
            scratch={"start": Buffer((steps, 1), "ids"), "places": Buffer((steps, self.units), "ids")},
        )

    def look_up(self, x: Array, vectors: Array, mem: Memory, run: Pass) -> None:
        """Writes E[x]; with a padding index also its row of E, and the mask."""
        count = len(mem.params.weight)
        if x.min() < 0 or x.max() >= count:
            wrong = x.min() if x.min() < 0 else x.max()
            message = f"got the id {wrong}, expected ids from 0 to {count - 1}"
            raise DataError(message, where=f"({self.tag()})", hint="Raise `count`, or mend the ids.")
        if hasattr(mem.saved, "mask"):
            mem.params.weight[self.padding_index or 0] = 0
            run.mask = np.not_equal(x, self.padding_index or 0, out=mem.saved.mask)
        np.take(mem.params.weight, x, axis=0, out=vectors, mode="clip")  # any other mode buffers the output

    def scatter(self, x: Array, dvectors: Array, mem: Memory) -> None:
        """Adds the gradient of the vectors to that of E. The row of padding has none."""
        gradient = mem.grads.weight
        add_to_rows(gradient, x, dvectors, mem.scratch.start, mem.scratch.places)
        if hasattr(mem.saved, "mask"):
            gradient[self.padding_index or 0] = 0


class Embedding(Vocabulary):
    """y = E[x]: a learned vector for each id. x: (B, T) ids from 0 to count - 1, E: (count, units), y: (B, T, units).

    dE sums dy over the steps of each id. The row of `padding_index` is always 0 and has no gradient, and steps with
    this id are padding for the layers after. PyTorch's `Embedding`: starts as N(0, 1). Raises `DataError` for an id out
    of range.
    """

    type: Literal["embedding"] = "embedding"
    init: Initializer = Field(Normal(deviation=1.0), description="How E starts; the model's `init` does not apply.")

    def plan(self, inputs: InputSpec) -> Plan:
        """The vectors."""
        return self.plan_vectors(inputs, self.init)

    def forward(self, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        """Writes y."""
        self.look_up(x, y, mem, run)

    def backward(self, x: Array, y: Array, dy: Array, dx: Array | None, mem: Memory, run: Pass) -> None:
        """Writes the gradient of E. Ids have none: dx is None."""
        mem.grads.weight.fill(0)
        self.scatter(x, dy, mem)


class TiedEmbedding(Vocabulary):
    """y = f(E[x]) E' + b: one E turns ids into vectors and vectors into logits. f are the layers between.

    x: (B, T) ids, E: (count, units), f: (B, T, units) -> (B, ..., units), b: (count), y: (B, ..., count). dE sums what
    comes from both ends. `padding_index` as in `embedding`; its logit is b alone. E starts as N(0, 0.02^2), as in
    GPT-2: with N(0, 1) the first logits would be far too large. Raises `DataError` for an id out of range.
    Source: Press and Wolf 2017.
    """

    type: Literal["tied_embedding"] = "tied_embedding"
    layers: list[Layer] = Field(min_length=1, description="The layers between; they give `units` numbers.")
    init: Initializer = Field(Normal(deviation=0.02), description="How E starts; the model's `init` does not apply.")
    bias: bool = Field(True, description="Whether to add b.")
    bias_init: Initializer = Field(Zeros(), description="How b starts.")

    def plan(self, inputs: InputSpec) -> Plan:
        """The vectors, the layers between, and an array at each border."""
        vectors = self.plan_vectors(inputs, self.init)
        chain = Chain(self.layers, vectors.output)
        hidden = chain.specs[-1]
        if hidden.kind != "float" or hidden.shape[-1] != self.units:
            message = f"({self.tag()}) layers give {hidden.shape}, expected {self.units} numbers on the last axis"
            raise ShapeError(message, hint=f"Add a dense layer of {self.units} units at their end.")
        child = chain.plan()
        rows, count = math.prod(hidden.shape[:-1]), self.count_for(inputs)
        params = {"bias": Param((count,), self.bias_init, decay=False)} if self.bias else {}
        ones = {"ones": Buffer(rows=rows, fill=1.0)} if self.bias else {}
        borders = {"vectors": Buffer(vectors.output.shape), "hidden": Buffer(hidden.shape)}
        return replace(
            vectors,
            output=hidden.reshaped(*hidden.shape[:-1], count),
            params={**vectors.params, **params},
            saved={**vectors.saved, **borders, **ones},
            scratch={**vectors.scratch, **{f"d{name}": buffer for name, buffer in borders.items()}},
            children={"layers": child},
            program=chain,
            fewest_samples=child.fewest_samples,
            flops=child.flops + 2 * rows * self.units * count,
        )

    def forward(self, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        """Writes y."""
        vectors, hidden = mem.saved.vectors, mem.saved.hidden
        self.look_up(x, vectors, mem, run)
        mem.program.steps(vectors, hidden, mem.children["layers"]).forward(run)
        np.dot(hidden.reshape(-1, self.units), mem.params.weight.T, out=y.reshape(-1, y.shape[-1]))
        if self.bias:
            np.add(y, mem.params.bias, out=y)

    def backward(self, x: Array, y: Array, dy: Array, dx: Array | None, mem: Memory, run: Pass) -> None:
        """Writes the gradients of E, of b and of the layers. Ids have none: dx is None."""
        vectors, hidden, rows = mem.saved.vectors, mem.saved.hidden, dy.reshape(-1, dy.shape[-1])
        dvectors, dhidden = mem.scratch.dvectors, mem.scratch.dhidden
        np.dot(rows.T, hidden.reshape(-1, self.units), out=mem.grads.weight)
        if self.bias:
            np.dot(mem.saved.ones, rows, out=mem.grads.bias)
        np.dot(rows, mem.params.weight, out=dhidden.reshape(-1, self.units))
        mem.program.steps(vectors, hidden, mem.children["layers"]).backward(dhidden, dvectors, run)
        self.scatter(x, dvectors, mem)


def add_to_rows(table: Array, rows: Array, vectors: Array, start: Array, places: Array) -> None:
    """Adds vectors (..., units) to the rows (...) of a table (count, units); a row may come several times.

    `start` (..., 1) and `places` (..., units) are scratch for whole numbers.
    """
    # `add.at` on single numbers is eight times as fast as on rows; sorting the rows first costs more as well.
    units = table.shape[1]
    np.multiply(rows[..., None], units, out=start)
    np.add(start, np.arange(units), out=places)
    np.add.at(table.reshape(-1), places.reshape(-1), vectors.reshape(-1))


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
