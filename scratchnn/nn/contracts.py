"""What the layer contract promises besides right gradients, checked by running a layer in several ways."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from scratchnn.nn.layer import InputSpec, Layer, Plan
from scratchnn.nn.memory import Array, Memory, Pass
from scratchnn.nn.network import Batch, DType, Network
from scratchnn.nn.samples import random_inputs, scatter

SAME = 1e-12  # two ways to the same float64 numbers; sums may run in another order
NEAR = 1e-5  # float32 against float64


class Copy(Layer):
    """y = x, never in place. Around a layer it makes a chain run that layer in place. Not for configs: no tag."""

    def plan(self, inputs: InputSpec) -> Plan:
        """No memory."""
        return Plan(inputs, reads_input=False)

    def forward(self, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        """Writes y = x."""
        y[...] = x

    def backward(self, x: Array, y: Array, dy: Array, dx: Array | None, mem: Memory, run: Pass) -> None:
        """Writes dx = dy."""
        if dx is not None:
            dx[...] = dy


class RaggedMask(Copy):
    """y = x for sequences (B, T, ...). Says that sample i has T - i % T real steps; the others are padding."""

    def forward(self, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        """Writes y = x, and the mask (B, T)."""
        super().forward(x, y, mem, run)
        samples, steps = x.shape[:2]
        run.mask = np.arange(steps) < steps - np.arange(samples)[:, None] % steps


@dataclass(frozen=True)
class Trial:
    """What a layer is run on: inputs, parameters and the gradient of the outputs, all exact in float32."""

    inputs: InputSpec
    x: Array
    dy: Array
    parameters: tuple[Array, ...]
    training: bool
    seed: int

    @classmethod
    def of(cls, layers: Sequence[Layer], inputs: InputSpec, rows: int, *, training: bool, seed: int) -> Trial:
        """Random arrays for these layers."""
        rng = np.random.default_rng(seed)
        network = Network(layers, inputs, dtype="float32")
        scatter(network, rng)
        parameters = tuple(slot.view(network.arena.parameters) for slot in network.arena.slots.values())
        x = random_inputs(inputs, rows, rng)
        if inputs.kind == "float":
            x = x.astype(np.float32).astype(np.float64)
        dy = rng.standard_normal((rows, *network.outputs.shape)).astype(np.float32).astype(np.float64)
        return cls(inputs, x, dy, parameters, training, seed)

    def start(
        self, layers: Sequence[Layer], *, dtype: DType = "float64", spare: int = 0, dx: bool = True
    ) -> tuple[Network, Batch]:
        """A network with these parameters, and its batch with these inputs."""
        network = Network(layers, self.inputs, dtype=dtype)
        network.initialize(np.random.default_rng(self.seed))
        for slot, values in zip(network.arena.slots.values(), self.parameters, strict=True):
            slot.view(network.arena.parameters)[...] = values
        rows = len(self.x)
        batch = network.workspace(rows + spare, input_gradient=dx, poison=True).batch(rows)
        batch.inputs[...] = self.x
        return network, batch

    def run(self, network: Network, batch: Batch) -> list[Array]:
        """Outputs, gradients of parameters and of inputs, and last the state, after one pass."""
        run = Pass(self.training, np.random.Generator(np.random.PCG64(self.seed)))
        arena = network.arena
        arena.gradients.fill(np.nan)
        outputs = batch.forward(run).copy()
        batch.output_gradient[...] = self.dy
        batch.backward(run)
        found = [outputs, *(slot.view(arena.gradients).copy() for slot in arena.slots.values())]
        if batch.input_gradient is not None:
            found.append(batch.input_gradient.copy())
        return [*found, arena.state.copy()]


def contract_errors(
    layers: Sequence[Layer], inputs: InputSpec, rows: int, *, training: bool, seed: int = 0
) -> Iterator[tuple[str, float]]:
    """Each promise with how far the layers, as one, are from it: 0 where it holds, else the largest difference."""
    trial = Trial.of(layers, inputs, rows, training=training, seed=seed)
    network, batch = trial.start(layers)
    reference = trial.run(network, batch)
    yield "x and y kept", difference([batch.inputs, batch.outputs], [trial.x, reference[0]], 0.0)
    yield "second pass", difference(trial.run(network, batch)[:-1], reference[:-1], SAME)
    yield "short batch", difference(trial.run(*trial.start(layers, spare=3)), reference, SAME)
    without = trial.run(*trial.start(layers, dx=False))
    yield "without dx", difference(without[:-1], reference[: len(without) - 1], SAME)
    copy = Copy()
    for place, row in {"first": [*layers, copy], "middle": [copy, *layers, copy], "last": [copy, *layers]}.items():
        yield f"placed {place}", difference(trial.run(*trial.start(row)), reference, SAME)
    yield "float32", difference(trial.run(*trial.start(layers, dtype="float32"))[:1], reference[:1], NEAR)


def difference(found: Sequence[Array], expected: Sequence[Array], tolerance: float) -> float:
    """The largest |a - b| / max(1, |b|) over all numbers, infinite where one is NaN; 0 up to the tolerance."""
    worst = 0.0
    for one, other in zip(found, expected, strict=True):
        gaps = np.abs(one - other) / np.maximum(1, np.abs(other))
        worst = max(worst, float(np.nan_to_num(gaps, nan=np.inf).max(initial=0.0)))
    return worst if worst > tolerance else 0.0
