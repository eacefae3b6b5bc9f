"""Rows in the order of time: which follow each other, and the windows over them."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from scratchnn.data.column_splits import group_ids, time_ids
from scratchnn.data.samples import Samples
from scratchnn.data.tables import Array, Table, is_missing, quoted
from scratchnn.errors import DataError, suggestion

NO_ROWS = np.zeros(0, np.int64)


@dataclass(frozen=True)
class SeriesTable(Table):
    """A table whose rows are sorted: one series after the other, each in the order of time.

    `series` (N,) are places in `names`, `steps` (N,) the place of each row in its series, and `numbers_in_source` (N,)
    where the row stood before it was sorted. Rows that are taken out leave a gap, which no window reaches over.
    """

    names: Sequence[str] = ("",)
    series: Array = field(default_factory=lambda: NO_ROWS)
    steps: Array = field(default_factory=lambda: NO_ROWS)
    numbers_in_source: Array = field(default_factory=lambda: NO_ROWS)

    @classmethod
    def of(cls, table: Table, by: str | None, order: str | None) -> SeriesTable:
        """Sorts a table. Raises `DataError` for a cell without a value or time, and for two rows of one time."""
        if isinstance(table, SeriesTable):
            return table
        ids, names = np.zeros(len(table), np.int64), [""]
        if by is not None:
            cells = _cells(table, by, "by")
            ids, names = group_ids(cells), list(dict.fromkeys(cells))
        times = np.arange(len(table))
        if order is not None:
            times = time_ids(table, _cells(table, order, "order"), order)
        sorting = np.lexsort((times, ids))
        ids, times = ids[sorting], times[sorting]
        same = np.flatnonzero((ids[1:] == ids[:-1]) & (times[1:] == times[:-1]))
        if len(same) and order is not None:
            first, second = (int(sorting[same[0] + more]) for more in (0, 1))
            got = f"{quoted(table.texts(order)[second])} is the time of {table.place(first)} too"
            got += f', in the series "{names[ids[same[0]]]}"' if by is not None else ""
            hint = "Remove one of the rows" if by is not None else "Name the column that tells series apart"
            hint += "." if by is not None else " in data.windows.by, or remove one of the rows."
            raise table.error(order, second, got, hint)
        taken = table.take(sorting)
        own = {entry.name: getattr(taken, entry.name) for entry in fields(Table)}
        return cls(**own, names=names, series=ids, steps=_steps(ids), numbers_in_source=sorting)

    def take(self, rows: Array) -> SeriesTable:
        """These rows, in this order."""
        taken = super().take(rows)
        if isinstance(taken, SeriesTable):
            return taken
        own = {entry.name: getattr(taken, entry.name) for entry in fields(Table)}
        numbers = self.numbers_in_source[rows]
        return SeriesTable(
            **own, names=self.names, series=self.series[rows], steps=self.steps[rows], numbers_in_source=numbers
        )

    def runs(self) -> tuple[Array, Array]:
        """For each row (N,) where the run of rows that follow each other begins in which it is, and where it ends."""
        new = np.ones(len(self), bool)
        new[1:] = (np.diff(self.series) != 0) | (np.diff(self.steps) != 1)
        begins = np.flatnonzero(new)
        lengths = np.diff(np.append(begins, len(self)))
        return np.repeat(begins, lengths), np.repeat(begins + lengths, lengths)

    def starts(self, rows: int, stride: int = 1) -> Array:
        """Where each stretch of so many rows in one run starts (W,), each `stride` rows from the start of the run."""
        begins, ends = self.runs()
        places = np.arange(len(self))
        starts: Array = np.flatnonzero((ends - places >= rows) & ((places - begins) % stride == 0))
        return starts

    @property
    def longest_run(self) -> int:
        """The rows of the longest run."""
        begins, ends = self.runs()
        return int((ends - begins).max(initial=0))


class WindowSamples(Samples):
    """Windows (W, window, F) over rows (N, F), which alone are held. `starts` (W,) are the first rows of each."""

    def __init__(self, rows: Array, starts: Array, window: int) -> None:
        self._rows = rows
        self._starts = starts
        self._steps = np.arange(window)
        self._places = np.empty((0, window), np.int64)
        self._chosen = np.empty(0, np.int64)

    @property
    def shape(self) -> tuple[int, ...]:
        """(W, window, F)."""
        return (len(self._starts), len(self._steps), self._rows.shape[1])

    @property
    def dtype(self) -> np.dtype[Any]:
        """That of the rows."""
        return self._rows.dtype

    def gather(self, rows: Array, out: Array) -> None:
        """Writes these windows to `out`. Allocates nothing of its size once it has met as many."""
        if len(self._places) < len(rows):
            self._places = np.empty((len(rows), len(self._steps)), np.int64)
            self._chosen = np.empty(len(rows), np.int64)
        places, chosen = self._places[: len(rows)], self._chosen[: len(rows)]
        np.take(self._starts, rows, out=chosen, mode="clip")  # with "raise" NumPy buffers the output
        np.add(chosen[:, None], self._steps, out=places)
        np.take(self._rows, places, axis=0, out=out, mode="clip")

    def checksum(self, value: int) -> int:
        """CRC-32 of the rows and of the starts, each number once."""
        value = zlib.crc32(np.ascontiguousarray(self._rows).reshape(-1).view(np.uint8).data, value)
        return zlib.crc32(self._starts.astype(np.int64).view(np.uint8).data, value + len(self._steps))


def _cells(table: Table, name: str, setting: str) -> tuple[str, ...]:
    """The cells of a column of `data.windows`, each with a value."""
    if name not in table.columns:
        got = f'data.windows.{setting} names a column "{name}" that is not there'
        raise DataError(got, where=table.where, hint=suggestion(name, table.columns))
    cells = table.columns[name]
    row = next((row for row, cell in enumerate(cells) if is_missing(cell)), None)
    if row is not None:
        written = f' ("{cells[row]}")' if cells[row].strip() else ""
        got = f"the value is missing{written}, but data.windows.{setting} names this column"
        raise table.error(name, row, got, "Fill the cell, or remove the row.")
    return cells


def _steps(ids: Array) -> Array:
    """The place of each row in its series, of sorted rows."""
    begins = np.flatnonzero(np.diff(ids, prepend=-1) != 0)
    lengths = np.diff(np.append(begins, len(ids)))
    return np.arange(len(ids)) - np.repeat(begins, lengths)
