"""Columns whose text is made when someone asks for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from operator import itemgetter
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
Cells = tuple[str, ...]
MakeCells = Callable[[Array | None], Cells]
"""The cells of these rows (0-based), of all rows where None."""


class LazyColumns(Mapping[str, Cells]):
    """Columns by their names: those that were made already, and those that `makers` make from where they came.

    `rows` are the rows of the makers that these columns hold, None for all. A column is made once and then kept.
    """

    def __init__(self, makers: Mapping[str, Cells | MakeCells], rows: Array | None = None) -> None:
        self._makers = dict(makers)
        self._rows = rows

    def __getitem__(self, name: str) -> Cells:
        cells = self._makers[name]
        if not isinstance(cells, tuple):
            cells = self._makers[name] = cells(self._rows)
        return cells

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)

    def __contains__(self, name: object) -> bool:
        return name in self._makers  # without making it

    def take(self, rows: Array) -> LazyColumns:
        """The columns of these rows; what is not made yet stays so."""
        makers = {
            name: take_cells(cells, rows) if isinstance(cells, tuple) else cells for name, cells in self._makers.items()
        }
        return LazyColumns(makers, rows if self._rows is None else self._rows[rows])


def take_cells(cells: Cells, rows: Array) -> Cells:
    """The cells of these rows, in this order."""
    span = span_of(rows)
    if span is not None:
        return cells[span]
    index = rows.tolist()
    return itemgetter(*index)(cells) if len(index) > 1 else tuple(cells[row] for row in index)


def span_of(rows: Array) -> slice | None:
    """The slice of rows that follow each other, None for others.

    >>> span_of(np.array([4, 5, 6])), span_of(np.array([4, 6])), span_of(np.array([], int))
    (slice(4, 7, None), None, slice(0, 0, None))
    """
    if not len(rows):
        return slice(0, 0)
    first, last = int(rows[0]), int(rows[-1])
    if first < 0 or last - first + 1 != len(rows) or not bool((rows == np.arange(first, last + 1)).all()):
        return None
    return slice(first, last + 1)
