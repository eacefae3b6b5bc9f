"""Arrays of flat samples as a table, for what needs columns with names."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from scratchnn.data.lazy_columns import Array, Cells, LazyColumns, MakeCells
from scratchnn.data.samples import held
from scratchnn.data.tables import Arrays, Table
from scratchnn.errors import DataError


def as_table(data: Arrays, targets: Sequence[str]) -> Table:
    """The inputs (N, F) as columns x1, x2, ..., and the targets under these names, where there are any.

    Rows count from 0 in messages, as samples do. Raises `DataError` for samples that are not flat.
    """
    inputs = held(data.inputs)
    if inputs.ndim != 2:
        got = f"samples have the shape {inputs.shape[1:]}, but windows are made of flat ones"
        raise DataError(got, where=data.where, hint="Store one row of numbers for each step: (N, F).")
    columns = {f"x{number + 1}": inputs[:, number] for number in range(inputs.shape[1])}
    if data.targets is not None:
        own = data.targets[:, None] if data.targets.ndim == 1 else data.targets
        columns |= {name: own[:, number] for number, name in enumerate(targets)}
    makers: dict[str, Cells | MakeCells] = {name: _maker(values) for name, values in columns.items()}
    numbers: dict[str, Array | None] = {
        name: values.astype(np.float64) for name, values in columns.items() if values.dtype.kind != "U"
    }
    return Table(data.where, LazyColumns(makers), np.arange(data.start, data.start + len(data)), numbers)


def _maker(values: Array) -> Callable[[Array | None], Cells]:
    """Makes the shortest texts that give back the same numbers."""
    plain = values.astype(np.int64) if values.dtype.kind == "b" else values

    def make(rows: Array | None) -> Cells:
        return tuple(map(str, (plain if rows is None else plain[rows]).tolist()))

    return make
