"""Lists in the cells of a table: as JSON, or as items with a separator between them."""

from __future__ import annotations

import json
from collections.abc import Iterator

from pydantic import Field

from scratchnn.data.features.steps import StepColumn
from scratchnn.data.tables import Table, is_missing, quoted

SEPARATOR = Field(
    None,
    min_length=1,
    max_length=8,
    description="What stands between the items of a cell that is no JSON list; null: white space.",
)
"""The setting of everything that reads lists."""


class ListColumn(StepColumn):
    """The base of the fitted columns of lists."""

    separator: str | None = SEPARATOR


def is_list(cell: str) -> bool:
    """Whether a cell is written as a JSON list.

    >>> is_list("[1, 2]"), is_list("[1, 2"), is_list("1 2")
    (True, False, False)
    """
    if not cell.lstrip().startswith("["):
        return False
    try:
        return isinstance(json.loads(cell), list)
    except (ValueError, RecursionError):
        return False


def lists_of(table: Table, name: str, separator: str | None) -> Iterator[list[str]]:
    """The items of each row; none where the cell is missing.

    Raises `DataError` with the cell for a list that is no JSON, for one that holds a list, an object or null, and for
    nothing between two separators.
    """
    for row, cell in enumerate(table.texts(name)):
        if is_missing(cell):
            yield []
        elif cell.lstrip().startswith("["):
            yield _parsed(table, name, row, cell)
        else:
            parts = [part.strip() for part in cell.split(separator)]
            if not all(parts):
                got = f"{quoted(cell)} has nothing between two separators"
                raise table.error(name, row, got, "Write an item there, or remove one of the separators.")
            yield parts


def _parsed(table: Table, name: str, row: int, cell: str) -> list[str]:
    """The items of a JSON list, numbers as they are written."""
    try:
        found = json.loads(cell, parse_int=str, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError):
        hint = 'Write [1, 2.5] or ["a", "b"].'
        raise table.error(name, row, f"{quoted(cell)} is not a JSON list", hint) from None
    items = []
    for place, value in enumerate(found):
        if not isinstance(value, str | bool):
            kind = "null" if value is None else "a list" if isinstance(value, list) else "an object"
            got = f"item {place} of the list is {kind}, not a number or a text"
            hint = "Remove it." if value is None else "Lists must be flat: give each inner one a column of its own."
            raise table.error(name, row, got, hint)
        items.append(str(value).lower() if isinstance(value, bool) else value)
    return items
