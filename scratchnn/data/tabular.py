"""What sources of tables share: one file or several, which a pattern names."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
from pydantic import Field

from scratchnn.data.files import WHERE_PATHS_START, locate, shown
from scratchnn.data.lazy_columns import Array, Cells, LazyColumns, MakeCells
from scratchnn.data.sources import Source
from scratchnn.data.tables import Gappy, Table
from scratchnn.errors import DataError


class TabularSource(Source):
    """A table in one file; or in several with the same columns, one after the other in order of their names."""

    tabular: ClassVar[bool] = True
    paths: ClassVar[tuple[str, ...]] = ("path",)
    path: str = Field(min_length=1, description="The file, or a pattern for several: parts/*.csv, **/*.csv.")

    def read(self, base: Path) -> Table:
        """Every row. Raises `DataError` with file, line and column, or `StorageError`."""
        files = matching(base, self.path)
        if len(files) == 1:
            return self.read_file(files[0])
        return stack([self.read_file(file) for file in files], shown(locate(base, self.path)))

    def read_file(self, path: Path) -> Table:
        """Every row of one file."""
        raise NotImplementedError


def is_pattern(path: str | Path) -> bool:
    """Whether a path names several files, and no file has that very name."""
    return glob.has_magic(str(path)) and not Path(path).exists()


def matching(base: Path, path: str) -> list[Path]:
    """The files of a path, sorted where it is a pattern with `*`, `?` or `[...]`; a file of that very name comes first.

    Raises `DataError` where a pattern matches no file.
    """
    whole = locate(base, path)
    if not glob.has_magic(path) or not is_pattern(whole):
        return [whole]
    written = Path(path).expanduser()
    pattern = str(written) if written.is_absolute() else str(Path(glob.escape(str(base))) / written)
    found = glob.glob(pattern, recursive=True)  # noqa: PTH207 - Path.glob takes no absolute pattern
    files = sorted(file for file in map(Path, found) if file.is_file())
    if not files:
        hint = WHERE_PATHS_START
        raise DataError("no file matches the pattern", where=shown(whole), hint=hint)
    return files


def stack(tables: Sequence[Table], where: str) -> Table:
    """The rows of these tables, one after the other; the columns in the order of the first.

    Raises `DataError` where one has other columns.
    """
    first = tables[0]
    for table in tables[1:]:
        check_columns(table, first)
    makers: dict[str, Cells | MakeCells] = {}
    numbers: dict[str, Array | None] = {}
    gappy: dict[str, Gappy | None] = {}
    for name in first.columns:
        makers[name] = _maker(tables, name)
        parts = [table.gappy(name) for table in tables]
        known = [part for part in parts if part is not None]
        numbers[name] = None
        gappy[name] = None
        if len(known) == len(parts):
            whole = Gappy(np.concatenate([p.values for p in known]), np.concatenate([p.odd for p in known]))
            if whole.odd.any():
                gappy[name] = whole
            else:
                numbers[name] = whole.values
    lines = np.concatenate([table.lines for table in tables])
    file_of = np.repeat(np.arange(len(tables)), list(map(len, tables)))
    files = tuple(table.where for table in tables)
    return Table(where, LazyColumns(makers), lines, numbers, gappy, files, file_of)


def check_columns(table: Table, first: Table) -> None:
    """Raises `DataError` unless a table has the columns of the first one, in any order."""
    lacking = [name for name in first.columns if name not in table.columns]
    more = [name for name in table.columns if name not in first.columns]
    if lacking or more:
        got = f'there is no column "{lacking[0]}"' if lacking else f'there is a column "{more[0]}"'
        hint = "All files of a pattern need the same columns."
        raise DataError(f"{got}, unlike in {first.where}", where=table.where, hint=hint)


def _maker(tables: Sequence[Table], name: str) -> MakeCells:
    starts = np.cumsum([0, *map(len, tables)])

    def make(rows: Array | None) -> Cells:
        if rows is None:
            return tuple(cell for table in tables for cell in table.columns[name])
        cells = [""] * len(rows)
        for table, start, stop in zip(tables, starts[:-1], starts[1:], strict=True):
            places = np.flatnonzero((rows >= start) & (rows < stop))
            if len(places):
                own = table.take(rows[places] - start).columns[name]
                for place, cell in zip(places.tolist(), own, strict=True):
                    cells[place] = cell
        return tuple(cells)

    return make
