from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from scratchnn.errors import ConfigError, ShapeError
from scratchnn.nn.layer import Column, InputSpec, Layer
from scratchnn.nn.layers.column_embedding import ColumnEmbedding
from scratchnn.nn.layers.composite import Parallel
from scratchnn.nn.layers.dense import Dense
from scratchnn.nn.layers.embedding import Embedding
from scratchnn.nn.layers.gru import GRU
from scratchnn.nn.layers.lstm import LSTM
from scratchnn.nn.layers.select import Select
from scratchnn.nn.memory import Array, Pass
from scratchnn.nn.network import Batch, Network

AGE, COLOR, DECK = Column("age"), Column("color", width=2), Column("deck", 3)
REVIEW, PRICES = Column("review", 5, width=4, sequence=True), Column("prices", width=3, sequence=True)
TABLE = InputSpec((11,), columns=(AGE, REVIEW, COLOR, PRICES, DECK))
ROWS = np.array([[7, 2, 3, 0, 0, 0.1, 0.2, 0.5, -1, 0, 1], [8, 0, 0, 0, 0, 0.3, 0.4, 0, 0, 0, 2]], np.float64)


def started(layers: list[Layer], inputs: InputSpec = TABLE, rows: int = 2) -> tuple[Network, Batch]:
    network = Network(layers, inputs, dtype="float64")
    network.initialize(np.random.default_rng(0))
    return network, network.workspace(rows, input_gradient=True, poison=True).batch(rows)


def outputs(layer: Select) -> tuple[Array, Array | None]:
    _, batch = started([layer])
    batch.inputs[...] = ROWS
    run = Pass()
    return batch.forward(run).copy(), run.mask


def test_columns_come_in_the_order_of_their_names() -> None:
    made, mask = outputs(Select(columns=["color", "deck", "age"]))
    assert made.tolist() == [[0.1, 0.2, 1, 7], [0.3, 0.4, 2, 8]]
    assert mask is None
    assert Select(columns=["color", "deck"]).plan(TABLE).output == InputSpec((3,), columns=(COLOR, DECK))
    without, _ = outputs(Select(without=["review", "prices", "color"]))
    assert without.tolist() == [[7, 1], [8, 2]]


def test_ids_of_a_text_and_their_mask() -> None:
    layer = Select(columns=["review"])
    made, mask = outputs(layer)
    assert made.tolist() == [[2, 3, 0, 0], [0, 0, 0, 0]]
    assert mask is not None
    assert mask.tolist() == [[True, True, False, False], [False] * 4]
    assert layer.plan(TABLE).output == InputSpec((4,), "ids", count=5, padded=True)


def test_a_list_of_numbers_and_its_mask() -> None:
    layer = Select(columns=["prices"])
    made, mask = outputs(layer)
    assert made.tolist() == [[[0.5], [-1], [0]], [[0], [0], [0]]]
    assert mask is not None
    assert mask.tolist() == [[True, True, False], [False] * 3]
    assert layer.plan(TABLE).output == InputSpec((3, 1), padded=True)


def test_windows_keep_their_steps() -> None:
    inputs = InputSpec((2, 4), columns=(AGE, COLOR, Column("rain")))
    _, batch = started([Select(columns=["rain", "age"])], inputs)
    batch.inputs[...] = np.arange(16).reshape(2, 2, 4)
    assert batch.forward(Pass()).tolist() == [[[3, 0], [7, 4]], [[11, 8], [15, 12]]]


def test_the_gradient_goes_to_the_chosen_places() -> None:
    _, batch = started([Select(columns=["color", "age"])])
    batch.inputs[...] = ROWS
    batch.forward(Pass())
    batch.output_gradient[...] = [[1, 2, 3], [4, 5, 6]]
    batch.backward(Pass())
    assert batch.input_gradient is not None
    assert batch.input_gradient.tolist() == [[3, 0, 0, 0, 0, 1, 2] + [0] * 4, [6, 0, 0, 0, 0, 4, 5] + [0] * 4]


@pytest.mark.parametrize("names", [["review"], ["prices"]])
def test_padding_changes_nothing(names: list[str]) -> None:
    """A longer column with more padding gives the same state, and a row of padding alone the first one, zeros."""
    first: list[Layer] = [Embedding(units=2)] if names == ["review"] else []
    layers = [Select(columns=names), *first, LSTM(units=3)]
    network, batch = started(layers)
    batch.inputs[...] = ROWS
    short = batch.forward(Pass()).copy()
    wide = InputSpec((14,), columns=(AGE, Column("review", 5, width=5, sequence=True), COLOR,
                                     Column("prices", width=5, sequence=True), DECK))  # fmt: skip
    longer, other = started(layers, wide)
    longer.arena.parameters[...] = network.arena.parameters
    zeros = np.zeros((2, 1))
    other.inputs[...] = np.hstack([ROWS[:, :5], zeros, ROWS[:, 5:10], zeros, zeros, ROWS[:, 10:]])
    np.testing.assert_allclose(other.forward(Pass()), short, rtol=1e-12)
    assert np.abs(short[0]).min() > 1e-3
    assert not short[1].any()


def test_a_text_beside_other_columns() -> None:
    """Each branch is what it would be alone."""
    text: list[Layer] = [Select(columns=["review"]), Embedding(units=2), GRU(units=3)]
    rest: list[Layer] = [Select(columns=["deck", "age"]), ColumnEmbedding(units=2), Dense(units=2)]
    network, batch = started([Parallel(branches=[text, rest], merge="concat")])
    batch.inputs[...] = ROWS
    joined = batch.forward(Pass()).copy()
    named = network.arena.named_arrays()
    for number, branch in enumerate([text, rest]):
        alone, own = started(branch)
        for name, array in alone.arena.named_arrays().items():
            array[...] = named[f"0.{number}.{name}"]
        own.inputs[...] = ROWS
        np.testing.assert_allclose(own.forward(Pass()), joined[:, [slice(3), slice(3, 5)][number]], rtol=1e-12)


@pytest.mark.parametrize(
    ("inputs", "layer", "message"),
    [
        (TABLE, Select(columns=["ages"]), r'there is no column "ages"\. Did you mean "age"\?'),
        (TABLE, Select(without=["x"]), r'no column "x"\. Choose one of: age, color'),
        (
            TABLE,
            Select(columns=["age", "review"]),
            r'"review" is a sequence, which stands alone, got 2 columns\. Choose',
        ),
        (InputSpec((3,)), Select(columns=["age"]), r"expects a table with named columns, got \(3,\)\. Put it before"),
        (InputSpec((1,), columns=(AGE,)), Select(without=["age"]), r"expects a column beside those of `without`"),
    ],
)
def test_what_is_refused(inputs: InputSpec, layer: Select, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        Network([layer], inputs)


@pytest.mark.parametrize("fields", [{}, {"columns": []}, {"columns": ["a", "a"]}, {"columns": ["a"], "without": ["b"]}])
def test_wrong_settings(fields: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        Layer.parse({"type": "select", **fields})


def test_sequences_reach_no_layer_of_flat_columns() -> None:
    with pytest.raises(ShapeError, match=r'column review is a code\. Take it out with \{type: select, columns: \["rev'):
        Network([Dense(units=1)], InputSpec((5,), columns=(REVIEW, AGE)))
    with pytest.raises(ShapeError, match=r"one code in each column, but review is a sequence of codes\. Use a branch"):
        Network([ColumnEmbedding()], InputSpec((5,), columns=(REVIEW, AGE)))


def test_steps_allocate_nothing_the_size_of_a_batch(step_memory: Callable[..., tuple[int, int]]) -> None:
    _, batch = started([Select(columns=["wide"])], InputSpec((101,), columns=(AGE, Column("wide", width=100))), 4096)
    batch.inputs[...] = 1
    peak, kept = step_memory(batch)
    assert batch.outputs.nbytes > 2048 * 1024
    assert peak < 200 * 1024
    assert kept < 1024


def test_it_overfits_eight_samples(overfit: Callable[..., float]) -> None:
    inputs = InputSpec((7,), columns=(AGE, COLOR, Column("review", 9, width=4, sequence=True)))
    branches: list[list[Layer]] = [
        [Select(columns=["review"]), Embedding(units=8), GRU(units=16)],
        [Select(columns=["age", "color"]), Dense(units=16, activation="relu")],
    ]
    assert overfit([Parallel(branches=branches, merge="concat"), Dense(units=2)], inputs) < 1e-3
