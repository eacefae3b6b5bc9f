"""Layers made of layers, in order of growing complexity.

A mask of real steps goes into every branch as it came; after a composite with branches it is what the first one left.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field

from scratchnn.errors import ShapeError
from scratchnn.nn.activations import Linear
from scratchnn.nn.chain import Chain
from scratchnn.nn.layer import InputSpec, Layer, Plan, with_outputs
from scratchnn.nn.layers.activation import ActivationLayer
from scratchnn.nn.layers.dense import Dense
from scratchnn.nn.memory import Array, Buffer, Memory, Pass

Layers = Annotated[list[Layer], Field(min_length=1)]


class Stack(Layer):
    """The base of the composites with one row of layers."""

    layers: Layers = Field(description="The layers, first to last.")

    def with_outputs(self, count: int) -> Self:
        """Fills in `units: auto` of the last layer."""
        return self.model_copy(update={"layers": with_outputs(self.layers, count)})

    def forward(self, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        """Writes y."""
        mem.program.steps(x, y, mem).forward(run)

    def backward(self, x: Array, y: Array, dy: Array, dx: Array | None, mem: Memory, run: Pass) -> None:
        """Writes the gradients of every layer, and dx."""
        mem.program.steps(x, y, mem).backward(dy, dx, run)


class Sequential(Stack):
    """y = f_n(... f_1(x)): layers one after the other, as one layer."""

    type: Literal["sequential"] = "sequential"

    def plan(self, inputs: InputSpec) -> Plan:
        """That of a chain."""
        return Chain(self.layers, inputs).plan()


class Repeat(Stack):
    """The same layers `times` times, one copy after the other. Each copy has parameters of its own.

    Parameters are named by copy and layer: `2.0.weight` is that of the first layer of the third copy.
    """

    type: Literal["repeat"] = "repeat"
    times: int = Field(ge=1, le=1000, description="How many copies.")

    def plan(self, inputs: InputSpec) -> Plan:
        """That of a chain of all copies."""
        return Chain(self.layers, inputs, times=self.times).plan()


class Residual(Stack):
    """y = f(x) + s(x): f are the layers, s is the shortcut.

    Without `shortcut`, s(x) = x, or x times a matrix (without bias) where only the last axis changes its size, as the
    "projection" of the paper. The gradient dx is the sum over both ways. Source: He et al. 2016.
    """

    type: Literal["residual"] = "residual"
    shortcut: Layers | None = Field(
        None, description="Layers of the shortcut. Absent: none, or a projection where the last axis changes."
    )

    def plan(self, inputs: InputSpec) -> Plan:
        """Both ways. f writes straight into y where its last layer does not need its own output later."""
        self.expects_numbers(inputs)
        branch = Chain(self.layers, inputs)
        output = branch.specs[-1]
        shortcut = self._shortcut(inputs, output)
        chains = {"branch": branch} | ({"shortcut": shortcut} if shortcut else {})
        children = {name: chain.plan() for name, chain in chains.items()}
        saved, scratch = {}, {"lower": Buffer(inputs.shape)}
        if children["branch"].reads_output:
            saved["branch"] = Buffer(output.shape)
        if shortcut:
            (saved if children["shortcut"].reads_output else scratch)["shortcut"] = Buffer(output.shape)
            scratch["upper"] = Buffer(output.shape)
        return Plan(
            output,
            saved=saved,
            scratch=scratch,
            children=children,
            program=chains,
            reads_input=any(child.reads_input for child in children.values()),
            fewest_samples=max(child.fewest_samples for child in children.values()),
            flops=sum(child.flops for child in children.values()) + output.size,
        )

    def _shortcut(self, inputs: InputSpec, output: InputSpec) -> Chain | None:
        """The chain beside the layers; None where it is x itself."""
        if self.shortcut is not None:
            chain = Chain(self.shortcut, inputs, "shortcut")
            if chain.specs[-1].shape != output.shape:
                message = f"(residual) layers give {output.shape}, the shortcut gives {chain.specs[-1].shape}"
                raise ShapeError(message, hint="Let both give the same shape.")
            return chain
        if output.kind != "float" or output.shape[:-1] != inputs.shape[:-1]:
            message = f"(residual) layers turn {inputs.shape} into {output.shape}; without a shortcut only the last"
            raise ShapeError(f"{message} axis may change", hint="Add a `shortcut` with layers that do the same.")
        return None if output.shape == inputs.shape else Chain([Dense(units=output.shape[-1], bias=False)], inputs)

    def forward(self, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        """Writes y."""
        mask = run.mask
        inner = getattr(mem.saved, "branch", y)
        mem.program["branch"].steps(x, inner, mem.children["branch"]).forward(run)
        if "shortcut" not in mem.program:
            np.add(inner, x, out=y)
            return
        run.mask, after = mask, run.mask
        beside = _own("shortcut", mem)
        mem.program["shortcut"].steps(x, beside, mem.children["shortcut"]).forward(run)
        np.add(inner, beside, out=y)
        run.mask = after

    def backward(self, x: Array, y: Array, dy: Array, dx: Array | None, mem: Memory, run: Pass) -> None:
        """Writes the gradients of both ways, and dx."""
        lower = None if dx is None else mem.scratch.lower
        if "shortcut" in mem.program:
            mem.scratch.upper[...] = dy
            steps = mem.program["shortcut"].steps(x, _own("shortcut", mem), mem.children["shortcut"])
            steps.backward(mem.scratch.upper, lower, run)
        elif lower is not None:
            lower[...] = dy
        inner = getattr(mem.saved, "branch", y)
        mem.program["branch"].steps(x, inner, mem.children["branch"]).backward(dy, dx, run)
        if dx is not None and lower is not None:
            np.add(dx, lower, out=dx)


class Parallel(Layer):
    """Every branch gets x; y is what `merge` makes of their outputs. A branch without layers is x itself.

    add, average, multiply, max: number by number, for outputs of one shape. concat: along the last axis; the other axes
    agree. Where several branches share the maximum, the first takes the gradient. dx is the sum over the branches.
    """

    type: Literal["parallel"] = "parallel"
    branches: list[list[Layer]] = Field(min_length=1, description="The layers of each branch.")
    merge: Literal["add", "concat", "multiply", "average", "max"] = Field("add", description="How outputs are joined.")

    def plan(self, inputs: InputSpec) -> Plan:
        """Each branch with an array for its output, kept until backward where a branch or `multiply` reads it."""
        nothing = ActivationLayer(function=Linear())
        chains = [
            Chain(layers or [nothing], inputs, f"branches[{index}]") for index, layers in enumerate(self.branches)
        ]
        output = self._merged([chain.specs[-1] for chain in chains])
        children = {str(index): chain.plan() for index, chain in enumerate(chains)}
        saved: dict[str, Buffer] = {}
        scratch = {"lower": Buffer(inputs.shape)} if inputs.kind == "float" else {}
        for name, child in children.items():
            kept = child.reads_output or self.merge == "multiply"
            (saved if kept else scratch)[f"y{name}"] = Buffer(child.output.shape)
            scratch[f"dy{name}" if self.merge == "concat" else "dy"] = Buffer(child.output.shape)
        if self.merge == "max":
            saved["winner"] = Buffer(output.shape, "ids")
            scratch["higher"] = Buffer(output.shape, "bool")
        return Plan(
            output,
            saved=saved,
            scratch=scratch,
            children=children,
            program=chains,
            reads_input=any(child.reads_input for child in children.values()),
            fewest_samples=max(child.fewest_samples for child in children.values()),
            flops=sum(child.flops for child in children.values()) + output.size * (len(chains) - 1),
        )

    def _merged(self, outputs: list[InputSpec]) -> InputSpec:
        """What comes out. Raises `ShapeError` where the branches do not fit each other."""
        first = outputs[0]
        for index, output in enumerate(outputs):
            where = f"branches[{index}]"
            if output.kind != "float":
                raise ShapeError("gives ids: only numbers can be merged", where=where, hint='Add "embedding".')
            if self.merge == "concat":
                if output.shape[:-1] != first.shape[:-1]:
                    message = f"gives {output.shape}, the first branch {first.shape}"
                    raise ShapeError(message, where=where, hint="For concat all axes but the last must agree.")
            elif output.shape != first.shape:
                message = f"gives {output.shape}, the first branch {first.shape}"
                raise ShapeError(message, where=where, hint=f"For {self.merge} all branches give the same shape.")
        if self.merge != "concat":
            return first.reshaped(*first.shape)
        return first.reshaped(*first.shape[:-1], sum(output.shape[-1] for output in outputs))

    def forward(self, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        """Writes y."""
        mask = after = run.mask
        start = 0
        for index, chain in enumerate(mem.program):
            run.mask = mask
            out = _own(f"y{index}", mem)
            chain.steps(x, out, mem.children[str(index)]).forward(run)
            if index == 0:
                after = run.mask
            if self.merge == "concat":
                y[..., start : start + out.shape[-1]] = out
                start += out.shape[-1]
            else:
                self._merge(index, out, y, mem)
        if self.merge == "average":
            np.multiply(y, 1 / len(mem.program), out=y)
        run.mask = after

    def _merge(self, index: int, out: Array, y: Array, mem: Memory) -> None:
        """Joins the output of one branch to what is in y from those before."""
        if index == 0:
            y[...] = out
            if self.merge == "max":
                mem.saved.winner.fill(0)
        elif self.merge == "multiply":
            np.multiply(y, out, out=y)
        elif self.merge == "max":
            np.greater(out, y, out=mem.scratch.higher)
            np.copyto(mem.saved.winner, index, where=mem.scratch.higher)
            np.maximum(y, out, out=y)
        else:
            np.add(y, out, out=y)

    def backward(self, x: Array, y: Array, dy: Array, dx: Array | None, mem: Memory, run: Pass) -> None:
        """Writes the gradients of every branch, and dx."""
        start = 0
        for index, chain in enumerate(mem.program):
            out = _own(f"y{index}", mem)
            if self.merge == "concat":
                upper = getattr(mem.scratch, f"dy{index}")
                upper[...] = dy[..., start : start + out.shape[-1]]
                start += out.shape[-1]
            else:
                upper = mem.scratch.dy
                self._share(index, dy, upper, mem)
            steps = chain.steps(x, out, mem.children[str(index)])
            if dx is None or index == 0:
                steps.backward(upper, dx, run)
            else:
                steps.backward(upper, mem.scratch.lower, run)
                np.add(dx, mem.scratch.lower, out=dx)

    def _share(self, index: int, dy: Array, upper: Array, mem: Memory) -> None:
        """Writes the gradient of one branch's output."""
        if self.merge == "average":
            np.multiply(dy, 1 / len(mem.program), out=upper)
        elif self.merge == "max":
            np.equal(mem.saved.winner, index, out=mem.scratch.higher)
            np.multiply(dy, mem.scratch.higher, out=upper)
        else:
            upper[...] = dy
        if self.merge == "multiply":
            for other in range(len(mem.program)):
                if other != index:
                    np.multiply(upper, _own(f"y{other}", mem), out=upper)


def _own(name: str, mem: Memory) -> Array:
    """The array for a branch's output: kept, or not needed later."""
    array: Array = mem.saved.__dict__[name] if name in mem.saved.__dict__ else getattr(mem.scratch, name)
    return array
