"""Rows in JSON Lines: one object a line, its keys the columns. See jsonlines.org."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from io import BufferedIOBase
from itertools import islice
from typing import Any

import numpy as np

from scratchnn.data.files import text_pieces
from scratchnn.data.tables import Table
from scratchnn.errors import DataError, suggestion

_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?", re.ASCII)


OBJECT_HINT = 'Write one object a line: {"width": 1.5, "kind": "ash"}.'


class Bare(str):
    """A cell that stood in JSON without quotes: a number as it was written, `true`, an array; empty for `null`."""

    __slots__ = ()


ABSENT = Bare("")
"""The cell of a key that a row lacks."""


def json_blocks(stream: BufferedIOBase, where: str, rows: int | None = None) -> Iterator[Table]:
    """The rows as tables of `rows` rows each, the last one shorter; one table where None.

    The first object names the columns; a key that another one lacks is a missing value, and no other may be there.
    See `json_rows` for the cells. Raises `DataError` with the line, or `StorageError`.
    """
    numbered = json_rows(stream, where)
    names: dict[str, str] = {}
    while block := list(islice(numbered, rows)):
        names = names or block[0][0]
        if not names:
            got = "the first object is empty"
            raise DataError(got, where=f"{where}:{block[0][1]}", hint="Write the columns as its keys.")
        for row, line in block:
            if not row.keys() <= names.keys():
                raise _another_key(row, names, f"{where}:{line}")
        columns = {name: tuple([row.get(name, ABSENT) for row, _ in block]) for name in names}
        yield Table(where, columns, np.array([line for _, line in block], np.int64))
    if not names:
        raise DataError("the file is empty", where=where, hint=OBJECT_HINT)


def json_rows(stream: BufferedIOBase, where: str) -> Iterator[tuple[dict[str, str], int]]:
    """Each row by its keys, and its line.

    Cells are texts as in a CSV file: a number as it is written, `true` and `false`, `null` as an empty cell, an array
    or an object as its JSON. Those that stood without quotes are `Bare`. Blank lines at the end are skipped. Raises
    `DataError` with the line, or `StorageError`.
    """
    return _objects(_lines(stream, where), where)


def is_json_number(cell: str) -> bool:
    """Whether a text is a number as JSON writes it.

    >>> [is_json_number(cell) for cell in ("-1.50", "1e5", "01", ".5", "+1", "nan")]
    [True, True, False, False, False, False]
    """
    return _NUMBER.fullmatch(cell) is not None


def _lines(stream: BufferedIOBase, where: str) -> Iterator[tuple[str, int]]:
    """The lines with their numbers, without the blank ones at the end."""
    line, blank = 1, 0
    for piece in text_pieces(stream, where):
        for text in piece.removesuffix("\n").split("\n"):
            if text.strip():
                if blank:
                    raise DataError("the line is blank", where=f"{where}:{blank}", hint="Delete it.")
                yield text, line
            else:
                blank = blank or line
            line += 1


def _objects(lines: Iterator[tuple[str, int]], where: str) -> Iterator[tuple[dict[str, str], int]]:
    decoder = json.JSONDecoder(object_pairs_hook=tuple, parse_int=Bare, parse_float=Bare, parse_constant=str)
    for text, line in lines:
        place = f"{where}:{line}"
        try:
            pairs = decoder.decode(text)
        except json.JSONDecodeError as error:
            got = f"not JSON: {error.msg[:1].lower()}{error.msg[1:]} (character {error.colno})"
            raise DataError(got, where=place, hint=OBJECT_HINT) from None
        except RecursionError:
            raise DataError("arrays or objects lie too deep in each other", where=place, hint="Flatten it.") from None
        if not isinstance(pairs, tuple):
            hint = 'Write an object: {"width": 1.5, "kind": "ash"}.'
            raise DataError(f"the line holds {_kind(pairs)}, not an object", where=place, hint=hint)
        row: dict[str, str] = {}
        for name, value in pairs:
            if name in row:
                raise DataError(f'the key "{name}" occurs twice', where=place, hint="Remove one of them.")
            if not name.strip():
                raise DataError("a key is empty", where=place, hint="Name every column.")
            row[name] = value if isinstance(value, str) else _cell(value, text, name)
        if "\\u" in text and not _is_unicode("".join([*row, *row.values()])):
            got = "a text holds half of a pair of \\u escapes"
            raise DataError(got, where=place, hint="Write the character itself.")
        yield row, line


def _cell(value: object, line: str, name: str) -> Bare:
    """What is neither a text nor a number."""
    if value is None or isinstance(value, bool):
        return Bare("" if value is None else str(value).lower())
    return Bare(json.dumps(json.loads(line)[name], ensure_ascii=False))


def _another_key(row: dict[str, str], names: dict[str, str], place: str) -> DataError:
    """The error for an object with a key that the first one lacks."""
    name = next(name for name in row if name not in names)
    hint = f'{suggestion(name, names)} Or write "{name}": null in the first row.'
    return DataError(f'the first row has no key "{name}"', where=place, hint=hint)


def _is_unicode(text: str) -> bool:
    """Whether it can be written in UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _kind(value: Any) -> str:
    if isinstance(value, list):
        return "an array"
    if value is None or isinstance(value, bool):
        return str(value).lower().replace("none", "null")
    return "a number" if isinstance(value, Bare) else "a text"
