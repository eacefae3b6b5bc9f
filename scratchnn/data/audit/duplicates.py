"""Rows that occur more than once: across parts, within the training rows, and with other targets."""

from __future__ import annotations

import math
from collections.abc import Sequence
from hashlib import blake2b

import numpy as np

from scratchnn.data.audit.finding import Finding, Severity, counted, percent
from scratchnn.data.audit.view import View
from scratchnn.data.tables import Array

FEWEST = 3
WARNED, GRAVE = 0.01, 0.2  # shares of a part's rows
BY_CHANCE = 3  # times what independent columns explain; related ones explain more
CONFLICTS = 0.01
FAR_APART = 1.0  # standard deviations of a target between rows with the same features


def row_groups(*parts: Array) -> Array:
    """A number (N,) for each row of arrays (n, ...) of one type, one after the other; equal for equal rows alone.

    Numbers go from 0 on, as the rows come. They are told by 128 bits of BLAKE2b of their bytes: of 10^9 different rows
    two agree with a chance of 10^-21.
    """
    groups: dict[bytes, int] = {}
    made: list[int] = []
    for values in parts:
        flat = values.reshape(len(values), math.prod(values.shape[1:]))
        for start in range(0, len(flat), 4096):
            block = np.ascontiguousarray(flat[start : start + 4096])
            if block.dtype.kind == "f":
                block = block + block.dtype.type(0)  # -0.0 becomes 0.0
            for row in block:
                made.append(groups.setdefault(blake2b(row.data, digest_size=16).digest(), len(groups)))
    return np.array(made, np.int64)


def coincidence(codes: Sequence[Array], known: Array, asked: Array) -> float:
    """The share of the `asked` rows that would have their equal among the `known` ones by chance alone.

    `codes` are columns (N,) of places from -1 on. Were they independent, a row with the share q_j of the known rows
    for its own level in column j had its equal among n of them with the chance 1 - (1 - prod_j q_j)^n: near 1 for a
    few coarse columns, near 0 for fine ones. Related columns agree more often than this tells.
    """
    n = int(known.sum())
    logs = np.zeros(int(asked.sum()))
    for column in codes:
        shares = np.bincount(column[known] + 1, minlength=int(column.max()) + 2) / n
        with np.errstate(divide="ignore"):
            logs += np.log(shares[column[asked] + 1])
    return float(-np.expm1(n * np.log1p(-np.minimum(np.exp(logs), 1 - 1e-12))).mean())


def duplicates(view: View) -> list[Finding]:
    """Rows whose features equal those of another row.

    `duplicates_across_parts`: validation or test rows that occur in an earlier part, which their figures were to be
    independent of. From 1 % of the part and 3 rows on it is a warning, from 20 % on serious; but only info where the
    share is below three times `coincidence`. `duplicates`: training rows that occur before. `conflicting_targets`:
    equal features with different targets; no model can be right about both.
    """
    if view.samples is not None:
        groups, codes = row_groups(view.samples), []
    elif view.columns:
        codes = [column.codes for column in view.columns]
        groups = row_groups(np.stack(codes, axis=1).astype(np.int32))
    else:
        return []
    found = _across(view, groups, codes)
    numbers = np.flatnonzero(view.train)
    order = numbers[np.lexsort((view.lines[numbers], groups[numbers]))]
    again = order[1:][groups[order[1:]] == groups[order[:-1]]]
    if len(again):
        share = len(again) / len(numbers)
        message = f"{counted(len(again), 'training row')} ({percent(share)}) with the same features as one before"
        found.append(Finding("duplicates", "info", message, (), ("train",), len(again), view.places(again)))
    return found + (
        _class_conflicts(view, groups, codes) if view.is_classification else _number_conflicts(view, groups)
    )


def shared(parts: tuple[str, str], count: int, rows: int, chance: float, examples: tuple[str, ...] = ()) -> Finding:
    """The finding that `count` of the `rows` of the second part occur in the first one, a share `chance` by chance."""
    share = count / rows
    severity = severity_of(count, share, chance)
    earlier, later = ("training" if part == "train" else part for part in parts)
    message = f"{counted(count, f'{later} row')} ({percent(share)}) have the same features as a {earlier} row"
    if count == 1:
        message = message.replace(" have ", " has ")
    if chance >= WARNED:
        message += f"; with columns this coarse {percent(chance)} would by chance"
    if severity != "info":
        message += ": a model can remember them, so the figures are too good"
    return Finding("duplicates_across_parts", severity, message, (), parts, count, examples)


def severity_of(count: int, share: float, chance: float) -> Severity:
    """How bad it is that `count` rows, a `share` of their part, occur in another part, where `chance` explains some."""
    if count < FEWEST or share < max(WARNED, BY_CHANCE * chance):
        return "info"
    return "serious" if share >= GRAVE else "warning"


def _across(view: View, groups: Array, codes: Sequence[Array]) -> list[Finding]:
    found = []
    for later in range(1, len(view.parts)):
        asked = view.part == later
        for earlier in range(later):
            known = view.part == earlier
            hits = asked & np.isin(groups, groups[known])
            count = int(hits.sum())
            if not count:
                continue
            chance = coincidence(codes, known, asked) if codes else 0.0
            twins = [int(np.flatnonzero(known & (groups == groups[row]))[0]) for row in np.flatnonzero(hits)[:2]]
            examples = [*np.flatnonzero(hits)[:2], *twins]
            places = tuple(dict.fromkeys(view.place(int(row)) for row in examples))
            parts = (view.parts[earlier], view.parts[later])
            found.append(shared(parts, count, int(asked.sum()), chance, places))
    return found


def _class_conflicts(view: View, groups: Array, codes: Sequence[Array]) -> list[Finding]:
    """The rows that are in the minority among their equals: the fewest that any model must get wrong."""
    labels = view.targets[0].codes
    pairs, counts = np.unique(np.stack([groups, labels], axis=1), axis=0, return_counts=True)
    largest = np.zeros(int(groups.max()) + 1, np.int64)
    np.maximum.at(largest, pairs[:, 0], counts)
    wrong = len(view) - int(largest.sum())
    if not wrong:
        return []
    mixed = np.bincount(pairs[:, 0], minlength=len(largest)) > 1
    rows = np.flatnonzero(mixed[groups])
    rows = rows[np.argsort(groups[rows], kind="stable")]  # equal rows beside each other
    share = wrong / len(view)
    message = (
        f"{counted(len(rows), 'row')} have the same features as rows of another class: "
        f"every model gets {counted(wrong, 'row')} ({percent(share)}) wrong or more"
    )
    coarse = bool(codes) and coincidence(codes, np.ones(len(view), bool), np.ones(len(view), bool)) >= 0.5
    certain = wrong >= FEWEST and share >= CONFLICTS and not coarse
    places = tuple(view.place(int(row)) for row in rows[:4])
    severity: Severity = "warning" if certain else "info"
    return [Finding("conflicting_targets", severity, message, (view.targets[0].name,), (), len(rows), places)]


def _number_conflicts(view: View, groups: Array) -> list[Finding]:
    found = []
    counts = np.bincount(groups)
    for target in view.targets:
        values = target.numbers
        width = float(values.std())
        low, high = np.full(len(counts), np.inf), np.full(len(counts), -np.inf)
        np.minimum.at(low, groups, values)
        np.maximum.at(high, groups, values)
        if width == 0 or not (apart := high - low > FAR_APART * width).any():
            continue
        rows = np.flatnonzero(apart[groups])
        rows = rows[np.argsort(groups[rows], kind="stable")]
        message = (
            f"{counted(len(rows), 'row')} have the same features, but targets more than a standard deviation "
            f"({width:.3g}) apart"
        )
        certain = len(rows) >= FEWEST and len(rows) >= CONFLICTS * len(view)
        places = tuple(view.place(int(row)) for row in rows[:4])
        found.append(
            Finding(
                "conflicting_targets", "warning" if certain else "info", message, (target.name,), (), len(rows), places
            )
        )
    return found
