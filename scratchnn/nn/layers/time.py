"""Layers that work along the steps of a sequence, in order of growing complexity."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, Self

from pydantic import Field, model_validator

from scratchnn.nn.chain import Chain
from scratchnn.nn.layer import InputSpec, Layer, Plan
from scratchnn.nn.layers.composite import Stack
from scratchnn.nn.memory import Array, Memory, Pass


class Slice(Layer):
    """y is a part of x along one axis: `index` takes one place and drops the axis, `start` and `stop` take a range.

    Axis 0 is the first one behind the batch: the steps of a sequence, the columns of a table. Negative numbers count
    from the end, so `{type: slice, index: -1}` is the last step; where steps are padded, a recurrent layer without
    `return_sequences` gives the last real one. A range must lie inside the axis. dx is 0 outside of the part.
    """

    type: Literal["slice"] = "slice"
    axis: int = Field(0, ge=-8, le=7, description="The axis, without the batch; negative ones count from the end.")
    index: int | None = Field(None, description="The one place to take. Then no start and stop.")
    start: int | None = Field(None, description="First place of the range; the axis' first when absent.")
    stop: int | None = Field(None, description="First place behind the range; the axis' end when absent.")

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if (self.index is None) == (self.start is None and self.stop is None):
            raise ValueError("needs an index, or a range by start or stop, and not both")
        return self

    def plan(self, inputs: InputSpec) -> Plan:
        """No memory. Ids stay ids; a range of a table's columns keeps them."""
        shape, rank = inputs.shape, len(inputs.shape)
        self.expects(-rank <= self.axis < rank, f"an axis {self.axis}", inputs, "Choose another `axis`.")
        axis = self.axis % rank
        size = shape[axis]
        if self.index is not None:
            self.expects(rank > 1, "two axes or more for an index", inputs, "Take a range of one with start and stop.")
            fits = -size <= self.index < size
            self.expects(fits, f"an index {self.index} inside axis {axis}", inputs, "Choose another `index`.")
            index = self.index % size
            part, output = slice(index, index + 1), inputs.reshaped(*shape[:axis], *shape[axis + 1 :])
        else:
            start, stop = (_place(limit, size, other) for limit, other in ((self.start, 0), (self.stop, size)))
            wanted = f"a range from {start} to {stop} inside axis {axis}"
            self.expects(0 <= start < stop <= size, wanted, inputs, "Choose another `start` or `stop`.")
            part = slice(start, stop)
            output = inputs.reshaped(*shape[:axis], stop - start, *shape[axis + 1 :])
            if inputs.columns and axis == rank - 1:
                output = replace(output, columns=inputs.between(start, stop))
        return Plan(output, program=(slice(None),) * (axis + 1) + (part,), reads_input=False)

    def forward(self, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        """Writes y. Takes the same part of the mask where the axis is that of the steps."""
        part = x[mem.program]
        y.reshape(part.shape)[...] = part
        if len(mem.program) == 2 and run.mask is not None:
            run.mask = run.mask[mem.program] if self.index is None else None

    def backward(self, x: Array, y: Array, dy: Array, dx: Array | None, mem: Memory, run: Pass) -> None:
        """Writes dx: dy in its place, else 0."""
        if dx is not None:
            dx.fill(0)
            part = dx[mem.program]
            part[...] = dy.reshape(part.shape)


class TimeDistributed(Stack):
    """The same layers, with the same parameters, on each step by itself. x: (B, T, ...), y: (B, T, ...).

    The B T steps are the samples of the inner layers: batch_norm takes its statistics over all of them, dropout draws
    for each on its own. Padded steps are computed as any other; the mask goes on as it came. `dense` and the row norms
    work on each step without this.
    """

    type: Literal["time_distributed"] = "time_distributed"

    def plan(self, inputs: InputSpec) -> Plan:
        """That of a chain with T samples for each sample."""
        enough = len(inputs.shape) > 1
        hint = "Give it sequences; layers on a table need no time_distributed."
        self.expects(enough, "sequences (T, ...)", inputs, hint)
        steps = inputs.shape[0]
        chain = Chain(self.layers, inputs.reshaped(*inputs.shape[1:]))
        inner = chain.plan().for_rows(steps)
        return Plan(
            inner.output.reshaped(steps, *inner.output.shape),
            children={"steps": inner},
            reads_input=inner.reads_input,
            reads_output=inner.reads_output,
            fewest_samples=inner.fewest_samples,
            flops=inner.flops,
        )

    def forward(self, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        """Writes y."""
        mask, run.mask = run.mask, None
        _bound(x, y, mem).forward(run)
        run.mask = mask

    def backward(self, x: Array, y: Array, dy: Array, dx: Array | None, mem: Memory, run: Pass) -> None:
        """Writes the gradients of the inner layers, and dx."""
        _bound(x, y, mem).backward(dy, dx, run)


class Rows:
    """A chain on the steps of these arrays, seen as samples; the views are made once."""

    def __init__(self, x: Array, y: Array, mem: Memory) -> None:
        self.x, self.y = x, y
        inner = mem.children["steps"]
        self._steps = inner.program.steps(_rows(x), _rows(y), inner)
        self._ends: tuple[Array, Array | None, Array, Array | None] | None = None

    def forward(self, run: Pass) -> None:
        """Computes the output."""
        self._steps.forward(run)

    def backward(self, dy: Array, dx: Array | None, run: Pass) -> None:
        """Computes every gradient."""
        if self._ends is None or self._ends[0] is not dy or self._ends[1] is not dx:
            self._ends = (dy, dx, _rows(dy), None if dx is None else _rows(dx))
        self._steps.backward(self._ends[2], self._ends[3], run)


def _bound(x: Array, y: Array, mem: Memory) -> Rows:
    """The rows of these arrays: made at the first call, then kept as long as the arrays stay the same objects."""
    rows = mem.bound
    if not isinstance(rows, Rows) or rows.x is not x or rows.y is not y:
        rows = mem.bound = Rows(x, y, mem)
    return rows


def _rows(array: Array) -> Array:
    """(B, T, ...) -> (B T, ...)."""
    return array.reshape(-1, *array.shape[2:])


def _place(limit: int | None, size: int, other: int) -> int:
    """A place counted from the start of the axis."""
    if limit is None:
        return other
    return limit + size if limit < 0 else limit
