from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchnn.errors import ShapeError
from scratchnn.nn.activations import ReLU, Tanh
from scratchnn.nn.arena import Arena, Workspace
from scratchnn.nn.chain import Chain
from scratchnn.nn.contracts import Copy
from scratchnn.nn.layer import InputSpec, Layer, Plan
from scratchnn.nn.layers.activation import ActivationLayer
from scratchnn.nn.layers.dense import Dense
from scratchnn.nn.layers.dropout import Dropout
from scratchnn.nn.layers.normalization import BatchNorm
from scratchnn.nn.layers.row_normalization import LayerNorm
from scratchnn.nn.layers.shape import Flatten
from scratchnn.nn.memory import Array, Memory, Pass
from scratchnn.nn.network import Network
from scratchnn.nn.samples import scatter

ACTIVATIONS = ["linear", "relu", "leaky_relu", "sigmoid", "tanh", "softplus", "elu", "selu", "silu", "gelu", "softmax"]
ANY_SHAPE: list[Layer] = [
    *(Layer.parse(tag) for tag in ACTIVATIONS),
    Dropout(rate=0.3),
    BatchNorm(),
    BatchNorm(scale=False),
    Copy(),
    Flatten(),
]
FLAT: list[Layer] = [*ANY_SHAPE, Dense(units=4), Dense(units=3, activation=Tanh())]


class Reference:
    """The same layers, each in a network of its own with arrays of its own: nothing is shared or in place."""

    def __init__(self, layers: list[Layer], x: Array) -> None:
        self.networks: list[Network] = []
        self.batches = []
        spec = InputSpec(x.shape[1:])
        for layer in layers:
            network = Network([layer], spec, dtype="float64")
            spec = network.outputs
            self.networks.append(network)
            self.batches.append(network.workspace(len(x), input_gradient=True, poison=True).batch(len(x)))

    def run(self, x: Array, dy: Array, run: Pass) -> tuple[Array, Array]:
        for batch in self.batches:
            batch.inputs[...] = x
            x = batch.forward(run)
        for batch in reversed(self.batches):
            batch.output_gradient[...] = dy
            batch.backward(run)
            dy = batch.input_gradient
        return x, dy


def names_of(network: Network) -> list[str]:
    return list(network.arena.named_arrays())[: len(network.arena.slots)]


def assert_same_as_reference(layers: list[Layer], shape: tuple[int, ...], training: bool, rows: int = 3) -> None:
    rng = np.random.default_rng(1)
    x = rng.standard_normal((rows, *shape))
    network = Network(layers, InputSpec(shape), dtype="float64")
    scatter(network, rng)
    reference = Reference(layers, x)
    for index, single in enumerate(reference.networks):
        single.initialize(rng)
        for name in names_of(single):
            ours = network.arena.slots[f"{index}.{name.removeprefix('0.')}"].view(network.arena.parameters)
            single.arena.slots[name].view(single.arena.parameters)[...] = ours
    batch = network.workspace(rows + 2, input_gradient=True, poison=True).batch(rows)
    batch.inputs[...] = x
    dy = rng.standard_normal((rows, *network.outputs.shape))
    network.arena.gradients.fill(np.nan)
    run = Pass(training, np.random.default_rng(5))
    outputs = batch.forward(run).copy()
    batch.output_gradient[...] = dy
    batch.backward(run)
    expected, dx = reference.run(x, dy, Pass(training, np.random.default_rng(5)))
    np.testing.assert_array_equal(batch.inputs, x)
    np.testing.assert_allclose(outputs, expected, rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(batch.outputs, outputs)
    np.testing.assert_allclose(batch.input_gradient, dx, rtol=1e-12, atol=1e-12)
    for index, single in enumerate(reference.networks):
        for name in names_of(single):
            ours = network.arena.slots[f"{index}.{name.removeprefix('0.')}"].view(network.arena.gradients)
            theirs = single.arena.slots[name].view(single.arena.gradients)
            np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-12, err_msg=f"{index}.{name}")


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(FLAT), min_size=1, max_size=7), st.booleans())
def test_sharing_storage_changes_no_number(layers: list[Layer], training: bool) -> None:
    assert_same_as_reference(layers, (4,), training)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(ANY_SHAPE), min_size=1, max_size=6), st.booleans())
def test_sharing_storage_changes_no_number_of_many_axes(layers: list[Layer], training: bool) -> None:
    assert_same_as_reference(layers, (2, 3), training)


def test_every_pair_of_layers_between_others() -> None:
    for first, second in itertools.product(FLAT, FLAT):
        assert_same_as_reference([Dense(units=4), first, second, Dense(units=2)], (4,), training=True)


def stored(layers: list[Layer], shape: tuple[int, ...] = (4,)) -> list[str]:
    return list(Chain(layers, InputSpec(shape)).plan().saved)


def test_what_is_stored_between_layers() -> None:
    dense, relu, dropout, sigmoid = Dense(units=4), Layer.parse("relu"), Dropout(), Layer.parse("sigmoid")
    assert stored([dense, relu, dense]) == ["y0"]  # relu in place of the dense output
    assert stored([dense, relu, dropout, dense]) == ["y0", "y2"]  # relu's backward reads its output
    assert stored([dense, Flatten(), relu, dense]) == ["y0"]
    assert stored([dense, sigmoid, Flatten(), relu, dense]) == ["y0", "y3"]
    assert stored([relu, dense]) == ["y0"]  # the chain's own input is left alone
    assert stored([Flatten(), relu, dense], (2, 2)) == ["y1"]
    assert stored([dense, relu]) == ["y0"]  # the last layer has an output of its own


class ReadsItsInput(Layer):
    """y = x in x's storage, dx = dy x: whoever comes next must not overwrite it."""

    def plan(self, inputs: InputSpec) -> Plan:
        return Plan(inputs, reshapes=True, reads_input=True)

    def forward(self, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        if not np.may_share_memory(x, y):
            y[...] = x

    def backward(self, x: Array, y: Array, dy: Array, dx: Array | None, mem: Memory, run: Pass) -> None:
        if dx is not None:
            np.multiply(dy, x, out=dx)


def test_an_array_that_a_layer_reads_through_shared_storage_is_kept() -> None:
    assert_same_as_reference([Dense(units=4), ReadsItsInput(), Dropout(rate=0.3), Dense(units=2)], (4,), True)


def test_errors_name_the_layer_and_the_mend() -> None:
    layers = [Layer.parse("relu"), Layer.parse("relu"), Dropout(), LayerNorm(axes=4)]
    with pytest.raises(ShapeError) as caught:
        Chain(layers, InputSpec((28, 28, 1)), "model.layers")
    assert caught.value.where == "model.layers[3]"
    assert caught.value.hint == "Choose fewer `axes`."
    assert "got (28, 28, 1)" in str(caught.value)


def test_an_error_while_running_names_the_layer_even_where_it_appears_twice() -> None:
    norm = BatchNorm()
    layers: list[Layer] = [Dense(units=2), norm]
    network = Network(layers, InputSpec((3,)), where="model.layers[4].layers")
    network.initialize(np.random.default_rng(0))
    with pytest.raises(ShapeError) as caught:
        network.workspace(1).batch(1).forward(Pass(training=True))
    assert caught.value.where == "model.layers[4].layers[1]"


def test_a_network_without_layers() -> None:
    with pytest.raises(ShapeError, match=r"model\.layers: has no layers\. Add one\."):
        Network([], InputSpec((3,)))


def test_steps_follow_the_arrays_that_they_are_given() -> None:
    """The same arrays give the same steps; others are bound anew, forward and backward."""
    network = Network([Dense(units=3, activation=Tanh()), Dense(units=2)], InputSpec((4,)), dtype="float64")
    network.initialize(np.random.default_rng(0))
    memory = Workspace(network.arena, network.plan, 5).memory(5)
    rng = np.random.default_rng(1)
    found = []
    for x in rng.standard_normal((2, 5, 4)):
        y, dy, dx = np.empty((5, 2)), np.ones((5, 2)), np.empty((5, 4))
        steps = network.chain.steps(x, y, memory)
        assert network.chain.steps(x, y, memory) is steps
        steps.forward(Pass())
        steps.backward(dy, dx, Pass())
        np.testing.assert_array_equal(y, network.predict(x))
        found.append(dx)
    assert not np.allclose(found[0], found[1])


def test_a_plan_for_rows_has_room_for_each_row_of_each_sample() -> None:
    layers = [Dense(units=3, activation=ReLU()), BatchNorm(), Dense(units=2)]
    chain = Chain(layers, InputSpec((4,)))
    plan = chain.plan().for_rows(6)
    arena = Arena(plan, np.dtype(np.float64))
    memory = Workspace(arena, plan, 5, poison=True).memory(3)
    arena.initialize(None, np.random.default_rng(0))
    x, y = np.random.default_rng(1).standard_normal((18, 4)), np.empty((18, 2))
    chain.steps(x, y, memory).forward(Pass())
    network = Network(layers, InputSpec((4,)), dtype="float64")
    network.initialize(np.random.default_rng(0))
    np.testing.assert_array_equal(y, network.predict(x))
    assert plan.flops == 6 * chain.plan().flops
    assert (chain.plan().fewest_samples, plan.fewest_samples) == (2, 1)


def test_only_a_layer_that_works_in_place_has_one_array_for_both_of_its_gradients() -> None:
    square = Dense(units=8)
    chain = Chain([square, square, ActivationLayer(function=ReLU()), square, Dense(units=2)], InputSpec((8,)))
    plan = chain.plan()
    memory = Workspace(Arena(plan, np.dtype(np.float64)), plan, 4).memory(4)
    gradients = chain.gradient_arrays(4, memory, np.empty((4, 2)), np.empty((4, 8)))
    pairs = itertools.pairwise(array for array in gradients if array is not None)
    assert [np.shares_memory(lower, upper) for lower, upper in pairs] == [False, False, True, False, False]


def test_a_step_allocates_nothing_the_size_of_a_batch(step_memory: Callable[..., tuple[int, int]]) -> None:
    inner = [*(Layer.parse(tag) for tag in [*ACTIVATIONS, "gelu_tanh"]), Dropout(), BatchNorm(), Flatten()]
    layers = [Dense(units=64, activation=layer.function) for layer in inner if isinstance(layer, ActivationLayer)]
    network = Network([*layers, *inner, Dense(units=3)], InputSpec((64,)))
    network.initialize(np.random.default_rng(0))
    batch = network.workspace(512, input_gradient=True).batch(512)
    batch.inputs[...] = np.random.default_rng(0).standard_normal((512, 64))
    peak, kept = step_memory(batch)
    assert batch.inputs.nbytes == 128 * 1024
    assert peak < 36 * 1024  # NumPy's own buffer for casts: 8192 numbers, whatever the size of the batch
    assert kept < 1024


def test_scratch_is_shared_by_layers_and_saved_arrays_are_not() -> None:
    one, three = (Chain([Dropout()] * count, InputSpec((64,))).plan() for count in (1, 3))
    dtype = np.dtype(np.float32)
    small, large = (Workspace(Arena(plan, dtype), plan, 16).nbytes for plan in (one, three))
    array = 16 * 64 * 4
    # three masks instead of one, two arrays between (y0, and dropout in place of y0: none), two gradients in turn
    assert small == 2 * array
    assert large == 3 * array + array + 2 * array + array
