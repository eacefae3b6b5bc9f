"""The layer contract: a layer plans the memory it needs, the network allocates it once, the layer computes into it.

Shapes in a plan leave out the batch axis; arrays in `forward` and `backward` have it: `x` is `(B, *inputs.shape)`. All
arrays are C-contiguous, so that `reshape` is a view.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal, Self

from pydantic import Field

from scratchnn.component import Component, families
from scratchnn.errors import ShapeError
from scratchnn.nn.constraints import Constraint
from scratchnn.nn.initializers import Fans, GlorotUniform, Initializer, Zeros
from scratchnn.nn.memory import Array, Buffer, Memory, Pass, Shape


@dataclass(frozen=True)
class Column:
    """One column of a table as a layer sees it: `width` numbers side by side, or one code from 0 to `codes - 1`.

    `units` is how many numbers shall be learned for each code; auto leaves it to the layer. With `sequence` it is
    `width` steps, each of them a number or a code; a step that is 0 is padding.
    """

    name: str
    codes: int | None = None
    units: int | Literal["auto"] = "auto"
    width: int = 1
    sequence: bool = False


@dataclass(frozen=True)
class InputSpec:
    """What flows from one layer to the next: the shape without the batch axis, numbers or ids, a table's columns.

    `count` is how many ids there are, 0 where nobody knows. Columns lie on the last axis: their widths add up to it.
    `padded`: the first axis is that of steps, and a step whose (first) number or id is 0 is padding.
    """

    shape: Shape
    kind: Literal["float", "ids"] = "float"
    columns: tuple[Column, ...] = ()
    count: int = 0
    padded: bool = False

    @property
    def size(self) -> int:
        """Numbers per sample."""
        return math.prod(self.shape)

    @property
    def code_columns(self) -> list[str]:
        """The names of the columns that hold codes."""
        return [column.name for column in self.columns if column.codes is not None]

    def reshaped(self, *shape: int) -> InputSpec:
        """The same kind of data in another shape; the columns no longer apply."""
        return replace(self, shape=shape, columns=())

    def between(self, start: int, stop: int) -> tuple[Column, ...]:
        """The columns of these places on the last axis; one that is cut keeps its name and what is left of it."""
        parts, place = [], 0
        for column in self.columns:
            width = min(stop, place + column.width) - max(start, place)
            place += column.width
            if width > 0:
                parts.append(replace(column, width=width))
        return tuple(parts)


@dataclass(frozen=True)
class Param:
    """A trainable array. `init` is the layer's own choice, `fallback` serves where the network has none either.

    `decay` tells whether weight decay and l1 / l2 apply: true for weights, false for biases and gains.
    `l1` and `l2` override the network's for this parameter, `constraint` those whose pattern matches it.
    `units` is (count, length): seen as (-1, count, length) the array has unit i at [:, i]. Where absent the last axis
    counts the units, and a vector is one unit.
    """

    shape: Shape
    init: Initializer | None = None
    fallback: Initializer = field(default_factory=GlorotUniform)
    fans: Fans = (1, 1)
    decay: bool = True
    l1: float | None = None
    l2: float | None = None
    constraint: Constraint | None = None
    units: tuple[int, int] | None = None

    def by_unit(self, array: Array) -> Array:
        """A view of this parameter's array with the units on the last axis.

        >>> import numpy as np
        >>> Param((3, 3, 8, 16)).by_unit(np.zeros((3, 3, 8, 16))).shape, Param((5,)).by_unit(np.zeros(5)).shape
        ((72, 16), (5, 1))
        >>> Param((10, 4), units=(10, 4)).by_unit(np.zeros((10, 4))).shape
        (1, 4, 10)
        """
        if self.units is not None:
            return array.reshape(-1, *self.units).swapaxes(1, 2)
        return array.reshape(-1, array.shape[-1] if array.ndim > 1 else 1)


@dataclass(frozen=True)
class Plan:
    """What a layer needs and gives.

    saved: written by forward, read by backward. scratch: undefined at the start of every call, shared with other
    layers. state: kept between steps and in the model file (running statistics), initialized to `fill`.
    in_place: forward may be called with `y` in `x`'s storage, and then backward with `dx` in `dy`'s.
    reshapes: `y` holds the numbers of `x` in the same order; then `y` always shares `x`'s storage inside a network.
    program: what running needs of planning (a chain of layers, a geometry); it comes back as `mem.program`.
    reads_input, reads_output: backward reads `x`, `y`, so nobody may overwrite it in between.
    """

    output: InputSpec
    params: Mapping[str, Param] = field(default_factory=dict)
    saved: Mapping[str, Buffer] = field(default_factory=dict)
    scratch: Mapping[str, Buffer] = field(default_factory=dict)
    state: Mapping[str, Buffer] = field(default_factory=dict)
    children: Mapping[str, Plan] = field(default_factory=dict)
    program: object = None
    in_place: bool = False
    reshapes: bool = False
    reads_input: bool = True
    reads_output: bool = False
    fewest_samples: int = 1  # in a training batch; forward raises `ShapeError` for fewer
    flops: int = 0  # of one sample's forward pass, a multiply and an add counted as two

    def for_rows(self, rows: int) -> Plan:
        """The same plan where each sample brings so many rows to the layer: steps of a sequence, seen as samples."""

        def widened(buffers: Mapping[str, Buffer]) -> dict[str, Buffer]:
            return {name: replace(buffer, rows=buffer.rows * rows) for name, buffer in buffers.items()}

        return replace(
            self,
            saved=widened(self.saved),
            scratch=widened(self.scratch),
            children={name: child.for_rows(rows) for name, child in self.children.items()},
            fewest_samples=-(-self.fewest_samples // rows),
            flops=self.flops * rows,
        )


class Layer(Component):
    """The base of all layers. A layer holds no arrays."""

    family: ClassVar[str] = "layer"
    keeps_size: ClassVar[bool] = False  # whether it only reshapes or maps number by number, so adds and drops none

    @classmethod
    def shorthand(cls, value: object) -> object:
        """An activation's bare tag is a layer too: `relu` means `{type: activation, function: relu}`."""
        if isinstance(value, str) and value not in cls.members() and value in families()["activation"].members():
            return {"type": "activation", "function": value}
        return super().shorthand(value)

    def plan(self, inputs: InputSpec) -> Plan:
        """What the layer needs and gives for these inputs. Raises `ShapeError` with the mend in its hint."""
        raise NotImplementedError

    def forward(self, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        """Writes `y`. Leaves `x` as it is, unless `y` lies in `x`'s storage (only where the plan says `in_place`)."""
        raise NotImplementedError

    def backward(self, x: Array, y: Array, dy: Array, dx: Array | None, mem: Memory, run: Pass) -> None:
        """Overwrites every array of `mem.grads`, and `dx` unless it is None. May destroy `dy`; leaves `x` and `y`."""
        raise NotImplementedError

    def pre_activation(self, x: Array, y: Array, mem: Memory, run: Pass) -> Array | None:
        """Writes and returns the output before the activation, in `y` or in an array of its own; leaves `x`.

        For layers where it is linear in the parameter `weight`, but for a bias; None for all others.
        """
        return None

    def with_outputs(self, count: int) -> Self:
        """The layer with `units: auto` filled in; most layers have nothing to fill in."""
        return self

    def expects(self, condition: bool, expected: str, inputs: InputSpec, hint: str) -> None:
        """Raises the `ShapeError` that teaches the mend where `condition` does not hold."""
        if not condition:
            raise ShapeError(f"({self.tag()}) expects {expected}, got {inputs.shape}", hint=hint)

    def expects_numbers(self, inputs: InputSpec) -> None:
        """Raises `ShapeError` where the inputs are ids, or a table with columns of codes."""
        if inputs.kind != "float":
            raise ShapeError(f"({self.tag()}) expects numbers, got ids", hint='Put "embedding" before it.')
        if codes := inputs.code_columns:
            words = "columns {} are codes" if len(codes) > 1 else "column {} is a code"
            message = f"({self.tag()}) expects numbers, but the {words.format(', '.join(codes))}"
            first = next(column for column in inputs.columns if column.codes is not None)
            hint = f'Take it out with {{type: select, columns: ["{first.name}"]}}, and put "embedding" after that.'
            raise ShapeError(message, hint=hint if first.sequence else 'Put "column_embedding" before it.')


def with_outputs(layers: Sequence[Layer], count: int) -> list[Layer]:
    """The layers with `units: auto` filled in, in the last of them that does not merely keep the size."""
    last = len(layers) - 1
    while last > 0 and layers[last].keeps_size:
        last -= 1
    return [*layers[:last], layers[last].with_outputs(count), *layers[last + 1 :]]


class WeightedLayer(Layer):
    """A layer with weights: how they start, what is added to the loss for them, what holds for them after a step."""

    init: Initializer | None = Field(None, description="How the weights start; the model's `init` when absent.")
    bias_init: Initializer = Field(Zeros(), description="How the biases start.")
    l1: float | None = Field(None, ge=0, description="Overrides the global l1 for this layer's weights.")
    l2: float | None = Field(None, ge=0, description="Overrides the global l2 for this layer's weights.")
    constraint: Constraint | None = Field(
        None, description="What holds for the weights after every step; wins over regularization.constraints."
    )

    def weight_param(
        self,
        shape: Shape,
        fans: Fans,
        fallback: Initializer | None = None,
        *,
        init: Initializer | None = None,
        units: tuple[int, int] | None = None,
    ) -> Param:
        """A weight array with this layer's settings; `init` replaces its own."""
        start, otherwise = init or self.init, fallback or GlorotUniform()
        return Param(shape, start, otherwise, fans, l1=self.l1, l2=self.l2, constraint=self.constraint, units=units)

    def bias_param(self, *shape: int) -> Param:
        """A bias array: never decayed."""
        return Param(shape, self.bias_init, decay=False)
