from __future__ import annotations

from typing import Literal

import numpy as np
import pytest

from scratchnn.errors import ConfigError, ShapeError
from scratchnn.nn.activations import ReLU
from scratchnn.nn.contracts import RaggedMask
from scratchnn.nn.initializers import Constant
from scratchnn.nn.layer import InputSpec, Layer
from scratchnn.nn.layers.dense import Dense
from scratchnn.nn.layers.dropout import Dropout
from scratchnn.nn.layers.embedding import Embedding
from scratchnn.nn.layers.gru import GRU
from scratchnn.nn.layers.normalization import BatchNorm
from scratchnn.nn.memory import Pass
from scratchnn.nn.network import PREDICT_ROWS, Network


def small(dtype: str = "float64") -> Network:
    network = Network([Dense(units=4, activation=ReLU()), Dropout(), Dense(units=2)], InputSpec((3,)), dtype=dtype)
    network.initialize(np.random.default_rng(0))
    return network


def by_hand(network: Network, x: np.ndarray) -> np.ndarray:
    w = network.arena.named_arrays()
    return np.maximum(x @ w["0.weight"] + w["0.bias"], 0) @ w["2.weight"] + w["2.bias"]


@pytest.mark.parametrize("rows", [0, 1, PREDICT_ROWS - 1, PREDICT_ROWS, PREDICT_ROWS + 1, 3 * PREDICT_ROWS + 7])
def test_predictions_in_chunks_are_those_of_the_formula(rows: int) -> None:
    network = small()
    x = np.random.default_rng(1).standard_normal((rows, 3))
    outputs = network.predict(x)
    assert outputs.shape == (rows, 2)
    np.testing.assert_allclose(outputs, by_hand(network, x), rtol=1e-12, atol=1e-12)


def test_predictions_are_a_new_array_in_the_dtype_of_the_network() -> None:
    network = small("float32")
    x = np.ones((2, 3))
    first = network.predict(x)
    kept = first.copy()
    network.predict(2 * x)
    np.testing.assert_array_equal(first, kept)
    assert first.dtype == np.float32


def test_the_default_initializer_reaches_weights_only() -> None:
    network = Network([Dense(units=2), BatchNorm()], InputSpec((3,)), init=Constant(value=0.5))
    network.initialize(np.random.default_rng(0))
    values = {name: set(array.reshape(-1).tolist()) for name, array in network.arena.named_arrays().items()}
    assert values["0.weight"] == {0.5}
    assert values["0.bias"] == {0.0}
    assert values["1.gamma"] == {1.0}


def test_a_short_batch_gives_what_a_full_one_gives() -> None:
    network = small()
    x = np.random.default_rng(1).standard_normal((3, 3))
    gradients = []
    for capacity in (3, 8):
        batch = network.workspace(capacity, poison=True).batch(3)
        batch.inputs[...] = x
        run = Pass(True, np.random.default_rng(4))
        batch.forward(run)
        batch.output_gradient[...] = batch.outputs
        batch.backward(run)
        gradients.append(network.arena.gradients.copy())
    np.testing.assert_allclose(*gradients, rtol=1e-13, atol=1e-15)


def test_a_pass_begins_without_the_mask_that_the_one_before_it_left() -> None:
    network = Network([GRU(units=2, return_sequences=True), RaggedMask()], InputSpec((3, 2)))
    network.initialize(np.random.default_rng(0))
    batch, run = network.workspace(3).batch(3), Pass()
    batch.inputs[...] = np.random.default_rng(1).standard_normal((3, 3, 2))
    first = batch.forward(run).copy()
    assert run.mask is not None
    np.testing.assert_array_equal(batch.forward(run), first)


def test_workspaces_are_apart_and_batches_are_made_once() -> None:
    network = small()
    one, other = network.workspace(4), network.workspace(4)
    assert one.batch(2) is one.batch(2)
    one.batch(2).inputs.fill(1)
    other.batch(2).inputs.fill(2)
    assert (one.batch(4).inputs[:2] == 1).all()
    assert one.nbytes > 4 * (3 + 4 + 4 + 2) * 8


def test_without_an_input_gradient_there_is_none() -> None:
    network = small()
    assert network.workspace(2).batch(2).input_gradient is None
    assert network.workspace(2, input_gradient=True).batch(2).input_gradient.shape == (2, 3)


def test_ids_have_no_gradient() -> None:
    network = Network([Layer.parse("flatten")], InputSpec((2, 3), kind="ids"))
    batch = network.workspace(2, input_gradient=True, poison=True).batch(2)
    assert batch.input_gradient is None
    assert batch.inputs.dtype == np.int64


def test_what_goes_in_and_out() -> None:
    network = small()
    assert (network.inputs, network.outputs) == (InputSpec((3,)), InputSpec((2,)))
    assert [layer.tag() for layer in network.layers] == ["dense", "dropout", "dense"]
    assert network.plan.flops == 2 * (3 * 4 + 4 * 2)


def test_the_first_pattern_that_matches_a_name_decides_how_it_starts() -> None:
    patterns = {"0.*": Constant(value=4.0), "*.bias": Constant(value=5.0)}
    layers = [Dense(units=2, init=Constant(value=1.0)), Dense(units=2, init=Constant(value=1.0))]
    network = Network(layers, InputSpec((3,)), init_by_name=patterns)
    network.initialize(np.random.default_rng(0))
    values = {name: float(array.reshape(-1)[0]) for name, array in network.arena.named_arrays().items()}
    assert values == {"0.weight": 4, "0.bias": 4, "1.weight": 1, "1.bias": 5}


def test_a_pattern_that_matches_nothing_is_refused() -> None:
    with pytest.raises(
        ConfigError, match=r'model\.init_by_name: no parameter matches "\*\.biass"\. There are 0\.weight'
    ):
        Network([Dense(units=2)], InputSpec((3,)), init_by_name={"*.biass": Constant(value=1.0)})


@pytest.mark.parametrize("kind", ["ids", "float"])
def test_padding_of_the_inputs_is_masked(kind: Literal["ids", "float"]) -> None:
    """Steps that are 0: what a layer gives for the real steps alone."""
    first: list[Layer] = [Embedding(units=2)] if kind == "ids" else []
    shape = (4,) if kind == "ids" else (4, 1)
    network = Network([*first, GRU(units=3)], InputSpec(shape, kind, count=6 * (kind == "ids"), padded=True))
    network.initialize(np.random.default_rng(0))
    x = np.array([[3, 5, 0, 0], [2, 0, 0, 0], [0, 0, 0, 0], [1, 2, 3, 4]]).reshape(4, *shape)
    found = network.predict(x)
    for row, length in enumerate([2, 1, 0, 4]):
        if not length:
            assert not found[row].any()
            continue
        short = Network([*first, GRU(units=3)], InputSpec((length, *shape[1:]), kind, count=6 * (kind == "ids")))
        short.arena.parameters[...] = network.arena.parameters
        np.testing.assert_allclose(short.predict(x[row : row + 1, :length])[0], found[row], rtol=1e-5)


def test_padded_ids_need_no_padding_index() -> None:
    network = Network([Embedding(units=2), GRU(units=1)], InputSpec((3,), "ids", count=4, padded=True))
    network.initialize(np.random.default_rng(0))
    network.predict(np.array([[1, 2, 0]]))
    assert not network.arena.named_arrays()["0.weight"][0].any()
    with pytest.raises(ShapeError, match=r"has the padding_index 2, but the inputs are padded with 0\. Leave"):
        Network([Embedding(units=2, padding_index=2)], InputSpec((3,), "ids", count=4, padded=True))
