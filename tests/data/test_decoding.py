"""Decoding is the inverse of encoding, in the columns' own units."""

from __future__ import annotations

import numpy as np
import pytest

from scratchnn.data.array_inputs import ArrayInputs
from scratchnn.data.decoding import decode_inputs
from scratchnn.data.encoder import Encoder, TableInputs
from scratchnn.data.features.category import CategoryColumn
from scratchnn.data.features.number import NumberColumn
from scratchnn.data.tables import Arrays, Table
from scratchnn.data.targets import InputsAgain

TABLE = TableInputs(
    columns=[
        NumberColumn(name="age", offset=40.0, scale=8.0),
        CategoryColumn(name="deck", levels=["A", "B", "C"]),
        NumberColumn(name="year", offset=1912.0, scale=0.0),
        CategoryColumn(name="sex", levels=["f", "m"]),
        NumberColumn(name="fare", offset=-2.5, scale=0.25),
    ]
)


def autoencoder(inputs: TableInputs | ArrayInputs) -> Encoder:
    return Encoder(inputs=inputs, target=InputsAgain())


def test_a_table_comes_back_from_its_encoding() -> None:
    cells = {"age": ("32", "44"), "deck": ("C", "A"), "year": ("1912", "1912"), "sex": ("m", "f"), "fare": ("1", "-3")}
    encoder = autoencoder(TABLE)
    decoded = decode_inputs(encoder, encoder.encode_inputs(Table("t.csv", cells, np.arange(2))))
    assert list(decoded) == list(cells)
    assert decoded["deck"] == ["C", "A"]
    assert decoded["sex"] == ["m", "f"]
    for name in ("age", "year", "fare"):
        assert np.asarray(decoded[name]).tolist() == [float(cell) for cell in cells[name]]


def test_a_category_is_its_largest_output_of_equal_ones_the_first_and_a_constant_stays_one() -> None:
    outputs = np.array([[1.5, -0.1, 0.4, 0.3, 7.0, 0.5, 0.5, 2.0], [0, 0.2, 0.1, 0.9, -7.0, -2.0, -1.0, 0]], np.float32)
    decoded = decode_inputs(autoencoder(TABLE), outputs)
    assert decoded["deck"] == ["B", "C"]
    assert decoded["sex"] == ["f", "m"]
    np.testing.assert_array_equal(decoded["age"], [52.0, 40.0])
    np.testing.assert_array_equal(decoded["year"], [1912.0, 1912.0])
    np.testing.assert_array_equal(decoded["fare"], [-2.0, -2.5])


@pytest.mark.parametrize(
    ("inputs", "shape"),
    [
        (ArrayInputs(shape=[2, 3, 1], offset=[16.0], scale=[4.0]), (2, 3, 1)),
        (ArrayInputs(shape=[3], offset=[1.0, 2.0, 3.0], scale=[2.0, 0.5, 8.0]), (3,)),
    ],
)
def test_arrays_come_back_in_their_shape_and_units(inputs: ArrayInputs, shape: tuple[int, ...]) -> None:
    values = np.random.default_rng(0).integers(0, 32, (5, *shape)).astype(np.float64)
    encoder = autoencoder(inputs)
    encoded = encoder.encode_inputs(Arrays.of(values))
    decoded = decode_inputs(encoder, encoded)
    assert list(decoded) == ["inputs"]
    np.testing.assert_array_equal(decoded["inputs"], values)
    assert np.abs(encoded - values).max() > 1  # scaling did something
