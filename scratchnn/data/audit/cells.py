"""Cells that mean something else than they say: numbers for missing values, one level in several spellings."""

from __future__ import annotations

import numpy as np

from scratchnn.data.audit.columns import FEWEST_ROWS
from scratchnn.data.audit.finding import Finding, Severity, counted, listed, percent
from scratchnn.data.audit.view import Column, View
from scratchnn.data.tables import Array, number_name

FEWEST = 3
SHARE = 0.002
FAR_NINES = 0.5  # ranges of the others from them
FAR_ANY = 5.0
FEWEST_LEVELS = 10
MOST_ZEROS = 0.1


def sentinels(view: View) -> list[Finding]:
    """`sentinel`: the smallest or largest number of a column, repeated and far from all others, as if for "missing".

    It stands in 3 rows or more and in 0.2 % or more. Nines or eights (-99, 999, 9999, -8888) must be half the range of
    the others away from them, any other number five ranges. -1 counts below whole numbers that are never negative and
    have 10 values or more, where 1 % have it; 0 where the others are more than their standard deviation above it and
    at most a tenth is 0. Those two are only info.
    """
    found = []
    for column in view.columns:
        if column.kind == "category" or len(column.levels) < FEWEST_LEVELS or len(column) < FEWEST_ROWS:
            continue
        counts = column.counts()
        levels = np.asarray(column.levels, np.float64)
        used = counts > 0
        levels, counts = levels[used], counts[used]
        for place in (0, len(levels) - 1):
            severity = _suspicion(levels, counts, place)
            if severity is not None:
                rows = np.flatnonzero(column.numbers == levels[place])
                others = np.delete(levels, place)
                share = percent(len(rows) / len(column))
                message = (
                    f'"{column.name}" is {levels[place]:.15g} in {counted(len(rows), "row")} ({share})'
                    f", else from {others.min():.6g} to {others.max():.6g}: does it stand for a missing value?"
                )
                found.append(Finding("sentinel", severity, message, (column.name,), (), len(rows), view.places(rows)))
    return found


def _suspicion(levels: Array, counts: Array, place: int) -> Severity | None:
    """How suspicious the first or the last of the values (ascending) is; None where it is not."""
    value, count, total = float(levels[place]), int(counts[place]), int(counts.sum())
    if len(levels) < FEWEST_LEVELS or count < max(FEWEST, SHARE * total):
        return None
    others, weights = np.delete(levels, place), np.delete(counts, place)
    away = float(np.abs(others - value).min())
    spread = float(others[-1] - others[0])
    digits = f"{abs(value):.15g}"
    if len(digits) > 1 and set(digits) in ({"9"}, {"8"}) and away >= FAR_NINES * spread:
        return "warning"
    if away >= FAR_ANY * spread:
        return "warning"
    if value == -1 and others[0] >= 0 and count >= 0.01 * total and (others == np.floor(others)).all():
        return "info"
    if value == 0 and others[0] > 0 and count <= MOST_ZEROS * total:
        mean = np.average(others, weights=weights)
        deviation = float(np.sqrt(np.average((others - mean) ** 2, weights=weights)))
        return "info" if away > deviation else None
    return None


def spellings(view: View) -> list[Finding]:
    """`spelling`: levels, or classes, that differ only by case, by spaces or by how a number is written."""
    found = []
    for column in [*view.columns, *view.targets]:
        if column.kind == "number":
            continue
        groups: dict[str, list[int]] = {}
        for place, level in enumerate(column.levels):
            groups.setdefault(_plain(str(level)), []).append(place)
        variants = [places for places in groups.values() if len(places) > 1]
        if not variants:
            continue
        counts = column.counts()
        rare = [place for places in variants for place in sorted(places, key=lambda place: -counts[place])[1:]]
        rows = np.flatnonzero(np.isin(column.codes, rare))
        shown = "; ".join(_variants(column, places, counts) for places in variants[:3])
        more = f"; and {counted(len(variants) - 3, 'other level')}" if len(variants) > 3 else ""
        message = f'"{column.name}" has one level in several spellings: {shown}{more}'
        found.append(Finding("spelling", "warning", message, (column.name,), (), len(rows), view.places(rows)))
    return found


def _variants(column: Column, places: list[int], counts: Array) -> str:
    return ", ".join(
        f"{listed([str(column.levels[place])])} ({counted(int(counts[place]), 'row')})" for place in places
    )


def _plain(text: str) -> str:
    """What stays the same however a level is written."""
    return number_name(" ".join(text.split())).casefold()
