from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from scratchnn.errors import ConfigError, ShapeError
from scratchnn.nn.activations import Tanh
from scratchnn.nn.arena import Workspace
from scratchnn.nn.contracts import RaggedMask
from scratchnn.nn.layer import Column, InputSpec, Layer
from scratchnn.nn.layers.dense import Dense
from scratchnn.nn.layers.dropout import Dropout
from scratchnn.nn.layers.gru import GRU
from scratchnn.nn.layers.normalization import BatchNorm
from scratchnn.nn.layers.shape import Flatten
from scratchnn.nn.layers.time import Slice, TimeDistributed
from scratchnn.nn.memory import Pass
from scratchnn.nn.network import Network
from scratchnn.nn.samples import scatter

X = np.arange(24, dtype=np.float64).reshape(2, 3, 4)


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (Slice(index=-1), X[:, -1]),
        (Slice(index=0), X[:, 0]),
        (Slice(axis=1, index=2), X[:, :, 2]),
        (Slice(axis=-1, index=-4), X[:, :, 0]),
        (Slice(start=1), X[:, 1:]),
        (Slice(stop=-1), X[:, :-1]),
        (Slice(axis=1, start=-3, stop=3), X[:, :, 1:3]),
    ],
)
def test_slice_is_that_of_numpy(layer: Slice, expected: np.ndarray) -> None:
    network = Network([layer], InputSpec((3, 4)), dtype="float64")
    assert network.outputs.shape == expected.shape[1:]
    np.testing.assert_array_equal(network.predict(X), expected)


def test_the_gradient_of_a_slice_is_zero_elsewhere() -> None:
    network = Network([Slice(axis=1, start=1, stop=3)], InputSpec((1, 4)), dtype="float64")
    batch = network.workspace(1, input_gradient=True, poison=True).batch(1)
    batch.inputs[...] = 1
    batch.forward(Pass())
    batch.output_gradient[...] = [[[5, 7]]]
    batch.backward(Pass())
    assert batch.input_gradient.tolist() == [[[0, 5, 7, 0]]]


def test_a_range_of_columns_is_a_table() -> None:
    columns = (Column("age"), Column("deck", 5), Column("fare"))
    assert Slice(start=1).plan(InputSpec((3,), columns=columns)).output == InputSpec((2,), columns=columns[1:])
    assert Slice(stop=1).plan(InputSpec((3, 2), kind="ids")).output == InputSpec((1, 2), kind="ids")


@pytest.mark.parametrize(
    ("layer", "lengths"),
    [
        (Slice(start=1), [3, 2, 1]),
        (Slice(stop=-2), [2, 2, 2]),
        (Slice(axis=1, start=1), [4, 3, 2]),
        (Slice(index=0), None),
        (Slice(axis=1, index=0), [4, 3, 2]),
        (TimeDistributed(layers=[Dense(units=2)]), [4, 3, 2]),
        (TimeDistributed(layers=[Slice(start=1)]), [4, 3, 2]),
    ],
)
def test_what_becomes_of_the_mask(layer: Layer, lengths: list[int] | None) -> None:
    network = Network([RaggedMask(), layer], InputSpec((4, 2)), dtype="float64")
    network.initialize(np.random.default_rng(0))
    run = Pass()
    network.workspace(3).batch(3).forward(run)
    assert (None if run.mask is None else run.mask.sum(axis=1).tolist()) == lengths


@pytest.mark.parametrize(
    ("layer", "shape", "message"),
    [
        (Slice(axis=2, index=0), (3, 4), r"expects an axis 2, got \(3, 4\)\. Choose another `axis`"),
        (Slice(axis=-3, index=0), (3, 4), r"expects an axis -3"),
        (Slice(index=3), (3, 4), r"expects an index 3 inside axis 0, got \(3, 4\)\. Choose another `index`"),
        (Slice(index=-4), (3, 4), r"expects an index -4"),
        (Slice(index=0), (3,), r"expects two axes or more for an index, got \(3,\)\. Take a range of one"),
        (Slice(start=2, stop=2), (3, 4), r"expects a range from 2 to 2 inside axis 0"),
        (Slice(stop=4), (3, 4), r"expects a range from 0 to 4"),
        (Slice(start=-4), (3, 4), r"expects a range from -1 to 3"),
        (TimeDistributed(layers=[Flatten()]), (3,), r"expects sequences \(T, \.\.\.\), got \(3,\)"),
    ],
)
def test_inputs_that_do_not_fit(layer: Layer, shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(ShapeError, match=rf"model\.layers\[0\]: \({layer.tag()}\) {message}"):
        Network([layer], InputSpec(shape))


@pytest.mark.parametrize("fields", [{}, {"index": 1, "start": 0}, {"index": 1, "stop": 2}, {"index": 1.0}])
def test_wrong_settings(fields: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        Layer.parse({"type": "slice", **fields})


def test_an_inner_fault_is_placed() -> None:
    with pytest.raises(ShapeError, match=r"model\.layers\[0\]\.layers\[1\]: \(dense\) units: auto is only"):
        Network([TimeDistributed(layers=[Flatten(), Dense(units="auto")])], InputSpec((3, 2)))


def test_every_step_goes_through_the_same_layers() -> None:
    inner: list[Layer] = [Flatten(), Dense(units=3, activation=Tanh()), BatchNorm(), Dense(units=2)]
    network = Network([TimeDistributed(layers=inner)], InputSpec((5, 2, 3)), dtype="float64")
    alone = Network(inner, InputSpec((2, 3)), dtype="float64")
    scatter(network, np.random.default_rng(0))
    alone.arena.parameters[...] = network.arena.parameters
    alone.arena.state[...] = network.arena.state
    assert next(iter(network.arena.slots)) == "0.steps.1.weight"
    x = np.random.default_rng(0).standard_normal((4, 5, 2, 3))
    np.testing.assert_array_equal(network.predict(x), alone.predict(x.reshape(20, 2, 3)).reshape(4, 5, 2))

    def trained(which: Network, inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        batch = which.workspace(len(inputs), input_gradient=True, poison=True).batch(len(inputs))
        batch.inputs[...] = inputs
        run = Pass(training=True)
        batch.output_gradient[...] = batch.forward(run)
        batch.backward(run)
        return which.arena.gradients.copy(), batch.input_gradient.copy()

    ours, theirs = trained(network, x), trained(alone, x.reshape(20, 2, 3))
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(ours[1].reshape(20, 2, 3), theirs[1], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(network.arena.state, alone.arena.state, rtol=1e-12)


def test_inner_sequences_are_not_masked_by_the_outer_steps() -> None:
    """The mask says which of the 4 steps are real; each step is itself a sequence of 4, and all of that is real."""
    masked = Network([RaggedMask(), TimeDistributed(layers=[GRU(units=2)])], InputSpec((4, 4, 2)), dtype="float64")
    plain = Network([TimeDistributed(layers=[GRU(units=2)])], InputSpec((4, 4, 2)), dtype="float64")
    scatter(masked, np.random.default_rng(0))
    plain.arena.parameters[...] = masked.arena.parameters
    x = np.random.default_rng(1).standard_normal((3, 4, 4, 2))
    np.testing.assert_array_equal(masked.predict(x), plain.predict(x))


def test_it_follows_the_arrays_that_it_is_given() -> None:
    layer = TimeDistributed(layers=[Dense(units=2, activation=Tanh())])
    network = Network([layer], InputSpec((4, 3)), dtype="float64")
    scatter(network, np.random.default_rng(0))
    memory = Workspace(network.arena, network.plan, 5).memory(5).children["0"]
    rng = np.random.default_rng(1)
    held = []  # so that no array takes the place of another
    for _ in range(2):
        x, y, dx = rng.standard_normal((5, 4, 3)), np.empty((5, 4, 2)), np.empty((5, 4, 3))
        layer.forward(x, y, memory, Pass())
        np.testing.assert_array_equal(y, network.predict(x))
        for dy in rng.standard_normal((2, 5, 4, 2)):
            expected = (dy * (1 - y**2)) @ network.arena.named_arrays()["0.steps.0.weight"].T
            layer.backward(x, y, dy, dx, memory, Pass())
            np.testing.assert_allclose(dx, expected, rtol=1e-12)
            held.append((x, y, dx, dy))


def test_the_last_layer_is_filled_in() -> None:
    layer = TimeDistributed(layers=[Dense(units=3), Dense(units="auto")])
    assert layer.with_outputs(7) == TimeDistributed(layers=[Dense(units=3), Dense(units=7)])


@pytest.mark.parametrize("layer", [TimeDistributed(layers=[Dense(units=16, activation=Tanh())]), Slice(start=1)])
def test_it_overfits_eight_samples(layer: Layer, overfit: Callable[..., float]) -> None:
    assert overfit([layer, Flatten(), Dense(units=16, activation=Tanh()), Dense(units=2)], InputSpec((4, 3))) < 1e-3


def test_a_step_allocates_nothing_the_size_of_a_batch(step_memory: Callable[..., tuple[int, int]]) -> None:
    inner: list[Layer] = [Dense(units=32, activation=Tanh()), Dropout(rate=0.3), Dense(units=8)]
    layers = [Slice(start=1), Slice(axis=1, stop=-1), TimeDistributed(layers=inner), Slice(index=-1)]
    network = Network(layers, InputSpec((9, 17)))
    network.initialize(np.random.default_rng(0))
    batch = network.workspace(512, input_gradient=True).batch(512)
    batch.inputs[...] = np.random.default_rng(0).standard_normal((512, 9, 17))
    peak, kept = step_memory(batch)
    assert peak < 40 * 1024  # NumPy's own buffer for casts; the inputs hold 306 KiB
    assert kept < 1024
