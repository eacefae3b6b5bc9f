"""A few columns of a table that is read a block at a time, kept in little memory."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scratchnn.data.lazy_columns import Array, Cells, LazyColumns, MakeCells
from scratchnn.data.tables import Gappy, Table

MOST_TEXTS = 1 << 16  # of a column of numbers; where there are more, texts are made from the numbers


class KeptColumns:
    """Collects these columns block by block. A row takes 8 bytes, and 4 to 12 for each column.

    Of a column of numbers with many distinct values only the numbers are kept, unless it is among `texts`: what is
    asked for its text gets the shortest that gives the number back.
    """

    def __init__(self, names: Sequence[str], texts: Sequence[str] = ()) -> None:
        self._columns = {name: _Column(name in texts) for name in names}
        self._lines: list[Array] = []
        self._files: dict[str, int] = {}
        self._file_of: list[Array] = []

    def add(self, block: Table) -> None:
        """Goes on with these rows, which have the columns."""
        for name, column in self._columns.items():
            column.add(block, name)
        self._lines.append(block.lines)
        place = self._files.setdefault(block.where, len(self._files))
        self._file_of.append(np.full(len(block), place, np.int32))

    def telling_rows(self) -> Array:
        """Rows that hold every text that was kept of any column; the first ones of columns whose texts were not."""
        return np.unique(np.concatenate([np.arange(1), *(column.telling_rows() for column in self._columns.values())]))

    def table(self, where: str) -> Table:
        """All rows that were added."""
        makers: dict[str, Cells | MakeCells] = {}
        numbers: dict[str, Array | None] = {}
        gappy: dict[str, Gappy | None] = {}
        for name, column in self._columns.items():
            known = column.numbers()
            makers[name] = column.maker(known)
            numbers[name] = None if known is None or known.odd.any() else known.values
            if numbers[name] is None:
                gappy[name] = known
        file_of = None if len(self._files) == 1 else np.concatenate(self._file_of)
        files = tuple(self._files) if file_of is not None else ()
        return Table(where, LazyColumns(makers), np.concatenate(self._lines), numbers, gappy, files, file_of)


class _Column:
    """What is known of one column so far: the number of each cell, while all are numbers, and which text it has."""

    def __init__(self, keep_texts: bool) -> None:
        self._keep_texts = keep_texts
        self._values: list[Gappy] | None = []
        self._places: dict[str, int] = {}
        self._codes: list[Array] | None = []
        self._firsts: list[int] = []  # the rows where a text was the first of its kind
        self._rows = 0

    def add(self, block: Table, name: str) -> None:
        known = None
        if self._values is not None:
            known = block.gappy(name)
            if known is not None:
                self._values.append(known)
            else:  # numbers so far, whose texts may not have been kept
                self._codes = self._codes or [self._coded(_written(part)) for part in self._values]
                self._values = None
        if self._codes is None:
            return
        self._codes.append(self._coded(block.texts(name)))
        if known is not None and not self._keep_texts and len(self._places) > MOST_TEXTS:
            self._codes = None
            self._places.clear()

    def telling_rows(self) -> Array:
        """Rows that hold every text that was kept."""
        return np.array(self._firsts, np.int64)

    def numbers(self) -> Gappy | None:
        """The numbers of all cells; None where one is neither a number nor missing."""
        if self._values is None:
            return None
        values = np.concatenate([part.values for part in self._values])
        return Gappy(values, np.concatenate([part.odd for part in self._values]))

    def maker(self, known: Gappy | None) -> MakeCells:
        """Makes the texts of rows."""
        if self._codes is None and known is not None:
            return lambda rows: _written(known if rows is None else known.take(rows))
        texts, codes = list(self._places), np.concatenate(self._codes or [np.empty(0, np.int32)])
        return lambda rows: tuple(texts[code] for code in (codes if rows is None else codes[rows]).tolist())

    def _coded(self, cells: Cells) -> Array:
        places = self._places
        before = len(places)
        codes = np.fromiter((places.setdefault(cell, len(places)) for cell in cells), np.int32, len(cells))
        if len(places) > before:
            new, first = np.unique(codes, return_index=True)
            self._firsts += (self._rows + first[new >= before]).tolist()
        self._rows += len(cells)
        return codes


def _written(known: Gappy) -> Cells:
    """The shortest texts that give back the same numbers; an empty one where there is none."""
    return tuple("" if value != value else repr(value) for value in known.values.tolist())
