"""The fast way through a CSV file that is plain: no quotes, one kind of line end, the same cells in every line.

It reads nothing that the `csv` module would read otherwise: what is not plain is left to it, and so is every error.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from scratchnn.data.decimal_cells import decimals
from scratchnn.data.lazy_columns import Array, Cells, LazyColumns, MakeCells, span_of
from scratchnn.data.tables import Gappy, Table, floats, gappy_floats, is_missing, is_number

SCANNED = 1 << 19  # bytes that are searched for delimiters at once
TWO_AT_ONCE = 1 << 23  # of more bytes each half is searched by a thread
BLOCK = 1 << 18  # bytes that are split at once: their cells fit into a processor's cache
SEVERAL = 8  # where one cell in so many is to be read one by one, all are
KEPT = 8192  # the most rows whose cells stay split, for whoever asks for the next column of the same rows

Part = tuple[int, int]
"""A place in the data, and the one after its last byte."""

Mend = Callable[[Sequence[str]], Sequence[str] | None]
"""The cells of a column as the table holds them; None where they cannot be, so that the slow way must say why."""


@dataclass
class PlainRows:
    """The rows of a plain file: UTF-8 text whose lines end in a line feed, each of `width` cells.

    `starts` (N + 1,) are the places in `data` where each row starts; the last is where another would.
    """

    data: bytes
    delimiter: str
    width: int
    starts: Array
    mend: Mend | None = None
    _split: tuple[slice, list[str]] | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.starts) - 1

    def column(self, place: int, rows: Array | None = None) -> Cells:
        """The cells of a column in these rows, in all where None."""
        span = slice(0, len(self)) if rows is None else span_of(rows)
        cells: Sequence[str]
        if span is None:
            cells = [self._cell(row, place) for row in ([] if rows is None else rows.tolist())]
        elif span.stop - span.start <= KEPT:
            cells = self._split_rows(span)[place :: self.width]
        else:
            lines = [line for block in self.blocks(span) for line in self._text(block).split("\n")]
            cells = [line.split(self.delimiter, place + 1)[place] for line in lines]
        mended = cells if self.mend is None else self.mend(cells)
        return tuple(cells if mended is None else mended)

    def blocks(self, span: slice) -> Iterator[slice]:
        """These rows in pieces of about `BLOCK` bytes."""
        first = span.start
        while first < span.stop:
            end = int(np.searchsorted(self.starts, self.starts[first] + BLOCK))
            last = min(max(end, first + 1), span.stop)
            yield slice(first, last)
            first = last

    def cells(self, span: slice) -> list[str]:
        """Every cell of these rows as written, row by row. Raises `UnicodeDecodeError`."""
        return self._text(span).replace("\n", self.delimiter).split(self.delimiter) if span.stop > span.start else []

    def _split_rows(self, span: slice) -> list[str]:
        if self._split is None or self._split[0] != span:
            self._split = (span, self.cells(span))
        return self._split[1]

    def _cell(self, row: int, place: int) -> str:
        return self._text(slice(row, row + 1)).split(self.delimiter, place + 1)[place]

    def _text(self, span: slice) -> str:
        return self.data[int(self.starts[span.start]) : int(self.starts[span.stop]) - 1].decode()


@dataclass(frozen=True)
class Found:
    """What a column holds: its numbers, where it has any, and its text, where that was made."""

    numbers: Gappy | None
    cells: Cells | None = None


Find = Callable[[PlainRows], list[Found] | None]
"""A way to tell what each column holds; None where this way cannot."""


def plain_bytes(data: bytes, quote: str) -> bytes | None:
    """UTF-8 data with line feeds alone as line ends, or None where it is not plain."""
    if quote.encode() in data or b"\0" in data:
        return None
    if b"\r" not in data:
        return data
    ends = data.count(b"\r\n")
    one_kind = ends == data.count(b"\r") == data.count(b"\n")
    return data.replace(b"\r\n", b"\n") if one_kind else None


def scan(data: bytes, start: int, delimiter: str, width: int, mend: Mend | None = None) -> PlainRows | None:
    """The rows of plain data from `start` on, without the blank lines at the end.

    None where there is no row, where one has not as many cells as `width`, or is blank or too long for a cell.
    """
    stop = len(data)
    while stop > start and data[stop - 1] == ord("\n"):
        stop -= 1
    if not delimiter.isascii() or start >= stop:
        return None
    parts = [(start, stop)]
    if stop - start > TWO_AT_ONCE and (middle := data.find(b"\n", (start + stop) // 2, stop) + 1):
        parts = [(start, middle), (middle, stop)]
    starts = [np.array([start])]
    for found in _by_threads(lambda part: _next_starts(data, part, delimiter, width), parts):
        if found is None:
            return None
        starts.append(found)
    rows = PlainRows(data, delimiter, width, np.concatenate(starts), mend)
    lengths = np.diff(rows.starts)  # each with its line feed
    return None if lengths.max() > csv.field_size_limit() or (width == 1 and lengths.min() == 1) else rows


def _by_threads(search: Callable[[Part], Array | None], parts: list[Part]) -> list[Array | None]:
    """What is found in each part, each by a thread where there are several: NumPy lets others work meanwhile."""
    if len(parts) == 1:
        return [search(parts[0])]
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(len(parts)) as pool:
        return list(pool.map(search, parts))


def _next_starts(data: bytes, part: Part, delimiter: str, width: int) -> Array | None:
    """Where the row after each row of a part starts; None where one has not as many cells as `width`.

    A row starts where the part does, and one ends where the part does, with or without its line feed.
    """
    start, stop = part
    whole = np.frombuffer(data, np.uint8, stop)
    starts: list[Array] = []
    while start < stop:
        end = data.find(b"\n", start + SCANNED, stop)
        end = stop if end < 0 else end + 1
        piece = whole[start:end]
        ends = piece == ord("\n")
        places = np.flatnonzero((piece == ord(delimiter)) | ends)
        ends = ends[places]
        if piece[-1] != ord("\n"):  # the last line feed may be missing
            places, ends = np.append(places, len(piece)), np.append(ends, True)
        if len(places) % width:
            return None
        ends = ends.reshape(-1, width)
        if not ends[:, -1].all() or ends[:, :-1].any():
            return None
        starts.append(start + 1 + places[width - 1 :: width])
        start = end
    return np.concatenate(starts)


def find(rows: PlainRows) -> list[Found] | None:
    """What each column holds, or None where the text is not UTF-8 or a cell cannot be mended."""
    columns = [_Column() for _ in range(rows.width)]
    for span in rows.blocks(slice(0, len(rows))):
        block = _Block(rows, span, [place for place, column in enumerate(columns) if column.since is None])
        try:
            for place, column in enumerate(columns):
                if not column.add(block, place):
                    return None
        except UnicodeDecodeError:
            return None
    return [column.found(rows, place) for place, column in enumerate(columns)]


def table_of(rows: PlainRows, names: Sequence[str], found: Sequence[Found], where: str, line: int) -> Table:
    """The table, whose number columns make their text when it is asked for. The first row is on this line."""
    makers: dict[str, Cells | MakeCells] = {}
    numbers: dict[str, Array | None] = {}
    gappy: dict[str, Gappy | None] = {}
    for place, (name, column) in enumerate(zip(names, found, strict=True)):
        known = column.numbers
        makers[name] = _maker(rows, place) if column.cells is None else column.cells
        numbers[name] = None if known is None or known.odd.any() else known.values
        if numbers[name] is None:
            gappy[name] = known
    return Table(where, LazyColumns(makers), np.arange(line, line + len(rows)), numbers, gappy)


def _maker(rows: PlainRows, place: int) -> MakeCells:
    return lambda chosen: rows.column(place, chosen)


class _Block:
    """Some rows, with the numbers of all their cells; texts are made where a column has others."""

    def __init__(self, rows: PlainRows, span: slice, numeric: list[int]) -> None:
        self.first = span.start
        self._rows = rows
        self._span = span
        self._cells: list[str] | None = None
        self._bytes = rows.data[int(rows.starts[span.start]) : int(rows.starts[span.stop]) - 1]
        self._numeric = {} if rows.mend or not self._bytes else {place: at for at, place in enumerate(numeric)}
        if self._numeric:
            data = np.frombuffer(self._bytes, np.uint8)
            ends = np.append(np.flatnonzero((data == ord(rows.delimiter)) | (data == ord("\n"))), len(data))
            starts = np.append(0, ends[:-1] + 1)
            self._starts, self._stops = (part.reshape(-1, rows.width)[:, numeric].ravel() for part in (starts, ends))
            self._values, self._other = decimals(data, self._starts, self._stops)

    def numbers(self, place: int) -> Gappy | None:
        """The numbers of a column; None where a cell is neither a number nor missing."""
        if place not in self._numeric:
            return self._numbers_of_texts(place)
        at = slice(self._numeric[place], None, len(self._numeric))
        values, other, starts, stops = self._values[at], self._other[at], self._starts[at], self._stops[at]
        if int(np.count_nonzero(other)) * SEVERAL > len(other):
            return self._numbers_of_texts(place)
        odd = np.zeros(len(values), bool)
        values = values.copy()
        for row in np.flatnonzero(other).tolist():
            cell = self._bytes[starts[row] : stops[row]].decode()
            if is_number(cell):
                values[row] = float(cell)
            elif is_missing(cell):
                values[row], odd[row] = np.nan, True
            else:
                return None
        return Gappy(values, odd)

    def _numbers_of_texts(self, place: int) -> Gappy | None:
        cells = self.cells(place)
        if cells is None:
            return None
        values = floats(cells)
        return gappy_floats(cells) if values is None else Gappy(values, np.zeros(len(values), bool))

    def cells(self, place: int) -> Sequence[str] | None:
        """The cells of a column as the table holds them, None where one cannot be mended.

        Raises `UnicodeDecodeError`.
        """
        if self._cells is None:
            self._cells = self._rows.cells(self._span)
        own: Sequence[str] = self._cells[place :: self._rows.width]
        return own if self._rows.mend is None else self._rows.mend(own)


@dataclass
class _Column:
    """What was found in a column so far: its numbers block by block, or from some row on its cells."""

    blocks: list[Gappy] = field(default_factory=list)
    since: int | None = None  # the first row that is kept as text
    texts: list[str] = field(default_factory=list)
    same: dict[str, str] = field(default_factory=dict)  # so that a word that comes again takes no more memory

    def add(self, block: _Block, place: int) -> bool:
        """Goes on with the rows of a block; false where a cell cannot be mended."""
        if self.since is None:
            known = block.numbers(place)
            if known is not None:
                self.blocks.append(known)
                return True
            self.since = block.first
            self.blocks.clear()
        cells = block.cells(place)
        if cells is None:
            return False
        keep = self.same.setdefault
        self.texts += [keep(cell, cell) for cell in cells]
        return True

    def found(self, rows: PlainRows, place: int) -> Found:
        """All of it. Rows that looked like numbers before the first text are read once more."""
        if self.since is None:
            values = np.concatenate([block.values for block in self.blocks])
            return Found(Gappy(values, np.concatenate([block.odd for block in self.blocks])))
        earlier = rows.column(place, np.arange(self.since)) if self.since else ()
        return Found(None, (*earlier, *self.texts))
