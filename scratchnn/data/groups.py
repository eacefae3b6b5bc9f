"""The rows of a table by the values of a column, to judge a model on each of them."""

from __future__ import annotations

import numpy as np

from scratchnn.data.tables import Array, Table, in_order, number_name

MISSING = "(missing)"
BINS = 4
MOST_NUMBERS = 10  # distinct numbers, each a group of its own; more of them are put into bins
MOST_TEXTS = 30
SHARES = np.linspace(0, 1, BINS + 1)


def groups_of(table: Table, name: str) -> dict[str, Array]:
    """For each group of rows by a column its places (n,), in the order of the values; cells without a value come last.

    Each value is a group. Where a column of numbers has more than 10 of them, its groups are quarters: the edges are
    quartiles of the rows, each a number of the column (the inverted distribution function), and a bin "[20, 28)" holds
    its lower edge but not its upper, the last one "[38, 80]" both. Of texts the 29 most frequent values stand alone
    where there are more than 30, and the rest is one group. Raises `DataError` where there is no such column.
    """
    missing = table.gaps(name)
    known = table.gappy(name)
    made = _of_numbers(known.values, ~missing) if known is not None else _of_texts(table.texts(name), ~missing)
    if missing.any():
        said = made.pop(MISSING, np.empty(0, np.int64))  # cells that hold these very words
        made[MISSING] = np.union1d(np.flatnonzero(missing), said)
    return made


def _of_numbers(values: Array, there: Array) -> dict[str, Array]:
    rows = np.flatnonzero(there)
    distinct, place = np.unique(values[rows], return_inverse=True)
    names = [_short(value) for value in distinct.tolist()]
    if len(distinct) > MOST_NUMBERS:
        edges = np.unique(np.quantile(values[rows], SHARES, method="inverted_cdf"))
        place = np.searchsorted(edges[1:-1], values[rows], side="right")
        ends = list(map(_short, edges.tolist()))
        last = len(ends) - 2
        names = [f"[{ends[k]}, {ends[k + 1]}{']' if k == last else ')'}" for k in range(last + 1)]
    return {name: rows[place == number] for number, name in enumerate(names)}


def _of_texts(cells: tuple[str, ...], there: Array) -> dict[str, Array]:
    found: dict[str, list[int]] = {}
    for row in np.flatnonzero(there).tolist():
        found.setdefault(cells[row].strip(), []).append(row)
    kept = in_order(list(found))
    if len(kept) > MOST_TEXTS:
        often = set(sorted(kept, key=lambda text: -len(found[text]))[: MOST_TEXTS - 1])
        kept = [text for text in kept if text in often]
    made = {text: np.array(found.pop(text), np.int64) for text in kept}
    if found:
        rest = np.sort(np.concatenate([np.array(rows, np.int64) for rows in found.values()]))
        made[f"({len(found)} other values)"] = rest
    return made


def _short(value: float) -> str:
    """The shortest text of a number; a whole one without a point."""
    return number_name(repr(value))
