"""Recurrent layers: what all of them share, and the simplest one. `lstm` and `gru` have files of their own.

A `Cell` is one direction of one layer. It works on steps first, `(T, B, F)`, so that each step is one block of memory.
The product of the inputs with their weights is one product over all steps, and so is each weight's gradient at the end;
a step itself only multiplies the state.
"""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from scratchnn.nn.initializers import Initializer, Orthogonal
from scratchnn.nn.layer import InputSpec, Plan, WeightedLayer
from scratchnn.nn.memory import Array, Buffer, Memory, Pass

Steps = list[Array]
"""One view (B, ...) for each step of a sequence."""


class Blocks(Initializer):
    """Fills blocks of columns, all of one size, one for each gate. Not for configs: no tag."""

    inits: tuple[Initializer, ...]

    def fill(self, out: Array, fans: tuple[int, int], rng: np.random.Generator) -> None:
        """Fills each block with its own initializer."""
        size = out.shape[-1] // len(self.inits)
        for index, init in enumerate(self.inits):
            init.fill(out[..., index * size : (index + 1) * size], fans, rng)


class Recurrent(WeightedLayer):
    """The base of the layers that read a sequence step by step. x: (B, T, F).

    y is the output of every step, (B, T, H), or of the last one, (B, H), with H units; with `bidirectional` a second
    cell reads the sequence from its end, and both outputs are joined: (B, T, 2H) or (B, 2H), where the last output of
    the second cell is the one at step 0. With `layers` above 1 each layer reads the outputs of the one below.

    Padded steps, where the mask of the pass is False, leave the state as it is, and give the output 0. So the last
    output is that of the last real step, and the second direction begins at the last real step: PyTorch's packed
    sequences. `truncate: k` cuts the gradient of the state before every k-th step that a direction reads (padded steps
    count), as if the state were a constant there: truncated backpropagation through time.

    Parameters are named by layer and direction: `0.forward.weight` (F, G H) for the inputs, `recurrent_weight` (H, G H)
    for the state, `bias` (G H), with the columns of G gates side by side; `1.reverse.weight` is the other direction of
    the second layer. The weights of each gate are initialized on their own.
    """

    units: int = Field(ge=1, description="Size of the state, for each direction.")
    return_sequences: bool = Field(False, description="Whether to give the output of every step or only the last.")
    bidirectional: bool = Field(False, description="Whether a second cell reads the sequence from its end.")
    layers: int = Field(1, ge=1, le=100, description="How many layers, one on top of the other.")
    truncate: int | None = Field(None, ge=1, description="Cuts the gradient every so many steps; never when absent.")
    recurrent_init: Initializer = Field(Orthogonal(), description="How each gate's weights of the state start.")
    bias: bool = Field(True, description="Whether to add biases.")

    gates: ClassVar[int]

    def cell(self, x: Array, mem: Memory, reverse: bool) -> Cell:
        """One direction of one layer on its arrays. x: (T, B, F)."""
        raise NotImplementedError

    @property
    def directions(self) -> tuple[str, ...]:
        """The names of the cells of one layer."""
        return ("forward", "reverse") if self.bidirectional else ("forward",)

    def plan(self, inputs: InputSpec) -> Plan:
        """A cell for each layer and direction. x is copied, steps first, so that it may be overwritten."""
        self.expects_numbers(inputs)
        hint = "Bring the inputs into T steps of F numbers; below another recurrent layer set return_sequences: true."
        self.expects(len(inputs.shape) == 2, "sequences (T, F)", inputs, hint)
        steps, features = inputs.shape
        wide = self.units * len(self.directions)
        widths = [features] + [wide] * (self.layers - 1)
        saved = {"steps": Buffer((features,), rows=steps)}
        saved |= {name: Buffer((1,), "bool", rows=steps) for name in ("real", "padded")}
        scratch = {"lower0": Buffer((max(widths),), rows=steps)}
        if self.layers > 1:
            scratch["lower1"] = Buffer((wide,), rows=steps)
        if self.bidirectional:
            saved |= {f"joined{index}": Buffer((wide,), rows=steps) for index in range(1, self.layers)}
            scratch["other"] = Buffer((max(widths),), rows=steps)
        children = {
            f"{index}.{direction}": self.cell_plan(steps, width)
            for index, width in enumerate(widths)
            for direction in self.directions
        }
        return Plan(
            InputSpec((steps, wide) if self.return_sequences else (wide,)),
            saved=saved,
            scratch=scratch,
            children=children,
            reads_input=False,
            flops=sum(child.flops for child in children.values()),
        )

    def cell_plan(self, steps: int, features: int) -> Plan:
        """The memory of one direction of one layer."""
        size, wide = self.units, self.units * self.gates
        params = {
            "weight": self.weight_param((features, wide), (features, size)),
            "recurrent_weight": self.weight_param(
                (size, wide), (size, size), init=Blocks(inits=(self.recurrent_init,) * self.gates)
            ),
        }
        saved = {"states": Buffer((size,), rows=steps + 1), "gates": Buffer((wide,), rows=steps)}
        scratch = {name: Buffer((size,)) for name in ("dstate", "kept", "work")}
        scratch |= {"dgates": Buffer((wide,), rows=steps), "product": Buffer((wide,))}
        if self.bias:
            params["bias"] = self.bias_param(wide)
            saved["ones"] = Buffer(rows=steps, fill=1.0)
        flops = 2 * steps * wide * (features + size)
        return Plan(InputSpec((steps, size)), params=params, saved=saved, scratch=scratch, flops=flops)

    def forward(self, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        """Writes y. Without `return_sequences` there are no steps any more, and so no mask."""
        if mem.bound is None:
            mem.bound = Bound(self, x, mem)
        mem.bound.forward(x, y, run.mask)
        if not self.return_sequences:
            run.mask = None

    def backward(self, x: Array, y: Array, dy: Array, dx: Array | None, mem: Memory, run: Pass) -> None:
        """Writes the gradients of every cell, and dx."""
        mem.bound.backward(dy, dx)


class Bound:
    """The cells of a recurrent layer on the arrays of one batch size."""

    def __init__(self, layer: Recurrent, x: Array, mem: Memory) -> None:
        batch, self.length, features = x.shape
        self.layer = layer
        self.mem = mem
        self.masked = False
        self.real, self.padded = (view.reshape(self.length, batch, 1) for view in (mem.saved.real, mem.saved.padded))
        self.inputs = [mem.saved.steps.reshape(self.length, batch, features)]
        self.cells: list[list[Cell]] = []
        for index in range(layer.layers):
            if index:
                joined = getattr(mem.saved, f"joined{index}", None)
                below = self.cells[-1][0].outputs if joined is None else joined.reshape(self.length, batch, -1)
                self.inputs.append(below)
            pairs = [(mem.children[f"{index}.{name}"], name == "reverse") for name in layer.directions]
            self.cells.append([layer.cell(self.inputs[-1], child, reverse) for child, reverse in pairs])
        self._lower = [
            getattr(mem.scratch, f"lower{index % 2}").reshape(-1)[: inputs.size].reshape(inputs.shape)
            for index, inputs in enumerate(self.inputs)
        ]
        self._inner = [self._views(lower) for lower in self._lower[1:]]
        self._dy: Array | None = None
        self._upper: list[Steps] = []

    def forward(self, x: Array, y: Array, mask: Array | None) -> None:
        """Writes y."""
        self.inputs[0][...] = x.swapaxes(0, 1)
        self.masked = mask is not None and not mask.all()
        if self.masked and mask is not None:
            self.real[...] = mask.T[:, :, None]
            np.logical_not(self.real, out=self.padded)
        for index, cells in enumerate(self.cells):
            for cell in cells:
                cell.forward(self.padded if self.masked else None)
            if len(cells) > 1 and index + 1 < len(self.cells):
                self._join(cells, self.inputs[index + 1])
        if self.layer.return_sequences:
            self._join(self.cells[-1], y.swapaxes(0, 1))
            if self.masked:
                np.copyto(y.swapaxes(0, 1), 0, where=self.padded)
        else:
            size = self.layer.units
            for index, cell in enumerate(self.cells[-1]):
                y[:, index * size : (index + 1) * size] = cell.final

    def _join(self, cells: list[Cell], out: Array) -> None:
        """Writes the outputs of both directions side by side. out: (T, B, D H)."""
        size = self.layer.units
        for index, cell in enumerate(cells):
            out[:, :, index * size : (index + 1) * size] = cell.outputs

    def backward(self, dy: Array, dx: Array | None) -> None:
        """Writes the gradients of every cell, and dx."""
        if self._dy is not dy:
            self._dy = dy
            self._upper = self._views(dy.swapaxes(0, 1) if self.layer.return_sequences else dy[None])
        upper, every = self._upper, self.layer.return_sequences
        for index in range(len(self.cells) - 1, 0, -1):
            self._layer_backward(index, upper, self._lower[index], every=every)
            upper, every = self._inner[index - 1], True
        self._layer_backward(0, upper, None if dx is None else self._lower[0], every=every)
        if dx is not None:
            dx[...] = self._lower[0].swapaxes(0, 1)

    def _layer_backward(self, index: int, upper: list[Steps], lower: Array | None, *, every: bool) -> None:
        """Writes the gradients of one layer; in `lower` those of its inputs, summed over the directions."""
        real = self.real if self.masked else None
        padded = self.padded if self.masked else None
        for number, (cell, steps) in enumerate(zip(self.cells[index], upper, strict=True)):
            if number == 0 or lower is None:
                cell.backward(steps, lower, real, padded, every=every)
                continue
            other = self.mem.scratch.other.reshape(-1)[: lower.size].reshape(lower.shape)
            cell.backward(steps, other, real, padded, every=every)
            np.add(lower, other, out=lower)

    def _views(self, gradient: Array) -> list[Steps]:
        """The gradient of each step, for each direction. gradient: (T, B, D H), or (1, B, D H) for the last step."""
        size = self.layer.units
        return [
            [step[:, index * size : (index + 1) * size] for step in gradient]
            for index in range(len(self.layer.directions))
        ]


class Cell:
    """One direction of one layer. x: (T, B, F). States: (T + 1, B, H), of which one end is the zeros to start from.

    A subclass computes one step at a time. `order` is how the steps are read: places in all arrays of T steps.
    """

    def __init__(self, layer: Recurrent, x: Array, mem: Memory, reverse: bool) -> None:
        self.mem = mem
        self.length, self.batch = x.shape[:2]
        self.order = range(self.length - 1, -1, -1) if reverse else range(self.length)
        self.cuts = {place for index, place in enumerate(self.order) if index % (layer.truncate or self.length) == 0}
        self.bias = layer.bias
        self.reverse = reverse
        self.size = layer.units
        self.x = x
        self.states = self.make_states()
        self.outputs = self.states[: self.length] if reverse else self.states[1:]
        self.final = self.states[0] if reverse else self.states[-1]
        self.before, self.after = self.turns(self.states)
        self.carried = [(self.before, self.after)]  # what a padded step leaves as it is
        self.dcarried: list[tuple[Array, Array]] = [(mem.scratch.dstate, mem.scratch.kept)]  # gradients, and a copy
        self.gates = list(mem.saved.gates.reshape(self.length, self.batch, -1))
        self.dgates = list(mem.scratch.dgates.reshape(self.length, self.batch, -1))

    def make_states(self) -> Array:
        """The views (T + 1, B, H) in which the states are kept."""
        return self.chained(self.mem.saved.states)

    def chained(self, buffer: Array) -> Array:
        """(T + 1, B, H)."""
        return buffer.reshape(self.length + 1, self.batch, self.size)

    def turns(self, chained: Array) -> tuple[Steps, Steps]:
        """For each place the state before its step, and after it."""
        first, second = list(chained[:-1]), list(chained[1:])
        return (second, first) if self.reverse else (first, second)

    def columns(self, steps: Steps, first: int, last: int) -> Steps:
        """Some gates of each step, from the first up to but without the last."""
        return [step[:, first * self.size : last * self.size] for step in steps]

    def previous(self, chain: Array) -> Array:
        """The rows `(T*B, ...)` of a chain `(T + 1, B, ...)` before each step."""
        return (chain[1:] if self.reverse else chain[:-1]).reshape(-1, chain.shape[-1])

    def start(self) -> None:
        """Prepares a forward pass: the products of the inputs of all steps, with the bias, in `gates`."""
        np.dot(self.x.reshape(-1, self.x.shape[-1]), self.mem.params.weight, out=self.mem.saved.gates)
        if self.bias:
            np.add(self.mem.saved.gates, self.mem.params.bias, out=self.mem.saved.gates)

    def advance(self, place: int) -> None:
        """Computes the state after the step at this place."""
        raise NotImplementedError

    def retreat(self, place: int, carries: bool) -> None:
        """Writes `dgates` of this step; where it `carries`, turns the gradient of the state after it into that before.

        dgates are the gradients of the sums of both products.
        """
        raise NotImplementedError

    def forget(self, place: int, padded: Array) -> None:
        """Makes the gradients of this step 0 for padded samples. padded: (B, 1)."""
        np.copyto(self.dgates[place], 0, where=padded)

    def finish(self, dgates: Array) -> None:
        """Writes the gradients of the parameters. dgates: (T*B, G H)."""
        np.dot(self.x.reshape(-1, self.x.shape[-1]).T, dgates, out=self.mem.grads.weight)
        if self.bias:
            np.dot(self.mem.saved.ones, dgates, out=self.mem.grads.bias)
        self.finish_state(dgates)

    def finish_state(self, dgates: Array) -> None:
        """Writes the gradients of what the state meets."""
        np.dot(self.previous(self.states).T, dgates, out=self.mem.grads.recurrent_weight)

    def forward(self, padded: Array | None) -> None:
        """Writes the states. padded: (T, B, 1)."""
        for before, _ in self.carried:
            before[self.order[0]].fill(0)
        self.start()
        for place in self.order:
            self.advance(place)
            if padded is not None:
                for before, after in self.carried:
                    np.copyto(after[place], before[place], where=padded[place])

    def backward(self, dy: Steps, dx: Array | None, real: Array | None, padded: Array | None, *, every: bool) -> None:
        """Writes the gradients of the parameters, and dx (T, B, F). dy: of every output, or only of the last."""
        dstate = self.mem.scratch.dstate
        for gradient, _ in self.dcarried:
            gradient.fill(0)
        if not every:
            dstate[...] = dy[0]
        for place in reversed(self.order):
            if every:
                np.add(dstate, dy[place], out=dstate, where=True if real is None else real[place])
            carries = place not in self.cuts
            if padded is None:
                self.retreat(place, carries)
            else:
                self._retreat_padded(place, carries, padded[place])
            if not carries:
                for gradient, _ in self.dcarried:
                    gradient.fill(0)
        rows = self.mem.scratch.dgates
        self.finish(rows)
        if dx is not None:
            np.dot(rows, self.mem.params.weight.T, out=dx.reshape(-1, dx.shape[-1]))

    def _retreat_padded(self, place: int, carries: bool, padded: Array) -> None:
        """As `retreat`, but padded samples pass the gradient of their state on as it is."""
        for gradient, kept in self.dcarried:
            kept[...] = gradient
        self.retreat(place, carries)
        self.forget(place, padded)
        for gradient, kept in self.dcarried:
            np.copyto(gradient, kept, where=padded)


class SimpleCell(Cell):
    """h_t = f(gates), where the gates are the sum of both products."""

    def __init__(self, layer: SimpleRNN, x: Array, mem: Memory, reverse: bool) -> None:
        super().__init__(layer, x, mem, reverse)
        self.relu = layer.activation == "relu"

    def advance(self, place: int) -> None:
        """Computes the state after the step at this place."""
        gates, after = self.gates[place], self.after[place]
        np.dot(self.before[place], self.mem.params.recurrent_weight, out=after)
        np.add(gates, after, out=gates)
        if self.relu:
            np.maximum(gates, 0, out=gates)
        else:
            np.tanh(gates, out=gates)
        after[...] = gates

    def retreat(self, place: int, carries: bool) -> None:
        """Writes dgates = dh f'. `gates` holds f itself: in `states` a padded step has the state before it."""
        f, dgates, dstate = self.gates[place], self.dgates[place], self.mem.scratch.dstate
        if self.relu:
            np.greater(f, 0, out=dgates)
        else:
            np.multiply(f, f, out=dgates)
            np.subtract(1, dgates, out=dgates)
        np.multiply(dgates, dstate, out=dgates)
        if carries:
            np.dot(dgates, self.mem.params.recurrent_weight.T, out=dstate)


class SimpleRNN(Recurrent):
    """h_t = f(x_t W + h_(t-1) U + b) with h_0 = 0 and the output h_t; f is tanh or relu.

    x: (B, T, F), W: (F, H), U: (H, H), b: (H). PyTorch has two biases, which only ever appear as their sum. See
    `Recurrent` for the shape of y, for padded steps and for the names of the parameters. Source: Elman 1990.
    """

    type: Literal["simple_rnn"] = "simple_rnn"
    activation: Literal["tanh", "relu"] = Field("tanh", description="The function of each step.")

    gates = 1

    def cell(self, x: Array, mem: Memory, reverse: bool) -> SimpleCell:
        """One direction of one layer on its arrays."""
        return SimpleCell(self, x, mem, reverse)
