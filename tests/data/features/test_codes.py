from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from scratchnn.data.features.category import Category
from scratchnn.data.features.codes import MOST_CODES, CodeColumn
from scratchnn.data.features.feature import Feature
from scratchnn.data.tables import Table
from scratchnn.errors import ConfigError

MakeTable = Callable[..., Table]


def test_codes_count_from_one_and_unseen_levels_are_zero(table: MakeTable) -> None:
    column = Category(encode="embedding", units=4).fit(table(deck=["B", "A", "B", "10"]), "deck")
    assert column == CodeColumn(name="deck", levels=["10", "A", "B"], units=4)
    assert (column.width, column.names, column.levels_of_code, column.units_of_code) == (1, ["deck"], 4, 4)
    assert (column.scaled, column.is_plain_number) == (False, False)
    rows = table(deck=["B", "10", "C", "A"])
    out = np.zeros((4, 1), np.float32)
    column.encode(rows, out)
    assert out[:, 0].tolist() == [3, 1, 0, 2]
    assert column.unseen(rows).tolist() == [False, False, True, False]
    assert CodeColumn.model_validate_json(column.model_dump_json()) == column


@pytest.mark.parametrize(
    ("missing", "codes", "unseen"),
    [("as_category", [3, 0, 0, 1], [0, 0, 1, 0]), ("most_frequent", [2, 0, 0, 1], [0, 0, 1, 0])],
)
def test_rare_levels_share_the_code_of_unseen_ones(
    table: MakeTable, missing: str, codes: list[int], unseen: list[int]
) -> None:
    training = table(deck=["A", "A", "B", "", "B", "B", "C", "na"])
    column = Category(encode="embedding", min_count=2, missing=missing).fit(training, "deck")
    assert column.levels_of_code == (4 if missing == "as_category" else 3)
    rows = table(deck=["?", "C", "new", "A"])
    out = np.zeros((4, 1))
    column.encode(rows, out)
    assert out[:, 0].tolist() == codes
    assert column.unseen(rows).tolist() == [bool(flag) for flag in unseen]
    assert column.missing(rows).tolist() == [True, False, False, False]


def test_missing_cells_without_a_training_row_are_zero(table: MakeTable) -> None:
    column = Category(encode="embedding", missing="as_category").fit(table(deck=["A", "A", "B"]), "deck")
    out = np.full((2, 1), np.nan)
    column.encode(table(deck=["", "B"]), out)
    assert out[:, 0].tolist() == [0, 2]


def test_float32_tells_every_code_from_the_next() -> None:
    codes = np.arange(MOST_CODES - 1000, MOST_CODES + 1)
    assert np.array_equal(codes.astype(np.float32).astype(np.int64), codes)
    assert np.float32(MOST_CODES + 1) == MOST_CODES
    with pytest.raises(ConfigError, match="max_levels"):
        Feature.parse({"type": "category", "encode": "embedding", "max_levels": MOST_CODES})
