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

    One tanh serves all gates of a step: sigmoid(z) = (1 + tanh(z / 2)) / 2. The weights are copied once for each pass,
    those of the sigmoid gates halved.
    """

    def __init__(self, layer: LSTM, x: Array, mem: Memory, reverse: bool) -> None:
        super().__init__(layer, x, mem, reverse)
        memories = self.chained(mem.saved.memories)
        self.memory_before, self.memory_after = self.turns(memories)
        self.carried.append((self.memory_before, self.memory_after))
        self.dcarried.append((mem.scratch.dmemory, mem.scratch.kept_memory))
        self.tanh = list(mem.saved.tanh.reshape(self.length, self.batch, self.size))
        self.only_g = np.zeros(4 * self.size, mem.params.weight.dtype)
        self.only_g[2 * self.size : 3 * self.size] = 1
        self.half = (1 + self.only_g) / 2  # of the sigmoids, all of g
        self.shift = (1 - self.only_g) / 2
        gates, dgates = self.gates, self.dgates
        self.parts = [self.columns(gates, gate, gate + 1) for gate in range(4)]
        self.dparts = [self.columns(dgates, gate, gate + 1) for gate in range(4)]

    def start(self) -> None:
        """The products of the inputs, halved for the sigmoid gates."""
        params, scratch = self.mem.params, self.mem.scratch
        np.multiply(params.weight, self.half, out=scratch.scaled_weight)
        np.multiply(params.recurrent_weight, self.half, out=scratch.scaled_recurrent)
        np.dot(self.x, scratch.scaled_weight, out=self.mem.saved.gates)
        if self.bias:
            np.multiply(params.bias, self.half, out=scratch.scaled_bias)
            np.add(self.mem.saved.gates, scratch.scaled_bias, out=self.mem.saved.gates)

    def advance(self, place: int) -> None:
        """Computes c and h after the step at this place."""
        scratch = self.mem.scratch
        gates, memory, tanh = self.gates[place], self.memory_after[place], self.tanh[place]
        i, f, g, o = (part[place] for part in self.parts)
        np.dot(self.before[place], scratch.scaled_recurrent, out=scratch.product)
        np.add(gates, scratch.product, out=gates)
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
        """Adds the second state c, its tanh, and the scaled copies of the weights."""
        plan = super().cell_plan(steps, features)
        size, wide = self.units, 4 * self.units
        params = dict(plan.params)
        if self.bias:
            inits = (self.bias_init, Constant(value=self.forget_bias), self.bias_init, self.bias_init)
            params["bias"] = Param((wide,), Blocks(inits=inits), decay=False)
        saved = {"memories": Buffer((size,), rows=steps + 1), "tanh": Buffer((size,), rows=steps)}
        scratch = {name: Buffer((size,)) for name in ("dmemory", "kept_memory")}
        scratch |= {
            "scaled_weight": Buffer((features, wide), per_sample=False),
            "scaled_recurrent": Buffer((size, wide), per_sample=False),
            "scaled_bias": Buffer((wide,), per_sample=False),
        }
        return replace(plan, params=params, saved={**plan.saved, **saved}, scratch={**plan.scratch, **scratch})
