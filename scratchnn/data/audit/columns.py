"""Columns that cannot help: they tell the rows apart, never change, or say what another column says."""

from __future__ import annotations

import re

import numpy as np

from scratchnn.data.audit.finding import Finding, counted, listed, percent, set_feature
from scratchnn.data.audit.statistics import correlations
from scratchnn.data.audit.view import Column, View
from scratchnn.data.tables import Array

FEWEST_ROWS = 30
NEARLY_ALL = 0.9  # distinct levels over rows
ALMOST_CONSTANT = 0.995
FEWEST_REPEATS = 5  # rows for each level; where all are distinct, every two columns agree level by level
SAME = 0.999  # |r| of two columns that say the same
_ID = re.compile(
    r"(^|[_\W])(id|uuid|guid|index|idx|key|nr|no|row)$|^(id|uuid|guid|row|unnamed)([_\W]|$)", re.IGNORECASE
)


def identifiers(view: View) -> list[Finding]:
    """`identifier`: a column that names rows, from which nothing can be learned about new ones.

    A category is one where nine tenths of its levels or more are distinct; whole numbers, all distinct, are where they
    count (in the order of the file by equal steps, or filling half of their range or more) or are called id, index,
    key and the like. `many_levels`: a category where more than half of the training rows have a level of their own.
    """
    found = []
    for column in view.columns:
        known = np.flatnonzero(column.codes >= 0)
        if len(known) < FEWEST_ROWS or column.name in view.free:
            continue
        used = int((column.counts() > 0).sum())
        if column.kind == "number":
            why = _counts(view, column, known) if used == len(known) else ""
        else:
            why = f"{used:,} levels in {counted(len(known), 'row')}" if used >= NEARLY_ALL * len(known) else ""
        if why:
            message = f'"{column.name}" names rows: {why}'
            mend = (set_feature(column.name, "ignore"),)
            found.append(Finding("identifier", "warning", message, (column.name,), (), len(known), (), mend))
        elif (
            column.kind == "category" and (alone := int((column.counts(view.train) == 1).sum())) * 2 > view.train.sum()
        ):
            rows = int(view.train.sum())
            message = f'{alone:,} of {rows:,} training rows have a level of "{column.name}" that no other has'
            mend = (set_feature(column.name, "ignore"),)
            found.append(Finding("many_levels", "warning", message, (column.name,), ("train",), alone, (), mend))
    return found


def _counts(view: View, column: Column, known: Array) -> str:
    """Why distinct numbers are names of rows; empty where they are not."""
    values = column.numbers[known]
    if (values != np.floor(values)).any() or np.abs(values).max() > 2**53:
        return ""
    low, high = values.min(), values.max()
    if len(set(view.wheres)) == 1:
        steps = np.diff(values[np.argsort(view.lines[known])])
        if (steps == steps[0]).all():
            return f"it counts them in the order of the file, from {low:.0f} to {high:.0f}"
    if high - low < 2 * len(values):
        return f"whole numbers from {low:.0f} to {high:.0f}, each only once"
    return "whole numbers, each only once" if _ID.search(column.name) else ""


def constants(view: View) -> list[Finding]:
    """Columns that are the same in all training rows (`constant`) or in 99.5 % of them (`almost_constant`).

    A number that is always 0 is only info: a pixel at the edge, a word that does not occur.
    """
    fixed: list[str] = []
    empty: list[str] = []
    almost: list[str] = []
    rows = int(view.train.sum())
    if rows < 2:
        return []
    for column in view.columns:
        counts = column.counts(view.train)
        if counts.sum() < rows or not len(counts):
            continue  # a gap is a difference
        if counts.max() == rows:
            zero = column.kind == "number" and column.levels[int(counts.argmax())] == 0
            (empty if zero else fixed).append(column.name)
        elif counts.max() >= ALMOST_CONSTANT * rows:
            almost.append(column.name)
    found = []
    if fixed:
        found.append(constant(fixed))
    if empty:
        found.append(
            Finding("constant", "info", f"{_columns(empty)} 0 in every training row", tuple(empty), ("train",))
        )
    if almost:
        message = f"{_columns(almost)} the same in {percent(ALMOST_CONSTANT)} of the training rows or more"
        found.append(Finding("almost_constant", "info", message, tuple(almost), ("train",)))
    return found


def copies(view: View) -> list[Finding]:
    """`same_columns`: features that say the same. Equal or renamed level by level, or numbers with |r| > 0.999.

    r is Pearson's, over the rows where both have a value. A column is named with the first that it agrees with.
    """
    columns = [column for column in view.columns if (column.counts() > 0).sum() > 1]
    if len(columns) < 2 or len(view) < FEWEST_ROWS:
        return []
    pairs: dict[str, tuple[str, str]] = {}
    seen: dict[bytes, str] = {}
    for column in columns:
        if (column.counts() > 0).sum() * FEWEST_REPEATS <= len(view):
            key = renamed(column.codes).tobytes()
        elif column.kind == "number":
            key = column.numbers.tobytes()
        else:
            continue
        if key in seen:
            pairs[column.name] = (seen[key], "the same, level by level")
        seen.setdefault(key, column.name)
    numbers = [column for column in columns if column.kind == "number" and column.name not in pairs]
    if len(numbers) > 1:
        values = np.stack([column.numbers for column in numbers], axis=1)
        gaps = np.isnan(values)
        means = np.where(gaps, 0, values).sum(axis=0) / (~gaps).sum(axis=0)
        screened = np.abs(correlations(np.where(gaps, means, values)))
        for later, earlier in np.argwhere(np.tril(screened > 0.9, -1)).tolist():
            both = ~gaps[:, later] & ~gaps[:, earlier]
            if both.sum() < FEWEST_ROWS:
                continue
            r = float(correlations(values[both][:, [earlier, later]])[0, 1])
            if abs(r) > SAME:
                pairs.setdefault(numbers[later].name, (numbers[earlier].name, f"r = {r:.5f}"))
    return [
        Finding("same_columns", "info", f'"{name}" says what "{other}" says: {how}', (other, name))
        for name, (other, how) in pairs.items()
    ]


def renamed(codes: Array) -> Array:
    """The same codes (N,) numbered in the order in which they first occur: equal for columns that differ by names."""
    _, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
    ranks = np.empty(len(first), np.int64)
    ranks[np.argsort(first)] = np.arange(len(first))
    return ranks[inverse.reshape(-1)]


def constant(names: list[str]) -> Finding:
    """The finding that columns are the same in every training row."""
    mend = tuple(set_feature(name, "ignore") for name in names)
    return Finding(
        "constant", "warning", f"{_columns(names)} the same in every training row", tuple(names), ("train",), mend=mend
    )


def _columns(names: list[str]) -> str:
    return f'"{names[0]}" is' if len(names) == 1 else f"{listed(names)} are each"
