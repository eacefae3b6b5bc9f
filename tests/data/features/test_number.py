from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from scratchnn.data.features.feature import Feature
from scratchnn.data.features.number import Number, NumberColumn, standard
from scratchnn.data.tables import Table
from scratchnn.errors import DataError

MakeTable = Callable[..., Table]


def test_number_scales(table: MakeTable) -> None:
    """Mean 2.5, variance ((1.5^2 + 0.5^2) * 2) / 4 = 1.25."""
    rows = table(a=["1", "2", "3", "4"])
    assert Number().fit(rows, "a") == NumberColumn(name="a", offset=2.5, scale=1.25**0.5)
    assert Number(scale="min_max").fit(rows, "a") == NumberColumn(name="a", offset=1.0, scale=3.0)
    assert Number(scale="none").fit(rows, "a") == NumberColumn(name="a", offset=0.0, scale=1.0)


def test_a_constant_column_has_scale_zero_exactly(table: MakeTable) -> None:
    rows = table(a=["0.1"] * 7)
    assert Number().fit(rows, "a") == NumberColumn(name="a", offset=0.1, scale=0.0)
    assert Number(scale="min_max").fit(rows, "a").scale == 0
    assert np.full(7, 0.1).std() > 0  # the plain formula would have divided by this rounding error


@pytest.mark.parametrize("scale", ["standard", "min_max"])
def test_numbers_too_large_to_scale(table: MakeTable, scale: str) -> None:
    with pytest.raises(DataError, match="a: the numbers are too large to scale"):
        Feature.parse({"type": "number", "scale": scale}).fit(table(a=["1e308", "-1e308", "1e308"]), "a")


def test_standard_of_bytes_does_not_wrap() -> None:
    assert standard(np.array([[250, 250], [254, 254]], np.uint8)) == (252.0, 2.0)


def test_a_number_column_names_the_decimal_setting() -> None:
    table = Table("data.csv", {"w": ("1,5",)}, np.array([2]))
    with pytest.raises(DataError, match='"1,5" is not a number') as caught:
        table.numbers("w")
    assert 'decimal: ","' in caught.value.hint
