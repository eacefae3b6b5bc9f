"""The gated recurrent unit."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from scratchnn.nn.layer import Plan
from scratchnn.nn.layers.recurrent import Cell, Recurrent
from scratchnn.nn.memory import Array, Buffer, Memory


class GRUCell(Cell):
    """The gates r, z, n side by side, and q, what the reset gate scales.

    One tanh serves both sigmoid gates: s(a) = (1 + tanh(a / 2)) / 2. The gradients of what both products give differ
    in the last gate: `dgates` is that of the inputs' product, `dinner` that of the state's.
    """

    def __init__(self, layer: GRU, x: Array, mem: Memory, reverse: bool) -> None:
        super().__init__(layer, x, mem, reverse)
        size = self.size
        self.inner = list(mem.saved.inner.reshape(self.length, self.batch, size))
        self.dinner = list(mem.scratch.dinner.reshape(self.length, self.batch, 3 * size))
        self.sigmoids = self.columns(self.gates, 0, 2)
        self.parts = [self.columns(self.gates, gate, gate + 1) for gate in range(3)]
        self.dsigmoids = self.columns(self.dgates, 0, 2)
        self.dparts = [self.columns(self.dgates, gate, gate + 1) for gate in range(3)]
        self.product = [mem.scratch.product[:, : 2 * size], mem.scratch.product[:, 2 * size :]]

    def advance(self, place: int) -> None:
        """Computes h after the step at this place."""
        mem, before, after = self.mem, self.before[place], self.after[place]
        sigmoids, inner = self.sigmoids[place], self.inner[place]
        r, z, n = (part[place] for part in self.parts)
        np.dot(before, mem.params.recurrent_weight, out=mem.scratch.product)
        np.add(sigmoids, self.product[0], out=sigmoids)
        np.multiply(sigmoids, 0.5, out=sigmoids)
        np.tanh(sigmoids, out=sigmoids)
        np.multiply(sigmoids, 0.5, out=sigmoids)
        np.add(sigmoids, 0.5, out=sigmoids)
        if self.bias:
            np.add(self.product[1], mem.params.recurrent_bias, out=inner)
        else:
            inner[...] = self.product[1]
        np.multiply(r, inner, out=after)
        np.add(n, after, out=n)
        np.tanh(n, out=n)
        np.subtract(before, n, out=after)
        np.multiply(after, z, out=after)
        np.add(after, n, out=after)

    def retreat(self, place: int, carries: bool) -> None:
        """dn = dh (1 - z) (1 - n^2), dr = dn q r (1 - r), dz = dh (h - n) z (1 - z), and dq = dn r."""
        scratch, size = self.mem.scratch, self.size
        dstate, work, slope = scratch.dstate, scratch.work, scratch.slope
        sigmoids, dsigmoids, dinner = self.sigmoids[place], self.dsigmoids[place], self.dinner[place]
        r, z, n = (part[place] for part in self.parts)
        dr, dz, dn = (part[place] for part in self.dparts)
        np.multiply(n, n, out=work)
        np.subtract(1, work, out=work)
        np.subtract(1, z, out=dn)
        np.multiply(dn, work, out=dn)
        np.multiply(dn, dstate, out=dn)
        np.multiply(dn, self.inner[place], out=dr)
        np.subtract(self.before[place], n, out=work)
        np.multiply(work, dstate, out=dz)
        np.multiply(sigmoids, sigmoids, out=slope)
        np.subtract(sigmoids, slope, out=slope)
        np.multiply(dsigmoids, slope, out=dsigmoids)
        dinner[:, : 2 * size] = dsigmoids
        np.multiply(dn, r, out=dinner[:, 2 * size :])
        if carries:
            np.multiply(dstate, z, out=dstate)
            np.dot(dinner, self.mem.params.recurrent_weight.T, out=work)
            np.add(dstate, work, out=dstate)

    def forget(self, place: int, padded: Array) -> None:
        """Makes the gradients of this step 0 for padded samples."""
        super().forget(place, padded)
        np.copyto(self.dinner[place], 0, where=padded)

    def finish_state(self, dgates: Array) -> None:
        """Writes the gradients of the recurrent weight and bias."""
        mem, inner = self.mem, self.mem.scratch.dinner
        super().finish_state(inner)
        if self.bias:
            # Over all columns: `dot` would copy a part of them.
            np.dot(mem.saved.ones, inner, out=mem.scratch.sums)
            mem.grads.recurrent_bias[...] = mem.scratch.sums[2 * self.size :]


class GRU(Recurrent):
    """h_t = (1 - z) n + z h_(t-1), with h_0 = 0 and the output h_t.

    r = s(x_t W_r + h_(t-1) U_r + b_r), z = s(x_t W_z + h_(t-1) U_z + b_z), n = tanh(x_t W_n + b_n + r q) and
    q = h_(t-1) U_n + c, with the sigmoid s: the reset gate r scales the product of the state, not the state (PyTorch's
    variant, and Keras' with `reset_after`; the paper's is the other). x: (B, T, F), W: (F, 3H) and U: (H, 3H) with
    the columns (r, z, n) in PyTorch's order, b: (3H), c: (H), the `recurrent_bias`. PyTorch's other biases of the state
    only ever appear as a sum with b. See `Recurrent` for the shape of y, for padded steps and for the names of the
    parameters. Source: Cho et al. 2014.
    """

    type: Literal["gru"] = "gru"

    gates = 3

    def cell(self, x: Array, mem: Memory, reverse: bool) -> GRUCell:
        """One direction of one layer on its arrays."""
        return GRUCell(self, x, mem, reverse)

    def cell_plan(self, steps: int, features: int) -> Plan:
        """Adds q, its gradient, and its bias."""
        plan = super().cell_plan(steps, features)
        size = self.units
        params = dict(plan.params)
        if self.bias:
            params["recurrent_bias"] = self.bias_param(size)
        saved = {"inner": Buffer((size,), rows=steps)}
        scratch = {
            "dinner": Buffer((3 * size,), rows=steps),
            "slope": Buffer((2 * size,)),
            "sums": Buffer((3 * size,), per_sample=False),
        }
        return replace(plan, params=params, saved={**plan.saved, **saved}, scratch={**plan.scratch, **scratch})
