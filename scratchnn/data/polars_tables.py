"""Tables in the column formats of Apache: Parquet, and Arrow's file format (also called Feather). Read by polars."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from scratchnn.data.csv import check_names
from scratchnn.data.extras import require
from scratchnn.data.files import read_bytes, reading, shown
from scratchnn.data.lazy_columns import Array, Cells, LazyColumns, MakeCells
from scratchnn.data.tables import Gappy, Table, quoted
from scratchnn.data.tabular import TabularSource
from scratchnn.errors import DataError

if TYPE_CHECKING:
    import polars

STREAM = b"\xff\xff\xff\xff"


class Parquet(TabularSource):
    """A table in a Parquet file. Needs `pip install 'scratchnn[data]'`.

    Numbers are as in the file, in float64; dates and times are ISO 8601 texts, booleans true and false, nulls missing
    values, lists of numbers or texts JSON lists. Structs, binary data and durations are refused. In messages rows count
    from 1.
    """

    type: Literal["parquet"] = "parquet"

    def read_file(self, path: Path) -> Table:
        """Every row. Raises `DataError` with file and column, `StorageError`, or `UsageError` without polars."""
        where = shown(path)
        require("polars", where, "a Parquet file")
        return read_columns(read_bytes(path), where, "Parquet")


class Arrow(TabularSource):
    """A table in an Arrow (IPC) or Feather file, also as a stream. Needs `pip install 'scratchnn[data]'`.

    Columns are read as those of `parquet`.
    """

    type: Literal["arrow"] = "arrow"

    def read_file(self, path: Path) -> Table:
        """Every row. Raises `DataError` with file and column, `StorageError`, or `UsageError` without polars."""
        where = shown(path)
        require("polars", where, "an Arrow file")
        data = read_bytes(path)
        if data.startswith(b"FEA1"):
            hint = "Write it as version 2: pyarrow.feather.write_feather(table, path, version=2)."
            raise DataError("this is a file of Feather's version 1", where=where, hint=hint)
        return read_columns(data, where, "Arrow")


def read_columns(data: bytes, where: str, kind: Literal["Parquet", "Arrow"]) -> Table:
    """The table of a file's bytes. Raises `DataError`."""
    if not data:
        raise DataError("the file is empty", where=where, hint=f"Write the table with polars or pandas as {kind}.")
    import polars

    with _readable(where, kind):
        file = io.BytesIO(data)
        if kind == "Parquet":
            frame = polars.read_parquet(file)
        elif data.startswith(STREAM):
            frame = polars.read_ipc_stream(file)
        else:
            frame = polars.read_ipc(file)
    if not frame.height:
        raise _no_rows(where)
    return table_of(frame, where)


def parquet_blocks(path: Path, rows: int) -> Iterator[Table]:
    """The table of a Parquet file in pieces of so many rows, the last one shorter. Raises what reading it whole does.

    Holds one piece at a time, and of the file the row groups that it is in.
    """
    where = shown(path)
    require("polars", where, "a Parquet file")
    import polars

    with reading(path), path.open("rb") as file:
        if not file.read(1):
            raise DataError("the file is empty", where=where, hint="Write the table with polars or pandas as Parquet.")
    with _readable(where, "Parquet"):
        whole = polars.scan_parquet(path, glob=False)
        count = int(whole.select(polars.len()).collect().item())
    if not count:
        raise _no_rows(where)
    for start in range(0, count, rows):
        with _readable(where, "Parquet"):
            frame = whole.slice(start, rows).collect()
        yield table_of(frame, where, start)


@contextmanager
def _readable(where: str, kind: str) -> Iterator[None]:
    """Turns what polars says of a file into a `DataError`."""
    import polars

    try:
        yield
    except (polars.exceptions.PolarsError, polars.exceptions.PanicException, OSError, ValueError) as error:
        reason = (str(error).strip().splitlines() or ["the data is damaged"])[0].rstrip(".")
        hint = f"Write the table with polars or pandas as {kind}."
        raise DataError(f"not a readable {kind} file: {reason}", where=where, hint=hint) from None


def _no_rows(where: str) -> DataError:
    return DataError("there is no row of data", where=where, hint="Write at least one row.")


def table_of(frame: polars.DataFrame, where: str, start: int = 0) -> Table:
    """The table of a frame whose first row is the one after `start` others. Raises `DataError`."""
    import polars

    check_names(frame.columns, where, "the file")
    makers: dict[str, Cells | MakeCells] = {}
    numbers: dict[str, Array | None] = {}
    gappy: dict[str, Gappy | None] = {}
    for column in frame.iter_columns():
        name, kind_of = column.name, column.dtype
        if kind_of.is_integer() or kind_of.is_float():
            odd = column.is_null().to_numpy()
            values = column.cast(polars.Float64).to_numpy().astype(np.float64, copy=False)
            makers[name] = _number_maker(column if kind_of.is_integer() else column.cast(polars.Float64))
            numbers[name] = None if odd.any() else values
            if odd.any():
                gappy[name] = Gappy(values, odd)
        else:
            makers[name] = _texts(column, where)
    return Table(where, LazyColumns(makers), np.arange(start + 1, start + frame.height + 1), numbers, gappy)


def _number_maker(column: polars.Series) -> MakeCells:
    """Makes the shortest texts that give back the same numbers."""

    def make(rows: Array | None) -> Cells:
        chosen = column if rows is None else column.gather(rows)
        return tuple("" if value is None else repr(value) for value in chosen.to_list())

    return make


def _texts(column: polars.Series, where: str) -> Cells:
    """The cells of a column of another type. Raises `DataError` for one that is no text."""
    import polars

    kind = column.dtype
    if kind == polars.Null:
        return ("",) * len(column)
    if kind == polars.Boolean:
        return tuple("" if value is None else str(value).lower() for value in column.to_list())
    if isinstance(kind, polars.Decimal):
        return tuple("" if value is None else format(value, "f") for value in column.to_list())
    if isinstance(kind, polars.Datetime):
        column = column.dt.to_string("%Y-%m-%dT%H:%M:%S%.f" + ("" if kind.time_zone is None else "%:z"))
    elif kind == polars.Date:
        column = column.dt.to_string("%Y-%m-%d")
    elif kind == polars.Time:
        column = column.dt.to_string("%H:%M:%S%.f")
    elif isinstance(kind, polars.List | polars.Array) and _can_be_listed(kind.inner):
        return tuple("" if cell is None else json.dumps(cell, ensure_ascii=False) for cell in column.to_list())
    elif kind in (polars.Categorical, polars.Enum):
        column = column.cast(polars.String)
    elif kind != polars.String:
        hint = "Store numbers, texts, or flat lists of them, each in a column of its own."
        got = f"the column {quoted(column.name)} is of the type {kind}"
        raise DataError(got, where=where, hint=hint)
    same: dict[str, str] = {}
    return tuple("" if cell is None else same.setdefault(cell, cell) for cell in column.to_list())


def _can_be_listed(kind: Any) -> bool:
    """Whether items of a list are numbers, truth values or texts. Decimals are none of JSON's numbers."""
    import polars

    plain = kind.is_integer() or kind.is_float()
    return plain or kind in (polars.Boolean, polars.String, polars.Categorical, polars.Enum)
