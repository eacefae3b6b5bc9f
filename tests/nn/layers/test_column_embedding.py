from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from scratchnn.errors import ConfigError, DataError, ShapeError
from scratchnn.nn.constraints import MaxNorm
from scratchnn.nn.initializers import LSUV, Normal, Ones
from scratchnn.nn.layer import Column, InputSpec, Layer
from scratchnn.nn.layers.column_embedding import ColumnEmbedding
from scratchnn.nn.layers.composite import Parallel, Repeat, Residual, Sequential
from scratchnn.nn.layers.dense import Dense
from scratchnn.nn.layers.dropout import Dropout
from scratchnn.nn.layers.embedding import Embedding
from scratchnn.nn.layers.noise import GaussianNoise
from scratchnn.nn.layers.normalization import BatchNorm
from scratchnn.nn.layers.shape import Flatten, Reshape
from scratchnn.nn.layers.time import Slice
from scratchnn.nn.memory import Pass
from scratchnn.nn.network import Batch, Network

DECK, PORT, AGE, COLOR = Column("deck", 4, units=3), Column("port", 3, units=2), Column("age"), Column("color", width=2)
MIXED = InputSpec((5,), columns=(AGE, DECK, COLOR, PORT))


def started(layers: list[Layer], inputs: InputSpec, rows: int) -> tuple[Network, Batch]:
    network = Network(layers, inputs, dtype="float64")
    network.initialize(np.random.default_rng(0))
    return network, network.workspace(rows, input_gradient=True, poison=True).batch(rows)


@pytest.mark.parametrize(
    ("case", "inputs"),
    [("columns_mixed", MIXED), ("columns_one_row", InputSpec((2,), columns=(Column("deck", 2, units=1), AGE)))],
)
def test_it_agrees_with_torch(case: str, inputs: InputSpec, torch_layers: dict[str, np.ndarray]) -> None:
    """nn.Embedding for each column of codes, PyTorch 2.13."""
    x = torch_layers[f"{case}/x"]
    network, batch = started([ColumnEmbedding()], inputs, len(x))
    arrays = network.arena.named_arrays()
    theirs = {name: f"tables.{name.removeprefix('0.')}" for name in arrays}
    assert sum(key.startswith(f"{case}/param/") for key in torch_layers) == len(arrays)
    for name, array in arrays.items():
        array[...] = torch_layers[f"{case}/param/{theirs[name]}"]
    batch.inputs[...] = x
    np.testing.assert_allclose(batch.forward(Pass()), torch_layers[f"{case}/y"], rtol=1e-9, atol=1e-9)
    batch.output_gradient[...] = torch_layers[f"{case}/dy"]
    batch.backward(Pass())
    np.testing.assert_allclose(batch.input_gradient, torch_layers[f"{case}/dx"], rtol=1e-9, atol=1e-9)
    for name, slot in network.arena.slots.items():
        expected = torch_layers[f"{case}/grad/{theirs[name]}"]
        gradient = slot.view(network.arena.gradients)
        np.testing.assert_allclose(gradient, expected, rtol=1e-9, atol=1e-9, err_msg=name)


def test_worked_out_by_hand() -> None:
    """Two rows with the code 2: their gradients add up. Numbers pass, also those that lie apart."""
    columns = (AGE, Column("deck", 3, units=2), COLOR)
    network, batch = started([ColumnEmbedding()], InputSpec((4,), columns=columns), 3)
    network.arena.named_arrays()["0.deck.weight"][...] = [[1, 2], [3, 4], [5, 6]]
    batch.inputs[...] = [[0.5, 2, 7, 8], [-1, 0, 9, 10], [4, 2, 11, 12]]
    assert batch.forward(Pass()).tolist() == [[0.5, 5, 6, 7, 8], [-1, 1, 2, 9, 10], [4, 5, 6, 11, 12]]
    batch.output_gradient[...] = [[1, 2, 3, 4, 5], [6, 7, 8, 9, 10], [11, 12, 13, 14, 15]]
    batch.backward(Pass())
    gradient = network.arena.slots["0.deck.weight"].view(network.arena.gradients)
    assert gradient.tolist() == [[7, 8], [0, 0], [14, 16]]
    assert batch.input_gradient.tolist() == [[1, 0, 4, 5], [6, 0, 9, 10], [11, 0, 14, 15]]


def test_the_output_is_a_table_of_numbers() -> None:
    plan = ColumnEmbedding().plan(MIXED)
    assert plan.output.shape == (8,)
    assert plan.output.columns == (AGE, Column("deck", width=3), COLOR, Column("port", width=2))
    assert plan.output.code_columns == []


@pytest.mark.parametrize(
    ("units", "own", "shape"),
    [("auto", "auto", (10, 6)), (7, "auto", (10, 7)), (7, 3, (10, 3)), ("auto", 3, (10, 3)), ("auto", 99, (10, 99))],
)
def test_how_many_units_a_column_has(units: int | str, own: int | str, shape: tuple[int, int]) -> None:
    """round(1.6 * 10^0.56) = round(5.81) = 6; a column's own number wins over the layer's."""
    layer = ColumnEmbedding.model_validate({"units": units})
    plan = layer.plan(InputSpec((1,), columns=(Column("deck", 10, own),)))
    assert plan.children["deck"].params["weight"].shape == shape


def test_there_are_50_units_at_most_where_nobody_says_more() -> None:
    """1.6 * 466^0.56 = 49.96 and 1.6 * 1000^0.56 = 76.6."""
    for codes, units in ((2, 2), (5, 4), (100, 21), (466, 50), (1000, 50)):
        plan = ColumnEmbedding().plan(InputSpec((1,), columns=(Column("deck", codes),)))
        assert plan.output.shape == (units,)


def test_tables_are_named_by_their_columns() -> None:
    names = ["home town", "home.town", "home_town", "age*", "größe", "", "0", "a/b"]
    columns = tuple(Column(name, 2, units=1) for name in names)
    network = Network([ColumnEmbedding()], InputSpec((8,), columns=columns))
    found = [name.removeprefix("0.").removesuffix(".weight") for name in network.arena.named_arrays()]
    assert found == ["home_town", "home_town_2", "home_town_3", "age_", "größe", "_", "0", "a_b"]


def test_vectors_start_small_and_unseen_ones_at_zero() -> None:
    columns = (Column("deck", 4000, units=5), AGE)
    network = Network([ColumnEmbedding()], InputSpec((2,), columns=columns), init=Ones())
    network.initialize(np.random.default_rng(0))
    weight = network.arena.named_arrays()["0.deck.weight"]
    assert weight[0].tolist() == [0] * 5
    assert weight[1:].std() == pytest.approx(0.0088, rel=0.02)  # a deviation of 0.01, cut at two deviations
    own = Network([ColumnEmbedding(init=Normal(deviation=2.0))], InputSpec((2,), columns=columns))
    own.initialize(np.random.default_rng(0))
    assert own.arena.named_arrays()["0.deck.weight"][1:].std() == pytest.approx(2, rel=0.02)


def test_settings_of_its_own() -> None:
    layer = ColumnEmbedding(l1=0.5, l2=0.25, constraint=MaxNorm(limit=2.0))
    network = Network([layer], MIXED)
    assert [(group.l1, group.l2) for group in network.arena.groups] == [(0.5, 0.25)]
    assert {param.constraint for param in network.arena.params.values()} == {MaxNorm(limit=2.0)}
    assert network.arena.by_unit("0.deck.weight", network.arena.parameters).shape == (1, 3, 4)  # a unit is a vector


@pytest.mark.parametrize("code", [-1, 4, 2.0**24])
def test_a_code_out_of_range_is_named(code: float) -> None:
    _, batch = started([ColumnEmbedding()], MIXED, 2)
    batch.inputs[...] = 0
    batch.inputs[1, 1] = code
    with pytest.raises(DataError) as caught:
        batch.forward(Pass())
    message = f"the column deck has the code {int(code)}, expected codes from 0 to 3"
    assert str(caught.value) == f"(column_embedding): {message}. Encode the rows as the training did."


CODES = r'numbers, but the columns deck, port are codes\. Put "column_embedding" before it\.'


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([Dense(units=2)], rf"model\.layers\[0\]: \(dense\) expects {CODES}"),
        ([Flatten(), Dense(units=2)], rf"model\.layers\[1\]: \(dense\) expects {CODES}"),
        ([Reshape(shape=[5, 1])], rf"\(reshape\) expects {CODES}"),
        ([BatchNorm(), ColumnEmbedding()], rf"model\.layers\[0\]: \(batch_norm\) expects {CODES}"),
        ([Dropout(), ColumnEmbedding()], rf"\(dropout\) expects {CODES}"),
        ([GaussianNoise(), ColumnEmbedding()], rf"\(gaussian_noise\) expects {CODES}"),
        ([Residual(layers=[ColumnEmbedding()])], rf"\(residual\) expects {CODES}"),
        ([Sequential(layers=[Dense(units=2)])], rf"layers\[0\].layers\[0\]: \(dense\) expects {CODES}"),
        ([Parallel(branches=[[ColumnEmbedding()], []], merge="concat")], rf"branches\[1\].*expects {CODES}"),
        ([Slice(stop=2), Dense(units=1)], r'\(dense\) expects numbers, but the column deck is a code\. Put "column_'),
        ([ColumnEmbedding(), ColumnEmbedding()], r"layers\[1\]: \(column_embedding\) expects a table with columns of"),
        ([Repeat(layers=[ColumnEmbedding()], times=2)], r"\(column_embedding\) expects a table with columns of codes"),
        ([Dense(units=2, activation="relu"), ColumnEmbedding()], rf"\(dense\) expects {CODES}"),
        ([Embedding(count=3, units=2)], r"\(embedding\) expects ids, got \(5,\)"),
    ],
)
def test_codes_reach_no_other_layer(layers: list[Layer], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        Network(layers, MIXED)


@pytest.mark.parametrize("inputs", [InputSpec((3,)), InputSpec((1,), columns=(AGE,)), InputSpec((4,), "ids")])
def test_inputs_without_codes_are_refused(inputs: InputSpec) -> None:
    with pytest.raises(ShapeError, match=r"expects a table with columns of codes, got .* Set encode: embedding for"):
        Network([ColumnEmbedding()], inputs)


@pytest.mark.parametrize("fields", [{"units": 0}, {"units": "many"}, {"l2": -1.0}, {"padding_index": 0}])
def test_wrong_settings(fields: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        Layer.parse({"type": "column_embedding", **fields})


def test_flat_tables_keep_their_columns_when_flattened_and_cut() -> None:
    assert Flatten().plan(MIXED).output == MIXED
    assert Slice(start=1, stop=3).plan(MIXED).output == InputSpec((2,), columns=(DECK, Column("color")))
    assert Slice(start=4).plan(MIXED).output == InputSpec((1,), columns=(PORT,))


def test_a_wide_and_a_deep_branch() -> None:
    """The wide branch takes the numbers, the deep one the codes behind a slice."""
    inputs = InputSpec((4,), columns=(COLOR, DECK, PORT))
    deep: list[Layer] = [Slice(start=2), ColumnEmbedding(), Dense(units=3, activation="tanh")]
    network, batch = started([Parallel(branches=[[Slice(stop=2)], deep], merge="concat")], inputs, 2)
    batch.inputs[...] = [[0.5, 2, 3, 1], [1, 2, 0, 2]]
    out = batch.forward(Pass())
    assert out[:, :2].tolist() == [[0.5, 2], [1, 2]]
    arrays = {name.split("1.1.")[-1]: array for name, array in network.arena.named_arrays().items()}
    vectors = np.concatenate([arrays["deck.weight"][[3, 0]], arrays["port.weight"][[1, 2]]], axis=1)
    dense = [array for name, array in arrays.items() if name.endswith(("2.weight", "2.bias"))]
    np.testing.assert_allclose(out[:, 2:], np.tanh(vectors @ dense[0] + dense[1]), rtol=1e-12)


def test_lsuv_reaches_the_layers_after_it() -> None:
    layers: list[Layer] = [ColumnEmbedding(init=Normal(deviation=1.0)), Dense(units=30, init=LSUV())]
    network = Network(layers, MIXED, dtype="float64")
    rng = np.random.default_rng(1)
    network.initialize(rng)
    x = rng.normal(size=(256, 5))
    x[:, 1], x[:, 4] = rng.integers(4, size=256), rng.integers(3, size=256)
    before = network.arena.named_arrays()["0.deck.weight"].copy()
    network.calibrate(x)
    assert network.predict(x).std() == pytest.approx(1, abs=0.1)
    assert np.array_equal(network.arena.named_arrays()["0.deck.weight"], before)


def test_steps_allocate_nothing_the_size_of_a_batch(step_memory: Callable[..., tuple[int, int]]) -> None:
    inputs = InputSpec((4,), columns=(AGE, Column("deck", 50, units=64), COLOR))
    _, batch = started([ColumnEmbedding()], inputs, 4096)
    batch.inputs[...] = np.random.default_rng(0).integers(50, size=(4096, 4))
    peak, kept = step_memory(batch)
    assert batch.outputs.nbytes > 2048 * 1024
    assert peak < 200 * 1024  # NumPy's own buffers: 8192 numbers each, whatever the size of the batch
    assert kept < 1024


def test_it_overfits_eight_samples(overfit: Callable[..., float]) -> None:
    inputs = InputSpec((3,), columns=(AGE, Column("deck", 4), Column("port", 4)))
    layers: list[Layer] = [ColumnEmbedding(units=8), Dense(units=32, activation="relu"), Dense(units=2)]
    assert overfit(layers, inputs) < 1e-3


def test_windows_are_embedded_step_by_step() -> None:
    """What the layer gives for the rows of the windows, one after the other."""
    flat, one = started([ColumnEmbedding()], MIXED, 6)
    windows, other = started([ColumnEmbedding()], InputSpec((3, 5), columns=MIXED.columns), 2)
    windows.arena.parameters[...] = flat.arena.parameters
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(6, 5))
    rows[:, 1], rows[:, 4] = rng.integers(4, size=6), rng.integers(3, size=6)
    one.inputs[...], other.inputs[...] = rows, rows.reshape(2, 3, 5)
    assert np.array_equal(other.forward(Pass()).reshape(6, -1), one.forward(Pass()))
    gradient = rng.normal(size=one.outputs.shape)
    one.output_gradient[...], other.output_gradient[...] = gradient, gradient.reshape(other.outputs.shape)
    one.backward(Pass())
    other.backward(Pass())
    np.testing.assert_allclose(windows.arena.gradients, flat.arena.gradients, rtol=1e-12)
    assert windows.plan.output.columns == flat.plan.output.columns
