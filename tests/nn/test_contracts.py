from __future__ import annotations

import numpy as np
import pytest

from scratchnn.nn.contracts import Copy, contract_errors, difference
from scratchnn.nn.layer import InputSpec, Layer, Plan
from scratchnn.nn.layers.dense import Dense
from scratchnn.nn.memory import Array, Buffer, Memory, Pass


class Double(Layer):
    """y = 2x, right in everything; the layers below each break one promise."""

    def plan(self, inputs: InputSpec) -> Plan:
        return Plan(inputs, in_place=True, reads_input=False)

    def forward(self, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        np.multiply(x, 2, out=y)

    def backward(self, x: Array, y: Array, dy: Array, dx: Array | None, mem: Memory, run: Pass) -> None:
        if dx is not None:
            np.multiply(dy, 2, out=dx)


class ChangesInput(Double):
    def forward(self, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        x *= 2
        y[...] = x


class ChangesOutput(Double):
    def backward(self, x: Array, y: Array, dy: Array, dx: Array | None, mem: Memory, run: Pass) -> None:
        super().backward(x, y, dy, dx, mem, run)
        y += 1


class NotInPlace(Double):
    def forward(self, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        y.fill(0)
        y += 2 * x


class Remembers(Double):
    def plan(self, inputs: InputSpec) -> Plan:
        return Plan(inputs, saved={"sum": Buffer(inputs.shape, fill=0.0)}, reads_input=False)

    def forward(self, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        mem.saved.sum += x
        np.multiply(mem.saved.sum, 2, out=y)


class DependsOnCapacity(Double):
    def plan(self, inputs: InputSpec) -> Plan:
        return Plan(inputs, saved={"whole": Buffer(inputs.shape)}, reads_input=False)

    def forward(self, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        whole = mem.saved.whole if mem.saved.whole.base is None else mem.saved.whole.base
        np.multiply(x, whole.size / x.size + 1, out=y)


class RoundsCoarsely(Double):
    def forward(self, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        np.multiply(x, 2 if x.dtype == np.float64 else 2.001, out=y)


def broken(layer: Layer) -> list[str]:
    return [promise for promise, error in contract_errors([layer], InputSpec((4,)), 3, training=True) if error > 0]


@pytest.mark.parametrize(
    ("layer", "promises"),
    [
        (Double(), []),
        (Copy(), []),
        (ChangesOutput(), ["x and y kept", "second pass"]),
        (NotInPlace(), ["placed middle"]),
        (Remembers(), ["second pass"]),
        (RoundsCoarsely(), ["float32"]),
    ],
)
def test_each_broken_promise_is_found(layer: Layer, promises: list[str]) -> None:
    found = broken(layer)
    assert found[:1] == promises[:1]
    assert set(found) <= {*promises, "x and y kept"}


def test_a_layer_that_needs_dx_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    right = Dense.backward

    def backward(self: Dense, x: Array, y: Array, dy: Array, dx: Array | None, mem: Memory, run: Pass) -> None:
        right(self, x, y, dy, dx, mem, run)
        if dx is None:
            mem.grads.weight.fill(0)

    assert broken(Dense(units=2)) == []
    monkeypatch.setattr(Dense, "backward", backward)
    assert broken(Dense(units=2)) == ["without dx"]


def test_a_changed_input_is_found() -> None:
    assert "x and y kept" in broken(ChangesInput())


def test_a_batch_that_depends_on_the_room_is_found() -> None:
    assert broken(DependsOnCapacity())[0] == "short batch"


def test_difference() -> None:
    assert difference([np.array([1.0, 3.0])], [np.array([1.0, 2.0])], 0.0) == 0.5
    assert difference([np.array([1.0 + 1e-9])], [np.array([1.0])], 1e-6) == 0.0
    assert difference([np.array([np.nan])], [np.array([1.0])], 1e-6) == float("inf")
    assert difference([np.empty(0)], [np.empty(0)], 0.0) == 0.0
