"""Long short-term memory."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
from pydantic import Field

from scratchnn.nn.initializers import Constant
from scratchnn.nn.layer import Param, Plan
from scratchnn.nn.layers.recurrent import Blocks, Cell, Recurrent
from scratchnn.nn.memory import Array, Buffer, Memory


class LSTMCell(Cell):
    """The gates i, f, g, o side by side, and a second state c.

    A step has one product: its rows [h, x, 1] times the rows [U; W; b], which are copied once for each pass, and so has
    the gradient of all weights. One tanh serves all gates of a step: sigmoid(z) = (1 + tanh(z / 2)) / 2; the copied
    weights of the sigmoid gates are halved.
    """

    def __init__(self, layer: LSTM, x: Array, mem: Memory, reverse: bool) -> None:
        super().__init__(layer, x, mem, reverse)
        memories = self.chained(mem.saved.memories)
        self.memory_before, self.memory_after = self.turns(memories)
        self.carried.append((self.memory_before, self.memory_after))
        self.dcarried.append((mem.scratch.dmemory, mem.scratch.kept_memory))
        self.tanh = list(mem.saved.tanh.reshape(self.length, self.batch, self.size))
        self.rows_before, _ = self.turns(self.rows)
        # As wide as the batch: NumPy takes twice as long for a row that it repeats.
        self.only_g = np.zeros((self.batch, 4 * self.size), mem.params.weight.dtype)
        self.only_g[:, 2 * self.size : 3 * self.size] = 1
        self.half = (1 + self.only_g) / 2  # of the sigmoids, all of g
        self.shift = (1 - self.only_g) / 2
        gates, dgates = self.gates, self.dgates
        self.parts = [self.columns(gates, gate, gate + 1) for gate in range(4)]
        self.dparts = [self.columns(dgates, gate, gate + 1) for gate in range(4)]

    def make_states(self) -> Array:
        """The first columns of the rows [h, x, 1]."""
        self.rows: Array = self.mem.saved.rows.reshape(self.length + 1, self.batch, -1)
        states: Array = self.rows[:, :, : self.size]
        return states

    def start(self) -> None:
        """Fills in the inputs, and copies the weights, halved for the sigmoid gates."""
        params, stacked, half = self.mem.params, self.mem.scratch.stacked, self.half[0]
        size, end = self.size, self.size + self.x.shape[-1]
        rows = self.rows[1:] if self.reverse else self.rows[:-1]
        rows[:, :, size:end] = self.x
        np.multiply(params.recurrent_weight, half, out=stacked[:size])
        np.multiply(params.weight, half, out=stacked[size:end])
        if self.bias:
            rows[:, :, end] = 1
            np.multiply(params.bias, half, out=stacked[end])

    def advance(self, place: int) -> None:
        """Computes c and h after the step at this place."""
        scratch = self.mem.scratch
        gates, memory, tanh = self.gates[place], self.memory_after[place], self.tanh[place]
        i, f, g, o = (part[place] for part in self.parts)
        np.dot(self.rows_before[place], scratch.stacked, out=gates)
        np.tanh(gates, out=gates)
        np.multiply(gates, self.half, out=gates)
        np.add(gates, self.shift, out=gates)
        np.multiply(f, self.memory_before[place], out=memory)
        np.multiply(i, g, out=scratch.work)
        np.add(memory, scratch.work, out=memory)
        np.tanh(memory, out=tanh)
        np.multiply(o, tanh, out=self.after[place])

    def retreat(self, place: int, carries: bool) -> None:
        """With dc += dh o (1 - tanh(c)^2), writes the gradients of the gates.

        The derivative of a sigmoid s is (1 - s) s, that of g is (1 - g) (g + 1).
        """
        scratch = self.mem.scratch
        dstate, dmemory, work, slope = scratch.dstate, scratch.dmemory, scratch.work, scratch.product
        gates, dgates, tanh = self.gates[place], self.dgates[place], self.tanh[place]
        i, f, g, o = (part[place] for part in self.parts)
        di, df, dg, do = (part[place] for part in self.dparts)
        np.multiply(dstate, tanh, out=do)
        np.multiply(tanh, tanh, out=work)
        np.subtract(1, work, out=work)
        np.multiply(work, o, out=work)
        np.multiply(work, dstate, out=work)
        np.add(dmemory, work, out=dmemory)
        np.multiply(dmemory, g, out=di)
        np.multiply(dmemory, self.memory_before[place], out=df)
        np.multiply(dmemory, i, out=dg)
        np.subtract(1, gates, out=slope)
        np.multiply(dgates, slope, out=dgates)
        np.add(gates, self.only_g, out=slope)
        np.multiply(dgates, slope, out=dgates)
        if carries:
            np.multiply(dmemory, f, out=dmemory)
            np.dot(dgates, self.mem.params.recurrent_weight.T, out=dstate)

    def finish(self, dgates: Array) -> None:
        """Writes the gradients of the parameters."""
        grads, dstacked = self.mem.grads, self.mem.scratch.stacked
        size, end = self.size, self.size + self.x.shape[-1]
        np.dot(self.previous(self.rows).T, dgates, out=dstacked)
        grads.recurrent_weight[...] = dstacked[:size]
        grads.weight[...] = dstacked[size:end]
        if self.bias:
            grads.bias[...] = dstacked[end]


class LSTM(Recurrent):
    """c_t = f c_(t-1) + i g, h_t = o tanh(c_t), with h_0 = c_0 = 0 and the output h_t. No peepholes.

    The gates (i, f, g, o) are columns of z = x_t W + h_(t-1) U + b in this order, PyTorch's: i = s(z_i), f = s(z_f),
    g = tanh(z_g), o = s(z_o) with the sigmoid s. x: (B, T, F), W: (F, 4H), U: (H, 4H), b: (4H). PyTorch has two biases,
    which only ever appear as their sum. See `Recurrent` for the shape of y, for padded steps and for the names of the
    parameters. Sources: Hochreiter and Schmidhuber 1997; the forget gate: Gers et al. 2000; its bias of 1: Jozefowicz
    et al. 2015.
    """

    type: Literal["lstm"] = "lstm"
    forget_bias: float = Field(1.0, description="How the biases of the forget gate start.", allow_inf_nan=False)

    gates = 4

    def cell(self, x: Array, mem: Memory, reverse: bool) -> LSTMCell:
        """One direction of one layer on its arrays."""
        return LSTMCell(self, x, mem, reverse)

    def cell_plan(self, steps: int, features: int) -> Plan:
        """Adds the second state c, its tanh, the rows [h, x, 1] of every step and the weights that they meet."""
        plan = super().cell_plan(steps, features)
        size, wide = self.units, 4 * self.units
        params = dict(plan.params)
        if self.bias:
            inits = (self.bias_init, Constant(value=self.forget_bias), self.bias_init, self.bias_init)
            params["bias"] = Param((wide,), Blocks(inits=inits), decay=False)
        joined = size + features + self.bias
        saved = {
            "rows": Buffer((joined,), rows=steps + 1),
            "gates": plan.saved["gates"],
            "memories": Buffer((size,), rows=steps + 1),
            "tanh": Buffer((size,), rows=steps),
        }
        scratch = {name: Buffer((size,)) for name in ("dmemory", "kept_memory")}
        scratch["stacked"] = Buffer((joined, wide), per_sample=False)
        return replace(plan, params=params, saved=saved, scratch={**plan.scratch, **scratch})
