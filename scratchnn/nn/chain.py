"""Layers one after the other: the root of every network, and the inside of every composite layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from scratchnn.errors import ShapeError
from scratchnn.nn.layer import InputSpec, Layer, Plan
from scratchnn.nn.memory import Array, Buffer, Memory, Pass


class Chain:
    """Plans and runs layers in a row. It owns the arrays between them: `y0`, `y1`, ... and two gradients in turn.

    A layer that works in place writes over the array before it, where nobody's backward reads that array.
    The last layer writes straight into the chain's own output. `where` names the list in errors.
    With `times` the layers come so many times, each time with parameters of their own: `2.0` is the first layer of the
    third copy.
    """

    def __init__(
        self, layers: Sequence[Layer], inputs: InputSpec, where: str = "layers", times: int | None = None
    ) -> None:
        if not layers:
            raise ShapeError("has no layers", where=where, hint="Add one.")
        indexes = range(len(layers))
        self.layers = tuple(layers) * (times or 1)
        self.places = [f"{where}[{index}]" for index in indexes] * (times or 1)
        if times is None:
            self.names = [str(index) for index in indexes]
        else:
            self.names = [f"{copy}.{index}" for copy in range(times) for index in indexes]
        self.specs = [inputs]
        plans: list[Plan] = []
        for layer, place in zip(self.layers, self.places, strict=True):
            plans.append(_plan(layer, self.specs[-1], place))
            self.specs.append(plans[-1].output)
        self.plans = tuple(plans)
        self._shares = _sharing(self.plans)

    def plan(self) -> Plan:
        """The plan of the whole: children by their index, arrays between them as saved buffers."""
        saved = {
            f"y{index}": Buffer(plan.output.shape, plan.output.kind)
            for index, plan in enumerate(self.plans[:-1])
            if not self._shares[index]
        }
        widest = max((spec.size for spec in self.specs[1:-1]), default=0)
        return Plan(
            output=self.specs[-1],
            saved=saved,
            scratch={"g0": Buffer((widest,)), "g1": Buffer((widest,))} if widest else {},
            children=dict(zip(self.names, self.plans, strict=True)),
            program=self,
            reads_input=any(plan.reads_input for plan in self.plans),
            reads_output=self.plans[-1].reads_output,
            fewest_samples=max(plan.fewest_samples for plan in self.plans),
            flops=sum(plan.flops for plan in self.plans),
        )

    def steps(self, x: Array, y: Array, mem: Memory) -> Steps:
        """The steps for these arrays: made at the first call, then kept as long as the arrays stay the same objects."""
        steps = mem.bound
        if steps is None or steps.x is not x or steps.y is not y:
            steps = mem.bound = self._bind(x, y, mem)
        return cast("Steps", steps)

    def _bind(self, x: Array, y: Array, mem: Memory) -> Steps:
        n = len(x)
        outputs: list[Array] = []
        for index, plan in enumerate(self.plans[:-1]):
            before = outputs[-1] if outputs else x
            own = None if self._shares[index] else getattr(mem.saved, f"y{index}")
            outputs.append(before.reshape(n, *plan.output.shape) if own is None else own)
        outputs.append(y)
        return Steps(self, [x, *outputs], mem)

    def gradient_arrays(self, n: int, mem: Memory, dy: Array, dx: Array | None) -> list[Array | None]:
        """For each border between layers the array of its gradient; the first is dx, the last dy."""
        arrays: list[Array | None] = [dy]
        turn = 0
        for index in range(len(self.plans) - 1, 0, -1):
            spec, after = self.specs[index], arrays[0]
            if self._shares[index] and after is not None:
                arrays.insert(0, after.reshape(n, *spec.shape))
                continue
            pool = (mem.scratch.g0, mem.scratch.g1)[turn]
            turn = 1 - turn
            arrays.insert(
                0, pool.reshape(-1)[: n * spec.size].reshape(n, *spec.shape) if spec.kind == "float" else None
            )
        arrays.insert(0, dx)
        return arrays


class Steps:
    """A chain bound to its arrays for one batch size, so that a step costs no look-up."""

    def __init__(self, chain: Chain, arrays: list[Array], mem: Memory) -> None:
        self.x, self.y = arrays[0], arrays[-1]
        self._chain = chain
        self._arrays = arrays
        self._mem = mem
        self._memories = [mem.children[name] for name in chain.names]
        self._forward = list(zip(chain.layers, arrays[:-1], arrays[1:], self._memories, strict=True))
        self._ends: tuple[Array, Array | None, int] | None = None
        self._cut = False  # whether ids lie between the chain's ends, so that no gradient comes to the first
        self._backward: list[tuple[Layer, Array, Array, Array, Array | None, Memory]] = []

    def forward(self, run: Pass) -> None:
        """Computes the output. Raises `ShapeError` where a layer cannot work on so few samples."""
        y = self.y
        try:
            before = run.before_layer
            for layer, x, y, mem in self._forward:
                if before is not None:
                    before(layer, x, y, mem, run)
                layer.forward(x, y, mem, run)
        except ShapeError as error:
            index = next(index for index, step in enumerate(self._forward) if step[2] is y)
            raise _placed(error, self._chain.places[index]) from None

    def backward(self, dy: Array, dx: Array | None, run: Pass, lowest: int = 0) -> None:
        """Computes every gradient, down to those of the layer `lowest` (then dx is not written); may destroy dy."""
        ends = self._ends
        if ends is None or ends[0] is not dy or ends[1] is not dx or ends[2] != lowest:
            self._bind_gradients(dy, dx, lowest)
        for layer, x, y, upper, lower, mem in self._backward:
            layer.backward(x, y, upper, lower, mem, run)
        if self._cut and dx is not None:
            dx.fill(0)

    def _bind_gradients(self, dy: Array, dx: Array | None, lowest: int) -> None:
        """Fixes the arrays of the gradients between these two."""
        arrays, chain = self._arrays, self._chain
        self._ends = (dy, dx, lowest)
        grads = chain.gradient_arrays(len(arrays[0]), self._mem, dy, dx)
        self._backward = []
        self._cut = False
        for index in range(len(chain.layers) - 1, lowest - 1, -1):
            upper = grads[index + 1]
            if upper is None:
                self._cut = True
                break  # below are ids: they have no gradient, and the layers between them no parameters
            lower = None if 0 < index == lowest else grads[index]
            step = (chain.layers[index], arrays[index], arrays[index + 1], upper, lower, self._memories[index])
            self._backward.append(step)


def _plan(layer: Layer, inputs: InputSpec, where: str) -> Plan:
    try:
        return layer.plan(inputs)
    except ShapeError as error:
        raise _placed(error, where) from None


def _placed(error: ShapeError, where: str) -> ShapeError:
    """The same error with its place; a chain inside this layer has named the closer part of it already."""
    place = f"{where}.{error.where}" if error.where else where
    return ShapeError(error.message, where=place, hint=error.hint)


def _sharing(plans: Sequence[Plan]) -> list[bool]:
    """For each layer whether its output lies in its input's storage. The chain's own input is only ever reshaped."""
    shares: list[bool] = []
    locked = True  # the storage must not be overwritten
    for index, plan in enumerate(plans):
        last = index == len(plans) - 1
        share = not last and (plan.reshapes or (plan.in_place and not locked))
        shares.append(share)
        locked = (share and (locked or plan.reads_input)) or plan.reads_output
    return shares
