"""Back from encoded inputs to the columns' own units: what an autoencoder's outputs mean."""

from __future__ import annotations

import numpy as np

from scratchnn.data.array_inputs import ArrayInputs
from scratchnn.data.columns import Decoded
from scratchnn.data.encoder import Encoder, TableInputs
from scratchnn.data.tables import Array


def decode_inputs(encoder: Encoder, values: Array) -> dict[str, Decoded]:
    """The inverse of `Encoder.encode_inputs` for `values` (N, *input_shape), by column in the order of the table.

    A number is x' * scale + offset in float64 (N,), where its training rows were constant that constant; a category is
    the level with the largest value, of equal ones the first. Arrays have no columns: they come back as one array
    (N, *input_shape) under the name `inputs`. Of a text there is nothing to decode.

    >>> from scratchnn.data.features.category import CategoryColumn
    >>> from scratchnn.data.features.number import NumberColumn
    >>> columns = [NumberColumn(name="age", offset=40, scale=10), CategoryColumn(name="deck", levels=["A", "B"])]
    >>> from scratchnn.data.targets import InputsAgain
    >>> encoder = Encoder(inputs=TableInputs(columns=columns), target=InputsAgain())
    >>> decode_inputs(encoder, np.array([[-0.5, 0.3, 0.6]]))
    {'age': array([35.]), 'deck': ['B']}
    """
    if isinstance(encoder.inputs, ArrayInputs):
        return {"inputs": _array(encoder.inputs, values)}
    return _columns(encoder.inputs, values) if isinstance(encoder.inputs, TableInputs) else {}


def _columns(inputs: TableInputs, values: Array) -> dict[str, Decoded]:
    return {column.name: column.decode(place) for column, place in inputs.placed(values)}


def _array(inputs: ArrayInputs, values: Array) -> Array:
    units: Array = values.astype(np.float64)
    units *= np.array(inputs.scale)
    units += np.array(inputs.offset)
    return units
