from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from scratchnn.data.columns import FittedColumn
from scratchnn.data.encoder import Encoder, TableInputs
from scratchnn.data.features.feature import Feature
from scratchnn.data.features.sequence import ALMOST_ZERO, Sequence, SequenceColumn
from scratchnn.data.tables import Table
from scratchnn.data.targets import Classes
from scratchnn.errors import ConfigError, DataError

MakeTable = Callable[..., Table]

ROWS = ["[1, 2, 3]", "[]", "6", ""]


def encoded(column: SequenceColumn, table: Table, dtype: type = np.float64) -> np.ndarray:
    inputs = TableInputs(columns=[column])
    encoder = Encoder(inputs=inputs, target=Classes(names=["y"], classes=["n", "y"]))
    out = encoder.encode_inputs(table, dtype)
    assert out.shape == (len(table), column.length, 1)
    return out[..., 0]


def test_numbers_are_scaled_together(table: MakeTable) -> None:
    """Of 1, 2, 3, 6: mean 3, deviation sqrt(14 / 4). What is 0 then is almost 0, since 0 is padding."""
    column = Sequence().fit(table(a=ROWS), "a")
    scale = np.sqrt(3.5)
    expected = [[-2 / scale, -1 / scale, ALMOST_ZERO], [0] * 3, [3 / scale, 0, 0], [0] * 3]
    np.testing.assert_allclose(encoded(column, table(a=ROWS)), expected, rtol=1e-12)
    assert column.length == 3


@pytest.mark.parametrize(("scale", "expected"), [("none", [1, 2, 3]), ("min_max", [ALMOST_ZERO, 0.2, 0.4])])
def test_other_scales(table: MakeTable, scale: str, expected: list[float]) -> None:
    column = Sequence(scale=scale).fit(table(a=ROWS), "a")
    np.testing.assert_allclose(encoded(column, table(a=ROWS))[0], expected, rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_real_step_is_never_zero(table: MakeTable, dtype: type) -> None:
    cells = ["[0, -0.0, 1e-300, 1e-40]", "[0]"]
    column = Sequence(scale="none").fit(table(a=cells), "a")
    out = encoded(column, table(a=cells), dtype)
    assert (out != 0).tolist() == [[True] * 4, [True, False, False, False]]
    constant = Sequence().fit(table(a=["[5, 5]", "[5]"]), "a")
    assert (encoded(constant, table(a=["[5]", "[7, 9]"]), dtype) != 0).tolist() == [[True, False], [True, True]]


def test_the_end_is_kept(table: MakeTable) -> None:
    column = Sequence(length=2, keep="end", scale="none", separator=";").fit(table(a=["1;2;3", "4"]), "a")
    assert encoded(column, table(a=["1;2;3", "4"])).tolist() == [[2, 3], [4, 0]]


def test_flags(table: MakeTable) -> None:
    column = Sequence().fit(table(a=ROWS), "a")
    assert column.missing(table(a=ROWS)).tolist() == [False, True, False, True]
    assert not column.unseen(table(a=ROWS)).any()
    assert FittedColumn.model_validate_json(column.model_dump_json()) == column


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (["[]", ""], r"data\.csv:a: no training row has an item"),
        (["[1]", '[2, "x"]'], r'data\.csv:3:a: item 1 of the list, "x", is not a number\. Mend.*items'),
        (["1;2"], r'item 0 of the list, "1;2", is not a number\. Mend the cell, set `separator`'),
        (["[1, NaN]"], r'item 1 of the list, "NaN", is not a finite number'),
        (["[1e999]"], r'item 0 of the list, "1e999", is not a finite number'),
        (["[[1], [2]]"], r"item 0 of the list is a list"),
        (["[1.7e308, -1.7e308]"], r"too large to scale"),
    ],
)
def test_lists_that_are_refused(table: MakeTable, cells: list[str], message: str) -> None:
    with pytest.raises(DataError, match=message):
        Sequence().fit(table(a=cells), "a")


@pytest.mark.parametrize("fields", [{"scale": "robust"}, {"length": 0}, {"separator": ""}])
def test_wrong_settings(fields: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        Feature.parse({"type": "sequence", **fields})
