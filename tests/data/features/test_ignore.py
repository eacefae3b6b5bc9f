from __future__ import annotations

from collections.abc import Callable

from scratchnn.data.features.ignore import Ignore
from scratchnn.data.tables import Table

MakeTable = Callable[..., Table]


def test_ignore_fits_nothing_not_even_missing_cells(table: MakeTable) -> None:
    assert Ignore().fit(table(a=["", "x"]), "a") is None
