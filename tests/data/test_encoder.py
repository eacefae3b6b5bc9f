from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from scratchnn.data.array_inputs import ArrayInputs
from scratchnn.data.columns import FittedColumn
from scratchnn.data.encoder import Encoder, TableInputs
from scratchnn.data.features.binary import BinaryColumn
from scratchnn.data.features.category import CategoryColumn
from scratchnn.data.features.number import NumberColumn
from scratchnn.data.features.quantile import QuantileColumn
from scratchnn.data.tables import Arrays, Table
from scratchnn.data.targets import Classes, Numbers
from scratchnn.errors import DataError

MakeTable = Callable[..., Table]

COLUMNS = TableInputs(
    columns=[
        NumberColumn(name="age", offset=40.0, scale=10.0),
        CategoryColumn(name="deck", levels=["A", "B"]),
        NumberColumn(name="flat", offset=7.0, scale=0.0),
    ]
)
CLASSES = Encoder(inputs=COLUMNS, target=Classes(names=["sick"], classes=["no", "yes"]))
PLAIN = CLASSES.model_copy(update={"inputs": TableInputs(columns=[COLUMNS.columns[0], COLUMNS.columns[2]])})
NUMBERS = Encoder(
    inputs=ArrayInputs(shape=[2], offset=[1.0, 2.0], scale=[0.5, 0.0]),
    target=Numbers(names=["y", "z"], offset=[10.0, 0.0], width=[2.0, 1.0]),
)


def test_names_and_shapes() -> None:
    assert CLASSES.input_shape == (4,)
    assert CLASSES.input_columns == ["age", "deck", "flat"]
    assert CLASSES.feature_names == ["age", "deck=A", "deck=B", "flat"]
    assert CLASSES.class_names == ["no", "yes"]
    assert (CLASSES.task, NUMBERS.task) == ("classification", "regression")
    assert (NUMBERS.input_shape, NUMBERS.feature_names, NUMBERS.class_names) == ((2,), ["x1", "x2"], [])


def test_rows_of_a_table_in_any_column_order(table: MakeTable) -> None:
    rows = table(flat=["7", "8"], extra=["?", ""], deck=["B", "C"], age=["35", "50"])
    encoded = CLASSES.encode_inputs(rows)
    assert encoded.tolist() == [[-0.5, 0, 1, 0], [1, 0, 0, 0]]
    assert encoded.dtype == np.float32
    assert encoded.flags.c_contiguous
    assert CLASSES.encode_inputs(rows, np.float64).dtype == np.float64
    assert CLASSES.count_unseen(rows) == {"deck": 1}


def test_a_column_comes_after_all_levels_of_the_one_before(table: MakeTable) -> None:
    columns = [COLUMNS.columns[1], COLUMNS.columns[0]]
    encoder = CLASSES.model_copy(update={"inputs": TableInputs(columns=columns)})
    assert encoder.feature_names == ["deck=A", "deck=B", "age"]
    assert encoder.encode_inputs(table(age=["35", "50"], deck=["B", "A"])).tolist() == [[0, 1, -0.5], [1, 0, 1]]
    with pytest.raises(DataError, match=r"data\.csv:3:age: a number is too large"):
        encoder.encode_inputs(table(age=["35", "1e300"], deck=["B", "A"]))


@pytest.mark.parametrize(
    ("columns", "text"),
    [
        ({"deck": ["A"], "flat": ["1"]}, 'data.csv: there is no column "age". The model needs it; the file has deck'),
        (
            {"age": ["x"], "deck": ["A"], "flat": ["1"]},
            'data.csv:2:age: "x" is not a number. Mend the cell, or train with the column as a category.',
        ),
        ({"age": ["1"], "deck": [" "], "flat": ["1"]}, "data.csv:2:deck: the value is missing"),
        ({"age": ["1"], "deck": ["A"], "flat": ["NA"]}, "data.csv:2:flat: the value is missing"),
        ({"age": ["1e300"], "deck": ["A"], "flat": ["1"]}, "data.csv:2:age: a number is too large for float32"),
    ],
)
def test_rows_that_cannot_be_encoded(table: MakeTable, columns: dict[str, list[str]], text: str) -> None:
    with pytest.raises(DataError) as caught:
        CLASSES.encode_inputs(table(**columns))
    assert str(caught.value).startswith(text)


def test_arrays_are_scaled_and_constant_features_stay_zero() -> None:
    encoded = NUMBERS.encode_inputs(Arrays.of(np.array([[1, 2], [2, 9]])))
    assert encoded.tolist() == [[0, 0], [2, 0]]


def test_a_table_serves_flat_arrays_by_name(table: MakeTable) -> None:
    assert NUMBERS.encode_inputs(table(x2=["0"], x1=["0"])).tolist() == [[-2, 0]]
    with pytest.raises(DataError, match='there is no column "x2"'):
        NUMBERS.encode_inputs(table(x1=["0"]))


def test_a_matrix_serves_a_table_of_numbers() -> None:
    assert PLAIN.encode_inputs(Arrays.of(np.array([[35, 7], [50, 8]]))).tolist() == [[-0.5, 0], [1, 0]]


def test_a_matrix_serves_indicators_and_levels_that_are_numbers(table: MakeTable) -> None:
    age = COLUMNS.columns[0].model_copy(update={"fill": 40.0, "indicator": True})
    smoker = BinaryColumn(name="smoker", negative="0", positive="1", frequent=0)
    encoder = CLASSES.model_copy(update={"inputs": TableInputs(columns=[age, smoker])})
    assert encoder.feature_names == ["age", "age is missing", "smoker=1"]
    assert encoder.encode_inputs(Arrays.of(np.array([[35, 1], [50, 0]]))).tolist() == [[-0.5, 0, 1], [1, 0, 0]]
    rows = table(age=["35", "", "NA"], smoker=["1.0", "0", "2"])
    assert encoder.encode_inputs(rows).tolist() == [[-0.5, 0, 1], [0, 1, 0], [0, 1, 0]]
    assert (encoder.count_missing(rows), encoder.count_unseen(rows)) == ({"age": 2}, {"smoker": 1})
    texts = smoker.model_copy(update={"negative": "no", "positive": "yes"})
    encoder = CLASSES.model_copy(update={"inputs": TableInputs(columns=[age, texts])})
    with pytest.raises(DataError, match="but the model takes a table"):
        encoder.encode_inputs(Arrays.of(np.array([[35, 1]])))


@pytest.mark.parametrize(
    ("column", "scales"),
    [
        (NumberColumn(name="a", offset=0.0, scale=1.0, fill=3.0, indicator=True, clip=[0.0, 1.0]), False),
        (NumberColumn(name="a", offset=0.0, scale=2.0), True),
        (QuantileColumn(name="a", quantiles=[0.0, 1.0]), True),
        (BinaryColumn(name="a", negative="0", positive="1", frequent=0), False),
        (BinaryColumn(name="a", negative="1", positive="2", frequent=0), True),
        (BinaryColumn(name="a", negative="no", positive="yes", frequent=0), False),
    ],
)
def test_which_inputs_are_other_numbers_than_in_the_table(column: FittedColumn, scales: bool) -> None:
    encoder = CLASSES.model_copy(update={"inputs": TableInputs(columns=[column])})
    assert encoder.scales_inputs is scales


def test_bytes_divided_by_255_are_exact() -> None:
    encoder = NUMBERS.model_copy(update={"inputs": ArrayInputs(shape=[1, 256, 1], offset=[0.0], scale=[255.0])})
    images = np.arange(256, dtype=np.uint8).reshape(1, 1, 256, 1)
    expected = (np.arange(256, dtype=np.float32) / np.float32(255)).reshape(images.shape)
    assert np.array_equal(encoder.encode_inputs(Arrays.of(images)), expected)


def test_many_samples_are_scaled_like_one_by_one() -> None:
    values = np.random.Generator(np.random.PCG64(0)).normal(size=(9000, 2))
    encoded = NUMBERS.encode_inputs(Arrays.of(values), np.float64)
    assert np.array_equal(encoded[:, 0], (values[:, 0] - 1.0) / 0.5)
    assert not encoded[:, 1].any()


@pytest.mark.parametrize(
    ("encoder", "data", "message"),
    [
        (CLASSES, Arrays.of(np.ones((1, 4))), "holds samples of shape (4,), but the model takes a table"),
        (PLAIN, Arrays.of(np.ones((1, 3))), "holds samples of shape (3,), but the model takes a table"),
        (NUMBERS, Arrays.of(np.ones((1, 3))), "samples have the shape (3,), but the model takes (2,)"),
        (NUMBERS, Arrays.of(np.ones((1, 2, 1))), "samples have the shape (2, 1), but the model takes (2,)"),
    ],
)
def test_inputs_of_another_kind(encoder: Encoder, data: Arrays, message: str) -> None:
    with pytest.raises(DataError) as caught:
        encoder.encode_inputs(data)
    assert caught.value.message == message


finite = st.floats(allow_nan=False, allow_infinity=False)


@given(
    offset=finite, scale=st.floats(0, exclude_min=False, allow_infinity=False), levels=st.sets(st.text(), min_size=1)
)
def test_json_keeps_every_float_and_text(offset: float, scale: float, levels: set[str]) -> None:
    inputs = TableInputs(
        columns=[NumberColumn(name="é", offset=offset, scale=scale), CategoryColumn(name='"', levels=sorted(levels))]
    )
    encoder = Encoder(inputs=inputs, target=Numbers(names=["y"], offset=[offset], width=[scale or 1]))
    try:
        text = encoder.model_dump_json()
    except ValueError:  # lone surrogates have no UTF-8
        assert any("\ud800" <= mark <= "\udfff" for level in levels for mark in level)
        return
    again = Encoder.model_validate_json(text)
    assert again == encoder
    assert repr(again) == repr(encoder)  # -0.0 == 0.0, but their texts differ


@pytest.mark.parametrize(
    "change",
    [
        {"target": {"type": "guess", "names": ["sick"]}},
        {"target": {"type": "language_modeling", "names": ["next_word"]}},
        {"inputs": {"type": "table", "columns": []}},
        {
            "inputs": {
                "type": "table",
                "columns": [{"type": "number", "name": "a", "offset": float("nan"), "scale": 1.0}],
            }
        },
        {"inputs": {"type": "table", "columns": [{"type": "number", "name": "a", "offset": 0.0, "scale": -1.0}]}},
        {"inputs": {"type": "table", "columns": [{"type": "category", "name": "a", "levels": ["x", "x"]}]}},
        {"inputs": {"type": "table", "columns": [{"type": "ignore", "name": "a"}]}},
        {"inputs": {"type": "table", "columns": [{"type": "category", "name": "a", "levels": ["x"]}] * 2}},
        {"inputs": {"type": "array", "shape": [0], "offset": [0.0], "scale": [1.0]}},
        {"inputs": {"type": "array", "shape": [3], "offset": [0.0] * 2, "scale": [1.0] * 2}},
        {"inputs": {"type": "array", "shape": [2, 3], "offset": [0.0] * 2, "scale": [1.0] * 2}},
        {"inputs": {"type": "array", "shape": [2], "offset": [0.0], "scale": [1.0] * 2}},
        {
            "target": {"type": "reconstruction"},
            "inputs": {"type": "table", "columns": [{"type": "code", "name": "a", "levels": ["x"]}]},
        },
        {"surprise": 1},
    ],
)
def test_an_encoder_from_a_broken_file_is_refused(change: dict[str, object]) -> None:
    document = CLASSES.model_dump()
    assert Encoder.model_validate(document) == CLASSES
    with pytest.raises(ValidationError):
        Encoder.model_validate(document | change)
