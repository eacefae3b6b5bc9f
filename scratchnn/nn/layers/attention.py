"""Attention: every step of a sequence looks at the others."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from pydantic import Field

from scratchnn.errors import ShapeError
from scratchnn.nn.layer import InputSpec, Plan, WeightedLayer
from scratchnn.nn.memory import Array, Buffer, Memory, Pass

ROTARY_BASE = 10000.0


class MultiHeadAttention(WeightedLayer):
    """y = concat(O_1 .. O_h) W_o + b_o, with O_i = softmax(Q_i K_i' / sqrt(d)) V_i and d = units / heads.

    x: (B, T, F), y: (B, T, units).
    Q, K and V are slices of x W + b, W: (F, units + 2 key_heads d), W_o: (units, units). With fewer `key_heads` than
    heads, heads / key_heads neighbouring heads share one K and V (grouped queries, Ainslie et al. 2023). `causal`: a
    step sees itself and the steps before. Nobody sees padding (the mask of the steps); a step that sees nothing gets
    O = 0, where PyTorch gives NaN. Source: Vaswani et al. 2017; PyTorch's `MultiheadAttention(x, x, x)`.

    `rotary` turns the pair of numbers (2i, 2i + 1) of each Q and K by the angle t 10000^(-2i / d) at step t, counted
    from 0: the interleaved variant of Su et al. 2021, not the one that pairs i with i + d / 2.
    """

    type: Literal["multi_head_attention"] = "multi_head_attention"
    heads: int = Field(ge=1, description="How many heads; divides `units`.")
    units: int | None = Field(None, ge=1, description="Outputs of each step; as many as inputs when absent.")
    key_heads: int | None = Field(None, ge=1, description="Heads of K and V; divides `heads`, which it is when absent.")
    causal: bool = Field(False, description="Whether a step is kept from seeing later ones.")
    rotary: bool = Field(False, description="Whether to turn Q and K by the place of their step.")
    dropout: float = Field(0.0, ge=0, lt=1, description="Share of the attention weights that become 0 in training.")
    bias: bool = Field(True, description="Whether to add b and b_o.")

    def plan(self, inputs: InputSpec) -> Plan:
        """One product for Q, K and V. The softmax is kept without its division, which is done on O instead."""
        self.expects_numbers(inputs)
        hint = 'Add "reshape" or "embedding" before it.'
        self.expects(len(inputs.shape) == 2, "steps of numbers (T, F)", inputs, hint)
        steps, features = inputs.shape
        layout = self._layout(steps, self.units or features)
        units, packed = layout.units, layout.units + 2 * layout.key_heads * layout.width
        params = {"weight": self.weight_param((features, packed), (features, units))}
        square = (self.heads, steps, steps)
        saved = {
            "packed": Buffer((steps, packed)),
            "weights": Buffer(square),
            "total": Buffer((self.heads, steps, 1)),
            "context": Buffer((steps, units)),
            "column": Buffer((max(steps, layout.width), 1), per_sample=False, fill=1.0),
        }
        scratch = {
            "work": Buffer(square),
            "dpacked": Buffer((steps, packed)),
            "dcontext": Buffer((steps, units)),
            "product": Buffer((steps, units)),
            "along": Buffer((steps, self.heads, 1)),
            "hidden": Buffer((steps,), "bool"),
        }
        if self.bias:
            params["bias"] = self.bias_param(packed)
            saved["ones"] = Buffer(rows=steps, fill=1.0)
        if self.dropout:
            saved["keep"] = Buffer(square)
            scratch["draws"] = Buffer(square, "float32")
        if layout.group > 1:
            scratch["parts"] = Buffer((steps, units))
        params["output_weight"] = self.weight_param((units, units), (units, units))
        if self.bias:
            params["output_bias"] = self.bias_param(units)
        flops = 2 * steps * (features * packed + units * units) + 4 * steps * steps * units
        return Plan(InputSpec((steps, units)), params, saved, scratch, program=layout, flops=flops)

    def _layout(self, steps: int, units: int) -> _Layout:
        """Raises `ShapeError` where the heads do not divide the numbers among them."""
        key_heads = self.key_heads or self.heads
        if units % self.heads:
            message = f"({self.tag()}) cannot share {units} units among {self.heads} heads"
            raise ShapeError(message, hint="Choose a number of heads that divides the units.")
        if self.heads % key_heads:
            message = f"({self.tag()}) cannot share {key_heads} key_heads among {self.heads} heads"
            raise ShapeError(message, hint="Choose a number of key_heads that divides the heads.")
        width = units // self.heads
        if self.rotary and width % 2:
            message = f"({self.tag()}) rotary needs an even number of units a head, got {width}"
            raise ShapeError(message, hint="Choose other units or heads.")
        return _Layout(steps, units, self.heads, key_heads, self.causal, self.rotary)

    def forward(self, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        """Writes y."""
        views = _views(mem)
        packed, weights, total = mem.saved.packed, views.weights, views.total
        np.dot(_rows(x), mem.params.weight, out=_rows(packed))
        if self.bias:
            np.add(packed, mem.params.bias, out=packed)
        np.multiply(views.turned, views.turn, out=views.turned)
        np.matmul(views.query, views.key.mT, out=weights)
        if self.causal:
            np.add(weights, views.future, out=weights)
        if run.mask is not None:
            np.logical_not(run.mask, out=mem.scratch.hidden)
            np.copyto(weights, -np.inf, where=mem.scratch.hidden[:, None, None, None, :])
        # Without `initial` the maximum of a step that sees nothing is -inf, and -inf - -inf is NaN.
        lowest = np.finfo(weights.dtype).min
        np.maximum.reduce(weights, axis=-1, keepdims=True, initial=lowest, out=total)
        np.subtract(weights, total, out=weights)
        np.exp(weights, out=weights)
        np.dot(_rows(weights), views.step_ones, out=_rows(total))
        np.maximum(total, 1, out=total)  # a step that sees something has a sum of 1 or more
        kept = weights
        if self.dropout and run.drops:
            draws, keep = mem.scratch.draws, mem.saved.keep
            run.rng.random(dtype=np.float32, out=draws)
            np.greater_equal(draws, self.dropout, out=keep)
            np.multiply(keep, 1 / (1 - self.dropout), out=keep)
            kept = np.multiply(weights, views.keep, out=views.work)
        np.matmul(kept, views.value, out=views.context)
        np.divide(views.context, total, out=views.context)
        np.dot(_rows(mem.saved.context), mem.params.output_weight, out=_rows(y))
        if self.bias:
            np.add(y, mem.params.output_bias, out=y)

    def backward(self, x: Array, y: Array, dy: Array, dx: Array | None, mem: Memory, run: Pass) -> None:
        """Writes the gradients of weights and biases, and dx.

        With E the softmax before its division by the sums s, and G = dO / s: dV = E' G, and the gradient of
        Q K' is E (G V' - g), where g = sum of G O over the numbers of a head.
        """
        views = _views(mem)
        rows, context, dcontext, dpacked = _rows(dy), mem.saved.context, mem.scratch.dcontext, mem.scratch.dpacked
        np.dot(_rows(context).T, rows, out=mem.grads.output_weight)
        np.dot(rows, mem.params.output_weight.T, out=_rows(dcontext))
        np.divide(views.dcontext, views.total, out=views.dcontext)
        np.multiply(dcontext, context, out=mem.scratch.product)
        np.dot(mem.scratch.product.reshape(-1, mem.program.width), views.width_ones, out=_rows(mem.scratch.along))
        dropped = self.dropout > 0 and run.drops
        work = views.work
        kept = np.multiply(views.weights, views.keep, out=work) if dropped else views.weights
        _add_group(kept.mT, views.dcontext, views.dvalue, views.parts)
        np.matmul(views.dcontext, views.value.mT, out=work)
        if dropped:
            np.multiply(work, views.keep, out=work)
        np.subtract(work, views.along, out=work)
        np.multiply(work, views.weights, out=work)
        np.matmul(work, views.key, out=views.dquery)
        _add_group(work.mT, views.query, views.dkey, views.parts)
        np.multiply(views.dturned, views.turn_back, out=views.dturned)
        np.dot(_rows(x).T, _rows(dpacked), out=mem.grads.weight)
        if self.bias:
            np.dot(mem.saved.ones, _rows(dpacked), out=mem.grads.bias)
            np.dot(mem.saved.ones, rows, out=mem.grads.output_bias)
        if dx is not None:
            np.dot(_rows(dpacked), mem.params.weight.T, out=_rows(dx))


class _Layout:
    """How the numbers of a step are shared among the heads: Q of each head, K of each key head, V of each key head."""

    def __init__(self, steps: int, units: int, heads: int, key_heads: int, causal: bool, rotary: bool) -> None:
        self.steps, self.units, self.heads, self.key_heads = steps, units, heads, key_heads
        self.width, self.group = units // heads, heads // key_heads
        self.causal, self.rotary = causal, rotary

    def split(self, packed: Array) -> tuple[Array, Array, Array]:
        """Views of Q (B, key_heads, group, T, d), and of K and V with a group of 1."""
        borders = [self.units, self.units + self.key_heads * self.width]
        query, key, value = np.split(packed, borders, axis=-1)
        return self.heads_of(query, self.group), self.heads_of(key, 1), self.heads_of(value, 1)

    def heads_of(self, array: Array, group: int) -> Array:
        """(B, T, key_heads * group * d) -> (B, key_heads, group, T, d), a view."""
        split = array.reshape(*array.shape[:2], self.key_heads, group, -1)
        return split.transpose(0, 2, 3, 1, 4)

    def squares(self, array: Array) -> Array:
        """(B, heads, T, ...) -> (B, key_heads, group, T, ...), a view."""
        return array.reshape(len(array), self.key_heads, self.group, *array.shape[2:])

    def turned(self, packed: Array) -> Array:
        """The part of x W + b that `turn` multiplies; with rotary Q and K as complex numbers, else Q alone."""
        if not self.rotary:
            return packed[..., : self.units]
        end = self.units + self.key_heads * self.width
        return packed[..., :end].view(np.result_type(packed.dtype, np.complex64))

    def turn(self) -> Array:
        """The factors: 1 / sqrt(d) for Q, with rotary also e^(i angle) for Q and K, (T, pairs)."""
        scale = self.width**-0.5
        if not self.rotary:
            return np.array(scale)
        factors = rotations(self.steps, self.width)
        return np.concatenate([np.tile(scale * factors, self.heads), np.tile(factors, self.key_heads)], axis=1)


class _Views:
    """Every view that a pass needs, made once for a batch size."""

    def __init__(self, mem: Memory) -> None:
        layout: _Layout = mem.program
        saved, scratch = mem.saved, mem.scratch
        dtype = saved.packed.dtype
        self.query, self.key, self.value = layout.split(saved.packed)
        self.dquery, self.dkey, self.dvalue = layout.split(scratch.dpacked)
        self.turned, self.dturned = layout.turned(saved.packed), layout.turned(scratch.dpacked)
        self.turn = layout.turn().astype(self.turned.dtype)
        self.turn_back = np.conjugate(self.turn)
        self.weights, self.work = layout.squares(saved.weights), layout.squares(scratch.work)
        self.total = layout.squares(saved.total)
        self.keep: Any = layout.squares(saved.keep) if hasattr(saved, "keep") else None
        self.context = layout.heads_of(saved.context, layout.group)
        self.dcontext = layout.heads_of(scratch.dcontext, layout.group)
        self.parts = layout.heads_of(scratch.parts, layout.group) if layout.group > 1 else None
        self.along = layout.heads_of(scratch.along[..., 0], layout.group)
        self.step_ones, self.width_ones = saved.column[: layout.steps], saved.column[: layout.width]
        self.future: Any = np.triu(np.full((layout.steps, layout.steps), -np.inf, dtype), 1) if layout.causal else None


def rotations(steps: int, width: int) -> Array:
    """e^(i t 10000^(-2i / d)) for each step t and each pair i of numbers, (T, d / 2) in complex128.

    >>> rotations(2, 4).round(3).tolist()
    [[(1+0j), (1+0j)], [(0.54+0.841j), (1+0.01j)]]
    """
    angles = np.arange(steps)[:, None] * ROTARY_BASE ** (-2 * np.arange(width // 2) / width)
    factors: Array = np.exp(1j * angles)
    return factors


def _views(mem: Memory) -> _Views:
    if mem.bound is None:
        mem.bound = _Views(mem)
    views: _Views = mem.bound
    return views


def _add_group(left: Array, right: Array, out: Array, parts: Array | None) -> None:
    """Writes the product, summed over the heads that share one K and V."""
    if parts is None:
        np.matmul(left, right, out=out)
    else:
        np.matmul(left, right, out=parts)
        np.add.reduce(parts, axis=2, keepdims=True, out=out)


def _rows(array: Array) -> Array:
    """(..., F) -> (N, F)."""
    return array.reshape(-1, array.shape[-1])
