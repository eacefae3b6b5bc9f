"""Dates and times in cells: text in, microseconds since 1970 out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from scratchnn.data.tables import Array, Table

EPOCH = datetime(1970, 1, 1)
_MICROSECOND = timedelta(microseconds=1)


def parse_moment(cell: str, form: str | None = None) -> datetime | None:
    """The time that a cell tells in ISO 8601, or in `form` (strptime notation); None where it tells none.

    >>> parse_moment("2024-03-31T12:00+02:00"), parse_moment("31.3.24", "%d.%m.%y"), parse_moment("today")
    (datetime.datetime(2024, 3, 31, 12, 0, tzinfo=datetime.timezone(datetime.timedelta(seconds=7200))), \
datetime.datetime(2024, 3, 31, 0, 0), None)
    """
    try:
        return datetime.strptime(cell.strip(), form) if form else datetime.fromisoformat(cell.strip())
    except ValueError:
        return None


def microseconds(
    table: Table, name: str, *, form: str | None = None, gaps: Array | None = None, offset: bool | None = None
) -> Array:
    """The times of a column (N,) as microseconds since 1970, int64; one with an offset counts in UTC.

    Either every time has an offset or none has: `offset` says which, None leaves it to the first. Where `gaps` (N,)
    is true the time is 1970. Raises `DataError` for any other cell that tells no time.
    """
    cells = table.texts(name)
    counts: dict[str, int] = {}
    found = np.zeros(len(cells), np.int64)
    first = None
    for row in range(len(cells)) if gaps is None else np.flatnonzero(~gaps).tolist():
        cell = cells[row]
        if cell not in counts:
            moment = parse_moment(cell, form)
            if moment is None:
                raise _no_date(table, name, row, form)
            first = first or cell
            own = moment.tzinfo is not None
            offset = own if offset is None else offset
            if own != offset:
                raise _another_zone(table, name, row, first, own=own)
            counts[cell] = (moment - (EPOCH.replace(tzinfo=UTC) if own else EPOCH)) // _MICROSECOND
        found[row] = counts[cell]
    return found


def _no_date(table: Table, name: str, row: int, form: str | None) -> Exception:
    got, hint = "is no ISO date", "Write every date as 2024-03-31 or 2024-03-31T12:00."
    if form:
        got, hint = f'is no date of the form "{form}"', "Mend the cell, or the format."
    return table.error(name, row, f'"{table.columns[name][row]}" {got}', hint)


def _another_zone(table: Table, name: str, row: int, first: str, *, own: bool) -> Exception:
    cell, mark = table.columns[name][row], "an" if own else "no"
    got = f'"{cell}" and "{first}": only one has an offset'
    if cell == first:
        got = f'"{cell}" has {mark} offset, unlike the times of the training rows'
    return table.error(name, row, got, "Give every time its offset, or none.")
