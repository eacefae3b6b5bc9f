"""The feature of a column that no one named."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from scratchnn.data.features.category import Category
from scratchnn.data.features.datetimes import Datetime, DatetimeColumn
from scratchnn.data.features.feature import Feature
from scratchnn.data.features.filling import how_to_take_missing
from scratchnn.data.features.items import Items
from scratchnn.data.features.levels import AS_CATEGORY
from scratchnn.data.features.lists import is_list, lists_of
from scratchnn.data.features.number import Number
from scratchnn.data.features.number_column import NumericColumn
from scratchnn.data.features.sequence import Sequence as NumberSequence
from scratchnn.data.json_lines import Bare
from scratchnn.data.moments import parse_moment
from scratchnn.data.tables import COMMA_HINT, Table, has_comma, is_missing, is_number, quoted

MOSTLY = 0.9


def infer(table: Table, name: str, mend: str = "") -> Feature:
    """The feature of a column that no one named.

    A number where every cell is a number, a datetime where every cell is an ISO 8601 date, a sequence where every cell
    that is not missing is a JSON list of numbers, items where it is one of texts, else a category; so are two texts,
    which as two inputs say the same as the one of `binary`. Raises `DataError` where it would be a guess: cells
    are missing, nine tenths are numbers or dates and the rest is not, or nine tenths look like numbers with a comma.
    `mend` tells how to say that the column is a category; it is given of a target alone, which has no feature.
    """
    if table.numbers_or_none(name) is not None:
        return Number()
    cells = table.texts(name)
    if not mend and (lists := _lists(table, name, cells)) is not None:
        return lists
    dates = _which(cells, _is_date)
    if len(dates) == len(cells):
        return Datetime()
    numbers = _which(cells, is_number)
    gaps = _which(cells, is_missing)
    known = set(range(len(cells))) - gaps
    kinds = {NumericColumn.setting: numbers, DatetimeColumn.setting: dates}
    setting = next((setting for setting, rows in kinds.items() if known and known <= rows), None)
    usual = setting or AS_CATEGORY
    hint = [how_to_take_missing(name, usual)] if known and not mend else []
    empty = next((row for row in sorted(gaps) if not cells[row].strip()), None)
    if empty is not None:
        raise table.missing(name, empty, *hint)
    category = mend or f"data.features.{name}: category"
    commas = [row for row, cell in enumerate(cells) if row not in numbers and has_comma(cell)]
    if commas and len(numbers) + len(commas) >= MOSTLY * len(cells):
        got = f'"{cells[commas[0]]}" is text, but looks like a number with a comma'
        raise table.error(name, commas[0], got, f"{COMMA_HINT} For text set {category}.")
    if setting and gaps:
        raise table.missing(name, min(gaps), *hint)
    for kind, rows in {"number": numbers, "date": dates}.items():
        if MOSTLY * len(cells) <= len(rows) < len(cells):
            odd = next(row for row in range(len(cells)) if row not in rows)
            got = f'"{cells[odd]}" is not a {kind}, but {len(rows)} of {len(cells)} cells are'
            raise table.error(name, odd, got, f"Mend the cell, or set {category}.")
    return Category()


def _which(cells: Sequence[str], test: Callable[[str], bool]) -> set[int]:
    """The rows whose cell passes a test, which is asked once about equal cells."""
    passed = {cell for cell in set(cells) if test(cell)}
    return {row for row, cell in enumerate(cells) if cell in passed} if passed else set()


def _is_date(cell: str) -> bool:
    """Whether a cell is an ISO 8601 date; the look at its first character spares most texts the attempt."""
    if not cell.strip()[:1].isdigit() or parse_moment(cell) is None:
        return False
    return "-" in cell or not is_number(cell)  # 20240331 is both


def _lists(table: Table, name: str, cells: Sequence[str]) -> NumberSequence | Items | None:
    """The feature of a column of JSON lists, None for another. Raises `DataError` for a text among numbers."""
    first = next((cell for cell in cells if not is_missing(cell)), "")
    others = [row for row, cell in enumerate(cells) if not (is_missing(cell) or is_list(cell))]
    if not is_list(first) or others:
        _refuse_some_lists(table, name, cells, others)
        return None
    odd, numbers, count = None, 0, 0
    for row, items in enumerate(lists_of(table, name, None)):
        for item in items:
            count += 1
            if is_number(item):
                numbers += 1
            elif odd is None:
                odd = row, item
    if odd is None or not numbers:
        return NumberSequence() if odd is None else Items()
    got = f"the list holds {quoted(odd[1])}, but {numbers} of {count} items of this column are numbers"
    raise table.error(name, odd[0], got, f"Mend the cell, or set data.features.{name}: items for categories.")


def _refuse_some_lists(table: Table, name: str, cells: Sequence[str], others: Sequence[int]) -> None:
    """Raises `DataError` where JSON holds lists beside what is none."""
    lists = sum(isinstance(cell, Bare) and is_list(cell) for cell in cells)
    if lists and others:
        got = f"{quoted(cells[others[0]])} is no list, but {lists} of {len(cells)} cells are"
        raise table.error(name, others[0], got, f"Mend the cell, or set data.features.{name}: category.")
