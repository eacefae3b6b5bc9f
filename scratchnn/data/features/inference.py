"""The feature of a column that no one named."""

from __future__ import annotations

from scratchnn.data.features.category import Category
from scratchnn.data.features.number import Number, refused
from scratchnn.data.tables import COMMA_HINT, Table, has_comma, is_missing, is_number

MOSTLY = 0.9


def infer(table: Table, name: str, mend: str = "") -> Number | Category:
    """The feature of a column that no one named: a number where every cell is a number, else a category.

    Raises `DataError` where it would be a guess: cells are missing, nine tenths are numbers and the rest is not, or
    nine tenths look like numbers with a comma. `mend` tells how to say that the column is a category.
    """
    if table.numbers_or_none(name) is not None:
        return Number()
    cells = table.texts(name)
    known = [cell for cell in cells if not is_missing(cell)]
    hint = [refused(name)] if known and all(map(is_number, known)) and not mend else []
    empty = next((row for row, cell in enumerate(cells) if not cell.strip()), None)
    if empty is not None:
        raise table.missing(name, empty, *hint)
    odd = [row for row, cell in enumerate(cells) if not is_number(cell)]
    commas = [row for row in odd if has_comma(cells[row])]
    category = mend or f"data.features.{name}: category"
    if commas and len(cells) - len(odd) + len(commas) >= MOSTLY * len(cells):
        got = f'"{cells[commas[0]]}" is text, but looks like a number with a comma'
        raise table.error(name, commas[0], got, f"{COMMA_HINT} For text set {category}.")
    if len(odd) < len(cells):
        if all(is_missing(cells[row]) for row in odd):
            raise table.missing(name, odd[0], *hint)
        if len(cells) - len(odd) >= MOSTLY * len(cells):
            got = f'"{cells[odd[0]]}" is not a number, but {len(cells) - len(odd)} of {len(cells)} cells are'
            raise table.error(name, odd[0], got, f"Mend the cell, or set {category}.")
    return Category()
