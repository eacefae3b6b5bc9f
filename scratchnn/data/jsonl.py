"""Tables in JSON Lines: one object a line, a row of names and values."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np

from scratchnn.data.files import open_text, shown
from scratchnn.data.json_lines import OBJECT_HINT, Bare, json_rows
from scratchnn.data.tables import Table
from scratchnn.data.tabular import TabularSource
from scratchnn.errors import DataError


class JsonLines(TabularSource):
    """A table in UTF-8 text, one JSON object a line, which gives each column's name its value.

    Numbers keep the digits that they are written with; true and false are texts; an array is a list, which the features
    `sequence` and `items` take. Null, an empty text and a name that a
    line lacks are a missing value. Columns come in the order in which they first occur. Blank lines at the end are
    skipped. A `.gz` file is unpacked. See https://jsonlines.org.
    """

    type: Literal["jsonl"] = "jsonl"

    def read_file(self, path: Path) -> Table:
        """Every row. Raises `DataError` with file, line and name, or `StorageError`."""
        where = shown(path)
        columns: dict[str, list[str]] = {}
        lines: list[int] = []
        with open_text(path) as stream:
            for row, line in json_rows(stream, where):
                for name, cell in row.items():
                    if isinstance(cell, Bare) and cell[:1] == "{":
                        got = "an object in place of a text, a number or a list"
                        hint = "Write its parts under names of their own."
                        raise DataError(got, where=f"{where}:{line}:{name[:60]}", hint=hint)
                    cells = columns.setdefault(name, [])
                    cells += [""] * (len(lines) - len(cells))
                    cells.append(cell if cell[:1] == "[" else str(cell))
                lines.append(line)
        if not columns:
            got = "no object holds a name" if lines else "the file is empty"
            raise DataError(got, where=where, hint=OBJECT_HINT)
        filled = {name: (*cells, *([""] * (len(lines) - len(cells)))) for name, cells in columns.items()}
        return Table(where, filled, np.array(lines, np.int64))
