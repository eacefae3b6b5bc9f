"""Layers in which one part of the input weighs, chooses or bends another, in order of growing complexity."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from pydantic import Field

from scratchnn.nn.activations import GELU, Activation, ReLU, Sigmoid, SiLU
from scratchnn.nn.chain import Chain
from scratchnn.nn.initializers import Constant, Initializer
from scratchnn.nn.layer import InputSpec, Layer, Param, Plan
from scratchnn.nn.layers.dense import Dense
from scratchnn.nn.memory import Array, Buffer, Memory, Pass


class PReLU(Layer):
    """y = x where x > 0, else slope x, with a learned slope; the derivative at 0 is `slope`. x, y: (B, ..., C).

    slope: (C), or (1) where it is shared. Never decayed: that would turn it into relu. dslope = sum of dy min(x, 0).
    Source: He et al. 2015; PyTorch's default is one slope for all.
    """

    type: Literal["prelu"] = "prelu"
    shared: bool = Field(True, description="Whether all channels share one slope.")
    slope_init: Initializer = Field(Constant(value=0.25), description="How the slope starts.")

    def plan(self, inputs: InputSpec) -> Plan:
        """One array to work in; backward reads x."""
        self.expects_numbers(inputs)
        channels = inputs.shape[-1]
        rows = inputs.size // channels
        return Plan(
            inputs,
            params={"slope": Param((1,) if self.shared else (channels,), self.slope_init, decay=False)},
            saved={"ones": Buffer(rows=rows, fill=1.0)},
            scratch={"work": Buffer(inputs.shape), "row": Buffer((channels,), per_sample=False)},
            flops=3 * inputs.size,
        )

    def forward(self, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        """Writes y = max(x, 0) + slope min(x, 0)."""
        np.minimum(x, 0, out=mem.scratch.work)
        np.multiply(mem.scratch.work, mem.params.slope, out=mem.scratch.work)
        np.maximum(x, 0, out=y)
        np.add(y, mem.scratch.work, out=y)

    def backward(self, x: Array, y: Array, dy: Array, dx: Array | None, mem: Memory, run: Pass) -> None:
        """Writes the gradient of the slope, and dx = dy where x > 0, else slope dy."""
        work, row = mem.scratch.work, mem.scratch.row
        np.minimum(x, 0, out=work)
        np.multiply(work, dy, out=work)
        np.dot(mem.saved.ones, work.reshape(-1, len(row)), out=row)
        if self.shared:
            np.add.reduce(row, keepdims=True, out=mem.grads.slope)
        else:
            mem.grads.slope[...] = row
        if dx is None:
            return
        np.less_equal(x, 0, out=work)
        np.subtract(mem.params.slope, 1, out=row)
        np.multiply(work, row, out=work)
        np.add(work, 1, out=work)
        np.multiply(dy, work, out=dx)


class Maxout(Layer):
    """y_u = the largest of the `pieces` neighbouring inputs x_(u pieces), x_(u pieces + 1), ...

    x: (B, ..., U pieces), y: (B, ..., U); without weights: put a dense layer before it. The first of equal inputs takes
    the gradient. Source: Goodfellow et al. 2013.
    """

    type: Literal["maxout"] = "maxout"
    pieces: int = Field(2, ge=2, description="How many inputs compete for an output.")

    def plan(self, inputs: InputSpec) -> Plan:
        """Keeps which piece won."""
        self.expects_numbers(inputs)
        size = inputs.shape[-1]
        fits = size % self.pieces == 0
        self.expects(fits, f"a multiple of {self.pieces} numbers", inputs, "Choose `pieces` that divide the units.")
        output = inputs.reshaped(*inputs.shape[:-1], size // self.pieces)
        return Plan(
            output,
            saved={"winner": Buffer(output.shape, "ids")},
            scratch={"higher": Buffer(output.shape, "bool")},
            reads_input=False,
            flops=inputs.size,
        )

    def forward(self, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        """Writes y, and which piece won."""
        winner, higher = mem.saved.winner, mem.scratch.higher
        y[...] = x[..., :: self.pieces]
        winner.fill(0)
        for piece in range(1, self.pieces):
            candidate = x[..., piece :: self.pieces]
            np.greater(candidate, y, out=higher)
            np.copyto(winner, piece, where=higher)
            np.maximum(y, candidate, out=y)

    def backward(self, x: Array, y: Array, dy: Array, dx: Array | None, mem: Memory, run: Pass) -> None:
        """Writes dx = dy for the piece that won, else 0."""
        if dx is None:
            return
        for piece in range(self.pieces):
            np.equal(mem.saved.winner, piece, out=mem.scratch.higher)
            np.multiply(dy, mem.scratch.higher, out=dx[..., piece :: self.pieces])


class GatedUnit(Layer):
    """The base of glu and its kin: y = a f(b), where x is a and b side by side. x: (B, ..., 2 F), y: (B, ..., F)."""

    def function(self) -> Activation:
        """f."""
        raise NotImplementedError

    def plan(self, inputs: InputSpec) -> Plan:
        """Keeps f(b), computed in place; backward reads a."""
        self.expects_numbers(inputs)
        fits = inputs.shape[-1] % 2 == 0
        self.expects(fits, "an even number of features", inputs, "Give the layer before it twice the units.")
        output = inputs.reshaped(*inputs.shape[:-1], inputs.shape[-1] // 2)
        inner = self.function().plan(output)
        return Plan(
            output,
            saved={"gate": Buffer(output.shape)},
            scratch={"upper": Buffer(output.shape)},
            children={"function": inner},
            program=self.function(),
            flops=inner.flops + output.size,
        )

    def forward(self, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        """Writes y."""
        features = y.shape[-1]
        gate = mem.saved.gate
        gate[...] = x[..., features:]
        mem.program.forward(gate, gate, mem.children["function"])
        np.multiply(x[..., :features], gate, out=y)

    def backward(self, x: Array, y: Array, dy: Array, dx: Array | None, mem: Memory, run: Pass) -> None:
        """Writes dx: dy f(b) beside dy a f'(b)."""
        if dx is None:
            return
        features = y.shape[-1]
        gate, upper = mem.saved.gate, mem.scratch.upper
        np.multiply(dy, x[..., :features], out=upper)
        mem.program.backward(gate, gate, upper, upper, mem.children["function"])
        np.multiply(dy, gate, out=dx[..., :features])
        dx[..., features:] = upper


class GLU(GatedUnit):
    """y = a sigmoid(b), where x is a and b side by side. x: (B, ..., 2 F), y: (B, ..., F).

    Without weights: put a dense layer of 2 F units before it. Source: Dauphin et al. 2017; PyTorch's variant.
    """

    type: Literal["glu"] = "glu"

    def function(self) -> Activation:
        """The sigmoid."""
        return Sigmoid()


class GEGLU(GatedUnit):
    """y = a gelu(b), exact, where x is a and b side by side. x: (B, ..., 2 F), y: (B, ..., F).

    Without weights: put a dense layer of 2 F units before it. Source: Shazeer 2020.
    """

    type: Literal["geglu"] = "geglu"

    def function(self) -> Activation:
        """The exact gelu."""
        return GELU()


class SwiGLU(GatedUnit):
    """y = a silu(b), where x is a and b side by side. x: (B, ..., 2 F), y: (B, ..., F).

    Without weights: put a dense layer of 2 F units before it. Source: Shazeer 2020.
    """

    type: Literal["swiglu"] = "swiglu"

    def function(self) -> Activation:
        """silu."""
        return SiLU()


class SqueezeExcite(Layer):
    """y = x g(W2 f(W1 s + b1) + b2), with s the mean of each channel over all places. x, y: (B, ..., C).

    W1 brings C channels to C / ratio (rounded down, at least 1), W2 back. Steps of a sequence that are padding do not
    count in the mean. Source: Hu et al. 2018, with f relu and g sigmoid.
    """

    type: Literal["squeeze_excite"] = "squeeze_excite"
    ratio: int = Field(16, ge=1, description="How many times fewer units there are inside than channels.")
    activation: Activation = Field(ReLU(), description="f, inside.")
    gate: Activation = Field(Sigmoid(), description="g, which weighs the channels.")

    def plan(self, inputs: InputSpec) -> Plan:
        """Two dense layers on the means, and the weight of each place in its sample's mean."""
        self.expects_numbers(inputs)
        fits = len(inputs.shape) >= 2
        self.expects(fits, "images or sequences", inputs, "Place it after a convolution or a layer of steps.")
        channels, places = inputs.shape[-1], math.prod(inputs.shape[:-1])
        inside = Dense(units=max(1, channels // self.ratio), activation=self.activation)
        chain = Chain([inside, Dense(units=channels, activation=self.gate)], InputSpec((channels,)))
        inner = chain.plan()
        by_channel = Buffer((channels,))
        return Plan(
            inputs,
            saved={"mean": by_channel, "gate": by_channel, "weights": Buffer((1, places))},
            scratch={"upper": by_channel, "lower": by_channel, "product": Buffer((places, channels))},
            children={"gate": inner},
            program=chain,
            flops=inner.flops + 2 * inputs.size,
        )

    def forward(self, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        """Writes y."""
        mean, gate, weights = mem.saved.mean, mem.saved.gate, mem.saved.weights
        if run.mask is not None and x.ndim == 3 and run.mask.shape == x.shape[:2]:
            count = np.maximum(run.mask.sum(axis=1, keepdims=True), 1)
            np.divide(run.mask, count, out=weights[:, 0])
        else:
            weights.fill(1 / weights.shape[-1])
        rows = x.reshape(len(x), -1, x.shape[-1])
        np.matmul(weights, rows, out=mean[:, None])
        mem.program.steps(mean, gate, mem.children["gate"]).forward(run)
        np.multiply(rows, gate[:, None], out=y.reshape(rows.shape))

    def backward(self, x: Array, y: Array, dy: Array, dx: Array | None, mem: Memory, run: Pass) -> None:
        """Writes the gradients of both dense layers, and dx = dy gate + what comes back through the mean."""
        mean, gate, weights = mem.saved.mean, mem.saved.gate, mem.saved.weights
        upper, lower, product = mem.scratch.upper, mem.scratch.lower, mem.scratch.product
        dy = dy.reshape(product.shape)
        np.multiply(dy, x.reshape(product.shape), out=product)
        np.add.reduce(product, axis=1, out=upper)
        mem.program.steps(mean, gate, mem.children["gate"]).backward(upper, None if dx is None else lower, run)
        if dx is None:
            return
        dx = dx.reshape(product.shape)
        np.multiply(dy, gate[:, None], out=dx)
        np.multiply(weights.transpose(0, 2, 1), lower[:, None], out=product)
        np.add(dx, product, out=dx)
