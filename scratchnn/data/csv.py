"""Tables in CSV files."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from itertools import accumulate, islice
from pathlib import Path
from typing import ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from scratchnn.data.files import decode, locate, read_text, shown
from scratchnn.data.sources import Source
from scratchnn.data.tables import Table, is_number
from scratchnn.errors import DataError

Rows = list[list[str]]

_LINE_END = re.compile(r"\r\n|\r|\n")
_COMMA = re.compile(r"\s*[+-]?(\d+,\d*|,\d+)([eE][+-]?\d+)?\s*", re.ASCII)


class Csv(Source):
    """A table in UTF-8 text, one row a line, names in the first line (RFC 4180; a byte order mark is accepted).

    Cells are taken as written, spaces too; with `decimal: ","` a number such as 1,5 becomes 1.5 wherever it stands
    alone in a cell. Marks for thousands are not supported. Blank lines at the end are skipped. A `.gz` file is
    unpacked.
    """

    type: Literal["csv"] = "csv"
    tabular: ClassVar[bool] = True
    paths: ClassVar[tuple[str, ...]] = ("path",)
    path: str = Field(min_length=1, description="The file.")
    delimiter: str = Field(",", min_length=1, max_length=1, description="The character between two cells.")
    quote: str = Field('"', min_length=1, max_length=1, description="The character around cells with a delimiter.")
    decimal: Literal[".", ","] = Field(".", description="The decimal mark of numbers.")
    columns: list[str] | None = Field(
        None, min_length=1, description="Names of the columns, for a file that has no header line."
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

    def read(self, base: Path) -> Table:
        """Every row. Raises `DataError` with file, line and column, or `StorageError`."""
        path = locate(base, self.path)
        where = shown(path)
        text = decode(read_text(path), where)
        rows, lines = self._parse(text, where)
        if self.columns is None:
            if not rows:
                raise self.no_header(where)
            names, rows, lines = rows[0], rows[1:], lines[1:]
            self.check_header(names, where)
        else:
            names = self.columns
        if not rows:
            raise self.no_rows(where)
        for row, line in zip(rows, lines, strict=True):
            if len(row) != len(names):
                raise self.wrong_length(row, len(names), f"{where}:{line}")
        columns = dict(zip(names, zip(*rows, strict=True), strict=True))
        table = Table(where, columns, np.array(lines, np.int64))
        return table if self.decimal == "." else with_points(table)

    def _parse(self, text: str, where: str) -> tuple[Rows, list[int]]:
        """The rows and the line on which each starts, without the blank lines at the end."""
        rows, lines = next(self.row_blocks(io.StringIO(text, newline=""), where), ([], []))
        while rows and not rows[-1]:
            rows.pop()
            lines.pop()
        return rows, lines

    def row_blocks(
        self, text: Iterable[str], where: str, size: int | None = None, head: int = 0
    ) -> Iterator[tuple[Rows, list[int]]]:
        """The rows of a text that comes line by line, `size` at a time, and the lines on which they start.

        The first time they are `head` more. Blank lines are rows without a cell. Raises `DataError` for what is not
        well-formed.
        """
        reader = csv.reader(text, delimiter=self.delimiter, quotechar=self.quote, strict=True)
        line = 1
        while True:
            rows: Rows = []
            try:
                rows.extend(islice(reader, size and size + head))
            except csv.Error as error:
                line = _starts(rows, line)[-1]
                hint = f"A cell that holds {self.quote} is quoted, and each {self.quote} in it is doubled."
                raise DataError(f"not well-formed CSV: {error}", where=f"{where}:{line}", hint=hint) from None
            if not rows:
                return
            one_each = reader.line_num + 1 - line == len(rows)
            starts = list(range(line, line + len(rows))) if one_each else _starts(rows, line)[:-1]
            line, head = reader.line_num + 1, 0
            yield rows, starts

    def check_header(self, names: list[str], where: str) -> None:
        """Raises `DataError` for names that cannot be those of columns."""
        place = f"{where}:1"
        if len(names) == 1:
            other = next((mark for mark in ";\t|," if mark != self.delimiter and mark in names[0]), None)
            if other is not None:
                written = {"\t": r'"\t"'}.get(other, f'"{other}"')
                hint = f"Set {{type: csv, path: ..., delimiter: {written}}}."
                raise DataError(f'the header is a single column, "{names[0]}"', where=place, hint=hint)
        seen: set[str] = set()
        for number, name in enumerate(names, 1):
            if not name.strip():
                raise DataError(f"column {number} has no name", where=place, hint="Name every column in the header.")
            if name in seen:
                raise DataError(f'two columns are named "{name}"', where=place, hint="Rename one of them.")
            seen.add(name)

    def no_header(self, where: str) -> DataError:
        """The error for a file that holds nothing."""
        return DataError("the file is empty", where=where, hint="Write a header line, then one line a row.")

    def no_rows(self, where: str) -> DataError:
        """The error for a file that holds no row."""
        got = "there is no row of data, only a header" if self.columns is None else "the file is empty"
        return DataError(got, where=where, hint="Add one line for each row.")

    def wrong_length(self, row: list[str], expected: int, place: str) -> DataError:
        """The error for a row with too few or too many cells."""
        if not row:
            return DataError("the line is blank", where=place, hint="Delete it.")
        got = f"{len(row)} cell{'s' * (len(row) != 1)}, expected {expected}"
        hint = f"Quote cells that hold a {self.delimiter!r}." if len(row) > expected else "Fill the row."
        return DataError(got, where=place, hint=hint)


def _starts(rows: Rows, line: int) -> list[int]:
    """The lines on which rows start, of which the first does on `line`, and that of the row after them."""
    return list(accumulate((1 + sum(len(_LINE_END.findall(cell)) for cell in row) for row in rows), initial=line))


def with_points(table: Table) -> Table:
    """The same table with a point in numbers that have a decimal comma. Raises `DataError` for one with a point."""
    columns = {}
    for name, cells in table.columns.items():
        row = next((row for row, cell in enumerate(cells) if "." in cell and is_number(cell)), None)
        if row is not None:
            got = f'"{cells[row]}" has a point, but the decimal mark is ","'
            hint = "Write it with a comma; marks for thousands are not supported."
            raise table.error(name, row, got, hint)
        columns[name] = tuple(cell.replace(",", ".") if _COMMA.fullmatch(cell) else cell for cell in cells)
    return Table(table.where, columns, table.lines)
