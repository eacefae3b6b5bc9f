from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
import pytest

from scratchnn.component import families
from scratchnn.nn import cases
from scratchnn.nn.activations import ReLU
from scratchnn.nn.gradcheck import (
    ENTRIES,
    FLOOR,
    TOLERANCE,
    GradCheck,
    check_all,
    check_layers,
    check_loss,
    check_network,
    relative_error,
    worst_error,
)
from scratchnn.nn.layer import Column, InputSpec, Layer, Param, Plan
from scratchnn.nn.layers.dense import Dense
from scratchnn.nn.layers.dropout import Dropout
from scratchnn.nn.layers.noise import GaussianNoise
from scratchnn.nn.layers.normalization import BatchNorm
from scratchnn.nn.layers.shape import Flatten, Reshape
from scratchnn.nn.losses import MSE, Huber, Loss, MultiLabelCrossEntropy, TargetSpec
from scratchnn.nn.memory import Array, Buffer, Memory, Pass

TAGS = sorted({row.component.tag() for row in (*cases.LAYERS, *cases.ACTIVATIONS, *cases.LOSSES)})


@pytest.mark.parametrize("tag", TAGS)
def test_every_component_passes(tag: str) -> None:
    checks = list(check_all(tag))
    assert [check for check in checks if not check.passed] == []
    assert max(check.error for check in checks) <= TOLERANCE
    assert {check.component for check in checks} == {tag}


def test_every_registered_component_has_rows() -> None:
    assert cases.missing_cases() == []


def test_a_component_without_rows_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cases, "LAYERS", [case for case in cases.LAYERS if not isinstance(case.component, Dropout)])
    assert cases.missing_cases() == ["layer: dropout"]
    monkeypatch.setattr(cases, "LOSSES", cases.LOSSES[2:])
    assert cases.missing_cases() == ["layer: dropout", "loss: mse"]


def test_a_missing_row_is_a_failed_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scratchnn.nn.gradcheck.missing_cases", lambda: ["layer: convolution"])
    first = next(check_all())
    assert (first.component, first.passed) == ("layer: convolution", False)


def test_a_users_own_component_needs_no_rows() -> None:
    class Own(Layer):
        type: Literal["layer_of_a_user"] = "layer_of_a_user"

    try:
        assert cases.missing_cases() == []
    finally:
        del families()["layer"]._members["layer_of_a_user"]
    assert Own.tag() == "layer_of_a_user"


def test_the_names_of_the_cases_differ_within_a_component() -> None:
    for rows in (cases.LAYERS, cases.ACTIVATIONS, cases.LOSSES):
        names = [(case.component.tag(), case.name) for case in rows]
        assert len(set(names)) == len(names)


def test_relative_error() -> None:
    assert relative_error(1.0, 1.0 + 1e-6) == pytest.approx(1e-6, rel=1e-3)
    assert relative_error(FLOOR / 10, 0.0) == pytest.approx(0.1)
    assert relative_error(float("nan"), 1.0) == float("inf")
    assert not GradCheck.of("a", "b", "c", float("nan")).passed


def errors_of(function: Callable[[float], float], x: float, derivative: float) -> float:
    array = np.array([x])
    error = worst_error(lambda: function(float(array[0])), array, np.array([derivative]), np.random.default_rng(0))
    assert array[0] == x
    return error


@pytest.mark.parametrize("x", [-30.0, -1.0, 0.0, 2.0, 5.0])
def test_a_right_derivative_passes_with_room_to_spare(x: float) -> None:
    assert errors_of(np.exp, x, float(np.exp(x))) < TOLERANCE / 10
    assert errors_of(np.sin, x, float(np.cos(x))) < TOLERANCE / 10


@pytest.mark.parametrize("factor", [1 + 3e-6, 1 - 3e-6, 0.0, -1.0, 1.1])
def test_a_wrong_derivative_fails(factor: float) -> None:
    assert errors_of(np.exp, 0.5, factor * float(np.exp(0.5))) > TOLERANCE


@pytest.mark.parametrize("x", [1e-2, 1e-3, 1e-4, 1e-5, -1e-5])
def test_a_kink_nearby_is_stepped_around(x: float) -> None:
    assert errors_of(abs, x, float(np.sign(x))) < TOLERANCE


@pytest.mark.parametrize("x", [1e-2, 1e-5])
def test_a_kink_nearby_excuses_no_wrong_derivative(x: float) -> None:
    assert errors_of(abs, x, 0.999) > TOLERANCE
    assert errors_of(abs, x, 0.0) > TOLERANCE


def test_large_arrays_are_sampled_and_put_back() -> None:
    array = np.random.default_rng(0).standard_normal((100, 50))
    before, calls = array.copy(), 0

    def function() -> float:
        nonlocal calls
        calls += 1
        return float(np.vdot(array, array))

    assert worst_error(function, array, 2 * array, np.random.default_rng(0)) < TOLERANCE
    assert calls == 4 * ENTRIES
    np.testing.assert_array_equal(array, before)


class Square(Layer):
    """y = w x^2, right in everything; the layers below each break one thing."""

    def plan(self, inputs: InputSpec) -> Plan:
        return Plan(inputs, params={"scale": Param(inputs.shape)}, scratch={"work": Buffer(inputs.shape)})

    def forward(self, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        y[...] = mem.params.scale * x * x

    def backward(self, x: Array, y: Array, dy: Array, dx: Array | None, mem: Memory, run: Pass) -> None:
        mem.grads.scale[...] = (dy * x * x).sum(axis=0)
        if dx is not None:
            dx[...] = self.factor() * dy * mem.params.scale * x

    def factor(self) -> float:
        return 2.0


class WrongFactor(Square):
    def factor(self) -> float:
        return 2.00001


class Accumulates(Square):
    def backward(self, x: Array, y: Array, dy: Array, dx: Array | None, mem: Memory, run: Pass) -> None:
        mem.grads.scale += (dy * x * x).sum(axis=0)
        if dx is not None:
            dx[...] = 2 * dy * mem.params.scale * x


class KeepsInScratch(Square):
    def forward(self, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        mem.scratch.work[...] = x
        y[...] = mem.params.scale * x * x

    def backward(self, x: Array, y: Array, dy: Array, dx: Array | None, mem: Memory, run: Pass) -> None:
        super().backward(mem.scratch.work, y, dy, dx, mem, run)


class NeverWritesDx(Square):
    def backward(self, x: Array, y: Array, dy: Array, dx: Array | None, mem: Memory, run: Pass) -> None:
        super().backward(x, y, dy, None, mem, run)


def failed(layer: Layer, training: bool = True) -> list[str]:
    checks = check_layers("own", "case", [layer], InputSpec((4,)), 5, training=training)
    return [check.array for check in checks if not check.passed]


@pytest.mark.parametrize(
    ("layer", "arrays"),
    [
        (Square(), []),
        (WrongFactor(), ["input"]),
        (Accumulates(), ["0.scale"]),
        (KeepsInScratch(), ["0.scale", "input"]),
        (NeverWritesDx(), ["input"]),
    ],
)
def test_mistakes_are_found(layer: Layer, arrays: list[str]) -> None:
    assert failed(layer) == arrays


def test_a_dropout_that_forgets_the_rate_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def backward(self: Dropout, x: Array, y: Array, dy: Array, dx: Array, mem: Memory, run: Pass) -> None:
        np.multiply(dy, mem.saved.mask > 0, out=dx)

    monkeypatch.setattr(Dropout, "backward", backward)
    assert failed(Dropout(rate=0.5)) == ["input"]


def test_a_batch_norm_that_takes_the_mean_for_a_constant_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    right = BatchNorm.backward

    def backward(self: BatchNorm, x: Array, y: Array, dy: Array, dx: Array, mem: Memory, run: Pass) -> None:
        right(self, x, y, dy, dx, mem, Pass(training=False))

    monkeypatch.setattr(BatchNorm, "backward", backward)
    assert failed(BatchNorm()) == ["input"]
    assert failed(BatchNorm(), training=False) == []


def test_a_whole_network_with_its_loss() -> None:
    layers: list[Layer] = [Dense(units=6, activation=ReLU()), BatchNorm(), Dropout(), Dense(units="auto")]
    checks = list(check_network(layers, InputSpec((5,)), MSE(), TargetSpec(columns=2), seed=3))
    assert [check.array for check in checks] == [
        "0.weight",
        "3.weight",
        "0.bias",
        "1.gamma",
        "1.beta",
        "3.bias",
        "input",
    ]
    assert all(check.passed for check in checks)
    assert checks == list(check_network(layers, InputSpec((5,)), MSE(), TargetSpec(columns=2), seed=3))


@pytest.mark.parametrize("loss", [MSE(), Huber(), MultiLabelCrossEntropy()])
def test_a_whole_autoencoder_of_images(loss: Loss) -> None:
    layers = [GaussianNoise(), Flatten(), Dense(units=3), Dense(units="auto"), Reshape(shape=[2, 3, 2])]
    checks = list(check_network(layers, InputSpec((2, 3, 2)), loss, TargetSpec.of_inputs((2, 3, 2))))
    assert [check.array for check in checks] == ["2.weight", "3.weight", "2.bias", "3.bias", "input"]
    assert all(check.passed for check in checks)


def test_a_fault_inside_a_network_is_found() -> None:
    layers: list[Layer] = [Dense(units=6), WrongFactor(), Dense(units=2)]
    checks = check_network(layers, InputSpec((5,)), MSE(), TargetSpec(columns=2))
    assert [check.array for check in checks if not check.passed] == ["0.weight", "0.bias", "input"]


class IgnoresCodes(Layer):
    """y = the number column; the column of codes has no gradient."""

    def plan(self, inputs: InputSpec) -> Plan:
        return Plan(InputSpec((1,)))

    def forward(self, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        assert set(np.unique(x[:, 0])) <= {0.0, 1.0, 2.0}
        y[...] = x[:, 1:]

    def backward(self, x: Array, y: Array, dy: Array, dx: Array | None, mem: Memory, run: Pass) -> None:
        if dx is not None:
            dx[:, 1:] = dy


def test_columns_of_codes_are_not_moved() -> None:
    spec = InputSpec((2,), columns=(Column("deck", 3), Column("age")))
    checks = list(check_layers("own", "", [IgnoresCodes()], spec, 6, training=True))
    assert [(check.array, check.passed) for check in checks] == [("input", True)]


@pytest.mark.parametrize(
    ("fault", "arrays"),
    [("none", []), ("gradient", ["outputs"]), ("outputs", ["outputs", "value and outputs kept"])],
)
def test_losses(fault: str, arrays: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    right = MSE.evaluate

    def evaluate(
        self: MSE, outputs: Array, targets: Array, weights: Array, total: float, gradient: Array | None, mem: Memory
    ) -> float:
        value = right(self, outputs, targets, weights, total, gradient, mem)
        if fault == "gradient" and gradient is not None:
            gradient *= 1.001
        if fault == "outputs":
            outputs += 1e-3
        return value

    monkeypatch.setattr(MSE, "evaluate", evaluate)
    checks = check_loss(MSE(), TargetSpec(columns=3), 4, weighted=True)
    assert [check.array for check in checks if not check.passed] == arrays
