"""Tables in JSON Lines: one object a line, a row of names and values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

import numpy as np

from scratchnn.data.csv import check_names
from scratchnn.data.files import decode, read_text, shown
from scratchnn.data.tables import Table, quoted
from scratchnn.data.tabular import TabularSource
from scratchnn.errors import DataError

HINT = 'Each line is one object of names and values: {"age": 35, "deck": "A"}.'


class JsonLines(TabularSource):
    """A table in UTF-8 text, one JSON object a line, which gives each column's name its value.

    Numbers keep the digits that they are written with; true and false are texts. Null, an empty text and a name that a
    line lacks are a missing value. Columns come in the order in which they first occur. Blank lines at the end are
    skipped. A `.gz` file is unpacked. See https://jsonlines.org.
    """

    type: Literal["jsonl"] = "jsonl"

    def read_file(self, path: Path) -> Table:
        """Every row. Raises `DataError` with file, line and name, or `StorageError`."""
        where = shown(path)
        lines = decode(read_text(path), where).rstrip("\r\n\t ").split("\n")
        if lines == [""]:
            raise DataError("the file is empty", where=where, hint=HINT)
        columns: dict[str, list[str]] = {}
        for number, line in enumerate(lines):
            for name, value in _object(line, f"{where}:{number + 1}"):
                cells = columns.setdefault(name, [])
                if len(cells) > number:
                    got = f"the name {quoted(name)} occurs twice"
                    raise DataError(got, where=f"{where}:{number + 1}", hint="Remove one of them.")
                cells += [""] * (number - len(cells))
                cells.append(_text(value, f"{where}:{number + 1}:{name[:60]}"))
        if not columns:
            raise DataError("no object holds a name", where=where, hint=HINT)
        check_names(list(columns), where, "every object")
        count = len(lines)
        filled = {name: (*cells, *([""] * (count - len(cells)))) for name, cells in columns.items()}
        return Table(where, filled, np.arange(1, count + 1))


class _Number(str):
    """The digits of a number, as written."""

    __slots__ = ()


class _Pairs(list[tuple[str, object]]):
    """The names and values of an object; a name may occur twice."""


def _object(line: str, where: str) -> _Pairs:
    if not line.strip():
        raise DataError("the line is blank", where=where, hint="Delete it.")
    try:
        value = json.loads(
            line, object_pairs_hook=_Pairs, parse_float=_Number, parse_int=_Number, parse_constant=_Number
        )
    except json.JSONDecodeError as error:
        got = f"not JSON: {error.msg} at character {error.pos + 1}"
        raise DataError(got, where=where, hint=HINT) from None
    except RecursionError:
        raise DataError("the values are nested too deeply", where=where, hint=HINT) from None
    if not isinstance(value, _Pairs):
        raise DataError(f"{_kind(value)} in place of an object", where=where, hint=HINT)
    return value


def _text(value: object, where: str) -> str:
    """The cell of a value: a text, the digits of a number, true, false, or empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        hint = "Write its parts under names of their own."
        raise DataError(f"{_kind(value)} in place of a text or a number", where=where, hint=hint)
    if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
        raise DataError("half of a surrogate pair is no text", where=where, hint="Write the whole character.")
    return str(value)


def _kind(value: object) -> str:
    if isinstance(value, _Pairs):
        return "an object"
    if isinstance(value, list):
        return "a list"
    return "a number" if isinstance(value, _Number) else "a text" if isinstance(value, str) else "a single value"
