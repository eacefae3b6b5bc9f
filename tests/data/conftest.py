from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from scratchnn.data.tables import Table

MakeTable = Callable[..., Table]


@pytest.fixture(scope="session")
def table() -> MakeTable:
    """Makes a table from columns, as if read from lines 2, 3, ... of data.csv."""

    def make(**columns: list[str]) -> Table:
        rows = len(next(iter(columns.values())))
        return Table("data.csv", {name: tuple(cells) for name, cells in columns.items()}, np.arange(2, rows + 2))

    return make
