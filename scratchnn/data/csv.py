"""Tables in CSV files."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, islice
from pathlib import Path
from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from scratchnn.data.files import Encoding, decode, read_text, shown
from scratchnn.data.plain_csv import Find, Mend, plain_bytes, scan, table_of
from scratchnn.data.polars_csv import find_fast
from scratchnn.data.tables import Table, is_number, quoted
from scratchnn.data.tabular import TabularSource
from scratchnn.errors import DataError

Rows = list[list[str]]

_LINE_END = re.compile(r"\r\n|\r|\n")
_SEPARATOR = re.compile(r"sep=([;,\t|])")
_COMMA = re.compile(r"\s*[+-]?(\d+,\d*|,\d+)([eE][+-]?\d+)?\s*", re.ASCII)


class Csv(TabularSource):
    """A table in text, one row a line, names in the first line (RFC 4180; a byte order mark is accepted).

    Cells are taken as written, spaces too; with `decimal: ","` a number such as 1,5 becomes 1.5 wherever it stands
    alone in a cell. Marks for thousands are not supported. Blank lines at the end are skipped. A `.gz` file is
    unpacked. Of a plain file (no quotes, one kind of line end) numbers are read at once and text when it is asked for;
    what comes out is the same.
    """

    type: Literal["csv"] = "csv"
    delimiter: str = Field(",", min_length=1, max_length=1, description="The character between two cells.")
    quote: str = Field('"', min_length=1, max_length=1, description="The character around cells with a delimiter.")
    decimal: Literal[".", ","] = Field(".", description="The decimal mark of numbers.")
    encoding: Encoding = Field("utf-8", description="How bytes stand for text: utf-8, utf-16, latin-1, cp1252, ...")
    header: bool | None = Field(
        None, description="Whether the first line names the columns. Null: yes, unless `columns` names them."
    )
    columns: list[str] | None = Field(
        None,
        min_length=1,
        description="Names of the columns, in place of a header; c1, c2, ... where a file has neither.",
    )

    @model_validator(mode="after")
    def _characters(self) -> Self:
        if self.delimiter == self.quote or {self.delimiter, self.quote} & {"\r", "\n", "\0"}:
            raise PydanticCustomError("csv", "delimiter and quote must differ, and neither may end a line.")
        if self.decimal == self.delimiter:
            raise PydanticCustomError("csv", "decimal and delimiter must differ.")
        if self.columns is not None and (len(set(self.columns)) < len(self.columns) or "" in self.columns):
            raise PydanticCustomError("csv", "columns must be distinct names, none empty.")
        return self

    @property
    def is_utf8(self) -> bool:
        """Whether its bytes are UTF-8."""
        return self.encoding in ("utf-8", "utf-8-sig")

    @property
    def has_header(self) -> bool:
        """Whether the first line is none of the data."""
        return self.columns is None if self.header is None else self.header

    def read_file(self, path: Path) -> Table:
        """Every row. Raises `DataError` with file, line and column, or `StorageError`."""
        where = shown(path)
        data = read_text(path)
        text = None
        if not self.is_utf8:
            text = decode(data, where, encoding=self.encoding)
            data = text.encode()
        table = self.read_plain(data.removeprefix(codecs.BOM_UTF8) if text is None else data, where)
        if table is not None:
            return table
        return self.read_exactly(decode(data, where, encoding=self.encoding) if text is None else text, where)

    def read_plain(self, data: bytes, where: str, find: Find = find_fast) -> Table | None:
        """The table of UTF-8 data that is plain; None for all other data, also for what is wrong."""
        plain = plain_bytes(data, self.quote)
        if plain is None:
            return None
        names = self.plain_names(plain, where)
        if names is None:
            return None
        start = (plain.find(b"\n") + 1 or len(plain) + 1) if self.has_header else 0
        rows = scan(plain, start, self.delimiter, len(names), self.mend)
        found = None if rows is None else find(rows)
        if rows is None or found is None:
            return None
        return table_of(rows, names, found, where, 1 + self.has_header)

    def plain_names(self, plain: bytes, where: str) -> Sequence[str] | None:
        """The names of the columns of plain data from its first line on; None where the slow way must look at it."""
        end = plain.find(b"\n")
        first = plain[: end if end >= 0 else len(plain)]
        if not first or len(first) > csv.field_size_limit():
            return None
        try:
            cells = first.decode().split(self.delimiter)
            names = self.names(cells, where)
        except (UnicodeDecodeError, DataError):
            return None
        return names if len(cells) == len(names) else None

    @property
    def mend(self) -> Mend | None:
        """What makes numbers of cells with decimal commas; None where there are none."""
        return None if self.decimal == "." else _pointed

    def read_exactly(self, text: str, where: str) -> Table:
        """The table of any text, by the `csv` module. Raises `DataError`."""
        rows, lines = self._parse(text, where)
        if not rows:
            raise self.is_empty(where)
        names = self.names(rows[0], where)
        if self.has_header:
            header, rows, lines = rows[0], rows[1:], lines[1:]
            if len(header) != len(names):
                raise self.wrong_length(header, len(names), f"{where}:1")
        if not rows:
            raise self.no_rows(where)
        for row, line in zip(rows, lines, strict=True):
            if len(row) != len(names):
                raise self.wrong_length(row, len(names), f"{where}:{line}")
        columns = dict(zip(names, zip(*rows, strict=True), strict=True))
        table = Table(where, columns, np.array(lines, np.int64))
        return table if self.decimal == "." else with_points(table)

    def names(self, first: list[str], where: str) -> list[str]:
        """The names of the columns, from the cells of the first line or the settings. Raises `DataError`."""
        if told := _SEPARATOR.fullmatch(self.delimiter.join(first)):
            got = f"{quoted(told[0])} is a note for spreadsheets, not a row"
            hint = "Delete the line." if told[1] == self.delimiter else f"Delete the line. {_set_delimiter(told[1])}"
            raise DataError(got, where=f"{where}:1", hint=hint)
        other = self._other_delimiter(first)
        if other is not None and (self.columns is None or len(self.columns) > 1):
            kind = "the header" if self.has_header else "the first line"
            got = f"{kind} is a single column, {quoted(first[0])}"
            raise DataError(got, where=f"{where}:1", hint=_set_delimiter(other))
        if self.columns is not None:
            return self.columns
        if not self.has_header:
            return [f"c{number}" for number in range(1, len(first) + 1)]
        check_names(first, f"{where}:1", "the header")
        return first

    def _other_delimiter(self, cells: list[str]) -> str | None:
        """The mark that the only cell of a line may be meant to be cut by."""
        if len(cells) != 1:
            return None
        return next((mark for mark in ";\t|," if mark != self.delimiter and mark in cells[0]), None)

    def _parse(self, text: str, where: str) -> tuple[Rows, list[int]]:
        """The rows and the line on which each starts, without the blank lines at the end."""
        rows, lines = next(self.row_blocks(io.StringIO(text, newline=""), where), ([], []))
        while rows and not rows[-1]:
            rows.pop()
            lines.pop()
        return rows, lines

    def row_blocks(
        self, text: Iterable[str], where: str, size: int | None = None, head: int = 0, line: int = 1
    ) -> Iterator[tuple[Rows, list[int]]]:
        """The rows of a text that comes line by line, `size` at a time, and the lines on which they start.

        The first time they are `head` more, and begin on `line`. Blank lines are rows without a cell. Raises
        `DataError` for what is not well-formed.
        """
        reader = csv.reader(text, delimiter=self.delimiter, quotechar=self.quote, strict=True)
        before = line - 1
        while True:
            rows: Rows = []
            try:
                rows.extend(islice(reader, size and size + head))
            except csv.Error as error:
                line = _starts(rows, line)[-1]
                hint = f"A cell that holds {self.quote} is quoted, and each {self.quote} in it is doubled."
                if "field limit" in str(error):
                    hint = f"Is a {self.quote} left open, or is this no CSV file?"
                raise DataError(f"not well-formed CSV: {error}", where=f"{where}:{line}", hint=hint) from None
            if not rows:
                return
            after = before + reader.line_num + 1
            one_each = after - line == len(rows)
            starts = list(range(line, line + len(rows))) if one_each else _starts(rows, line)[:-1]
            line, head = after, 0
            yield rows, starts

    def is_empty(self, where: str) -> DataError:
        """The error for a file that holds nothing."""
        hint = "Write a header line, then one line a row." if self.has_header else "Add one line for each row."
        return DataError("the file is empty", where=where, hint=hint)

    def no_rows(self, where: str) -> DataError:
        """The error for a file that holds a header alone."""
        hint = "Add one line for each row."
        return DataError("there is no row of data, only a header", where=where, hint=hint)

    def wrong_length(self, row: list[str], expected: int, place: str) -> DataError:
        """The error for a row with too few or too many cells."""
        if not row:
            return DataError("the line is blank", where=place, hint="Delete it.")
        got = f"{len(row)} cell{'s' * (len(row) != 1)}, expected {expected}"
        other = self._other_delimiter(row)
        if len(row) < expected:
            hint = "Fill the row." if other is None else f"Fill the row. {_set_delimiter(other)}"
        elif expected == 1 and self.has_header:
            hint = "Is line 1 a title? Delete it: the first line names the columns."
        else:
            hint = f"Quote cells that hold a {self.delimiter!r}."
        return DataError(got, where=place, hint=hint)


def _starts(rows: Rows, line: int) -> list[int]:
    """The lines on which rows start, of which the first does on `line`, and that of the row after them."""
    return list(accumulate((1 + sum(len(_LINE_END.findall(cell)) for cell in row) for row in rows), initial=line))


def check_names(names: Sequence[str], where: str, kind: str) -> None:
    """Raises `DataError` for a column without a name or a name that two have; `kind` is where the names stand."""
    seen: set[str] = set()
    for number, name in enumerate(names, 1):
        if not name.strip():
            raise DataError(f"column {number} has no name", where=where, hint=f"Name every column in {kind}.")
        if name in seen:
            raise DataError(f"two columns are named {quoted(name)}", where=where, hint="Rename one of them.")
        seen.add(name)


def _set_delimiter(mark: str) -> str:
    written = {"\t": r'"\t"'}.get(mark, f'"{mark}"')
    return f"Set {{type: csv, path: ..., delimiter: {written}}}."


def has_comma_decimal(cell: str) -> bool:
    """Whether a cell is a number with a decimal comma."""
    return _COMMA.fullmatch(cell) is not None


def has_point(cell: str) -> bool:
    """Whether a cell is a number with a point."""
    return "." in cell and is_number(cell)


def _pointed(cells: Sequence[str]) -> Sequence[str] | None:
    """Cells with a point in numbers that have a decimal comma; None where a number has a point already."""
    if any(map(has_point, cells)):
        return None
    return [cell.replace(",", ".") if has_comma_decimal(cell) else cell for cell in cells]


def with_points(table: Table) -> Table:
    """The same table with a point in numbers that have a decimal comma. Raises `DataError` for one with a point."""
    columns = {}
    for name, cells in table.columns.items():
        pointed = _pointed(cells)
        if pointed is None:
            row = next(row for row, cell in enumerate(cells) if has_point(cell))
            got = f'"{cells[row]}" has a point, but the decimal mark is ","'
            hint = "Write it with a comma; marks for thousands are not supported."
            raise table.error(name, row, got, hint)
        columns[name] = tuple(pointed)
    return Table(table.where, columns, table.lines)
