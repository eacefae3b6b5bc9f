"""The numbers of a large plain CSV file, by polars: several times faster than Python, to the bit the same.

polars rounds as Python does (to the nearest float, of two to the even one), and takes no cell for a number that Python
does not take for one; where it refuses a cell, or counts other rows, Python reads the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from scratchnn.data.extras import is_installed
from scratchnn.data.lazy_columns import Cells
from scratchnn.data.plain_csv import Found, PlainRows, find
from scratchnn.data.tables import Gappy, floats, gappy_floats

if TYPE_CHECKING:
    import polars

LARGE = 1 << 23  # bytes: below, Python has read the file before polars is imported and has
LOOKED_AT = 1000  # rows that tell which columns are numbers


def find_fast(rows: PlainRows, least: int = LARGE) -> list[Found] | None:
    """What each column holds, see `find`: by polars where it is installed and there are so many bytes."""
    if len(rows.data) < least or not is_installed("polars"):
        return find(rows)
    found = find_with_polars(rows)
    return find(rows) if found is None else found


def find_with_polars(rows: PlainRows) -> list[Found] | None:
    """The same by polars, or None where it would read another table."""
    import polars

    if rows.mend is not None:
        return None
    if not rows.data.isascii() and not _is_utf8(rows.data):
        return None
    first = rows.cells(slice(0, min(LOOKED_AT, len(rows))))
    are_numbers = [_are_numbers(first[place :: rows.width]) for place in range(rows.width)]
    kinds = {str(place): polars.Float64 if number else polars.String for place, number in enumerate(are_numbers)}
    before, after = int(rows.starts[0]), int(rows.starts[-1]) - 1
    try:
        frame = polars.read_csv(
            rows.data if len(rows.data) - after < 2 else rows.data[:after],
            has_header=False,
            skip_rows=int(before > 0),
            separator=rows.delimiter,
            quote_char=None,
            schema=kinds,
        )
    except (polars.exceptions.PolarsError, UnicodeDecodeError):
        return None
    if frame.height != len(rows):
        return None
    return [_found(column) for column in frame.iter_columns()]


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _are_numbers(cells: Sequence[str]) -> bool:
    """Whether they are numbers or empty. Words for a missing value are text to polars."""
    if floats(cells) is not None:
        return True
    known = gappy_floats(cells)
    return known is not None and not any(cell for cell, odd in zip(cells, known.odd.tolist(), strict=True) if odd)


def _found(column: polars.Series) -> Found:
    """A column of floats, where nothing stands for an empty cell, or of texts, which may be numbers to us."""
    if column.dtype.is_float():
        values = np.asarray(column.to_numpy(), np.float64)
        odd = column.is_null().to_numpy() if column.null_count() else np.zeros(len(values), bool)
        return Found(Gappy(values, odd))
    same: dict[str, str] = {}
    cells: Cells = tuple(same.setdefault(cell, cell) for cell in column.fill_null("").to_list())
    numbers = floats(cells)
    known = gappy_floats(cells) if numbers is None else Gappy(numbers, np.zeros(len(cells), bool))
    return Found(known, cells)
