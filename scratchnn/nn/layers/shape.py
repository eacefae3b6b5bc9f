"""Layers that only change the shape."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from scratchnn.nn.layer import InputSpec, Layer, Plan
from scratchnn.nn.memory import Array, Memory, Pass, transfer


class Flatten(Layer):
    """(B, ...) -> (B, product of the rest), in row-major order. Costs nothing between layers: the storage is shared.

    A mask of steps ends here.
    """

    keeps_size: ClassVar[bool] = True
    type: Literal["flatten"] = "flatten"

    def plan(self, inputs: InputSpec) -> Plan:
        """No memory. The columns of a table stay: their samples are flat already."""
        output = inputs if len(inputs.shape) == 1 else inputs.reshaped(inputs.size)
        return Plan(output, in_place=True, reshapes=True, reads_input=False)

    def forward(self, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        """Writes y where it is not x's own storage."""
        transfer(x, y)
        run.mask = None

    def backward(self, x: Array, y: Array, dy: Array, dx: Array | None, mem: Memory, run: Pass) -> None:
        """Writes dx where it is not dy's own storage."""
        if dx is not None:
            transfer(dy, dx)


class Reshape(Layer):
    """(B, ...) -> (B, *shape), the numbers in the same row-major order. Costs nothing between layers.

    Raises `ShapeError` where the counts differ. A mask of steps ends here.
    """

    keeps_size: ClassVar[bool] = True
    type: Literal["reshape"] = "reshape"
    shape: Annotated[list[int], Field(min_length=1)] = Field(
        description="The new shape without the batch axis; one number may be -1, for what is left."
    )

    @model_validator(mode="after")
    def _sizes(self) -> Self:
        if any(size == 0 or size < -1 for size in self.shape) or self.shape.count(-1) > 1:
            raise ValueError(f"shape takes sizes from 1 on and at most one -1, got {self.shape}")
        return self

    def plan(self, inputs: InputSpec) -> Plan:
        """No memory."""
        if inputs.kind == "float":
            self.expects_numbers(inputs)
        known = math.prod(size for size in self.shape if size != -1)
        expected = f"{known} numbers" if -1 not in self.shape else f"a multiple of {known} numbers"
        fits = inputs.size % known == 0 if -1 in self.shape else inputs.size == known
        self.expects(
            fits, f"{expected} for the shape {self.shape}", inputs, f"Choose a shape of {inputs.size} numbers."
        )
        shape = (inputs.size // known if size == -1 else size for size in self.shape)
        return Plan(inputs.reshaped(*shape), in_place=True, reshapes=True, reads_input=False)

    def forward(self, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        """Writes y where it is not x's own storage."""
        transfer(x, y)
        run.mask = None

    def backward(self, x: Array, y: Array, dy: Array, dx: Array | None, mem: Memory, run: Pass) -> None:
        """Writes dx where it is not dy's own storage."""
        if dx is not None:
            transfer(dy, dx)


class Permute(Layer):
    """The axes in another order: axis i of y is axis order[i] of x, counted from 0 without the batch axis.

    `order: [1, 0]` turns (B, T, C) into (B, C, T). Raises `ShapeError` where x has another number of axes.
    A mask of steps ends here, unless axis 0 stays first.
    """

    type: Literal["permute"] = "permute"
    order: Annotated[list[int], Field(min_length=1)] = Field(description="Every axis once, from 0 on.")

    @model_validator(mode="after")
    def _every_axis_once(self) -> Self:
        if sorted(self.order) != list(range(len(self.order))):
            raise ValueError(f"order takes each axis from 0 to {len(self.order) - 1} once, got {self.order}")
        return self

    def plan(self, inputs: InputSpec) -> Plan:
        """No memory."""
        if inputs.kind == "float":
            self.expects_numbers(inputs)
        axes = len(self.order)
        hint = f"Name {len(inputs.shape)} axes in order."
        self.expects(len(inputs.shape) == axes, f"input with {axes} axes", inputs, hint)
        return Plan(inputs.reshaped(*(inputs.shape[axis] for axis in self.order)), reads_input=False)

    def forward(self, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        """Writes y."""
        np.copyto(y, self._turned(x))
        if self.order[0] != 0:
            run.mask = None

    def backward(self, x: Array, y: Array, dy: Array, dx: Array | None, mem: Memory, run: Pass) -> None:
        """Writes dx."""
        if dx is not None:
            np.copyto(self._turned(dx), dy)

    def _turned(self, array: Array) -> Array:
        return array.transpose(0, *(axis + 1 for axis in self.order))
