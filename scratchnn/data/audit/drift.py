"""Parts that differ: validation and test rows that come from another distribution than the training rows."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace

import numpy as np

from scratchnn.data.audit.finding import Finding, Severity, counted, listed, percent
from scratchnn.data.audit.statistics import (
    chi_square,
    chi_square_tail,
    kolmogorov_distance,
    kolmogorov_tail,
)
from scratchnn.data.audit.view import Column, View
from scratchnn.data.tables import Array

SURE = 1e-3  # the chance of a false alarm, over all columns and parts
FAR = 0.1  # the distance from which on a difference matters
FEWEST_EXPECTED = 5  # rows of a level, see `total_variation`
UNSEEN = 0.01  # share of a part's rows


def drift(view: View) -> list[Finding]:
    """`drift`: a feature or the target is distributed otherwise in validation or test than in the training rows.

    Numbers: the two-sample Kolmogorov-Smirnov distance D. Categories, and gaps as a level of their own: the total
    variation 1/2 sum |p - q|, by Pearson's chi-square over levels with 5 expected rows or more in both, the others
    together as one. A finding needs a distance of 0.1 or more and a chance below 1e-3 divided by the number of tests
    (Bonferroni). Of samples that are not columns, their means and standard deviations are compared.
    """
    columns = [*view.columns, *view.targets]
    if not view.columns and view.samples is not None:
        flat = view.samples.reshape(len(view), -1)
        means = flat.mean(axis=1, dtype=np.float64)
        deviations = flat.std(axis=1, dtype=np.float64)
        measures = {"mean of each sample": means, "standard deviation of each sample": deviations}
        columns = [Column.of_numbers(name, values) for name, values in measures.items()] + list(view.targets)
    parts = [(place, part) for place, part in enumerate(view.parts) if place]
    tests = max(1, len(columns) * len(parts))
    found = []
    for column in columns:
        for place, part in parts:
            here = view.part == place
            distance, chance, how = _difference(column, view.train, here)
            if distance >= FAR and chance * tests < SURE:
                subject = f'the target "{column.name}"' if column in view.targets else f'"{column.name}"'
                message = f"{subject} is distributed otherwise in {part} than in training rows: {how}"
                found.append(Finding("drift", "warning", message, (column.name,), ("train", part), int(here.sum())))
    return found


def _difference(column: Column, known: Array, asked: Array) -> tuple[float, float, str]:
    """The distance, the chance of it and how to say it: of the values, or of the gaps where they differ more surely."""
    if column.kind == "category":
        return _levels(replace(column, codes=column.codes + 1, levels=["", *map(str, column.levels)]), known, asked)
    tested = (0.0, 1.0, "")
    first, second = (column.numbers[rows & ~column.gaps] for rows in (known, asked))
    if len(first) and len(second):
        distance = kolmogorov_distance(first, second)
        medians = f"medians {np.median(second):.4g} and {np.median(first):.4g}"
        text = f"{medians}, Kolmogorov-Smirnov distance {distance:.2f}"
        tested = (distance, kolmogorov_tail(distance, len(first), len(second)), text)
    if not column.gaps.any():
        return tested
    distance, chance, _ = _levels(replace(column, codes=column.gaps.astype(np.int64), levels=["", "gap"]), known, asked)
    shares = f"{percent(column.gaps[asked].mean())} and {percent(column.gaps[known].mean())} are missing"
    return (distance, chance, shares) if distance >= FAR and chance < tested[1] else tested


def _levels(column: Column, known: Array, asked: Array) -> tuple[float, float, str]:
    table = np.stack([column.counts(known), column.counts(asked)])
    if not table.sum(axis=1).all():
        return 0.0, 1.0, ""
    table = _pooled(table)
    shares = table / table.sum(axis=1, keepdims=True)
    distance = 0.5 * float(np.abs(shares[0] - shares[1]).sum())
    value, freedom = chi_square(table)
    return (
        distance,
        chi_square_tail(value, freedom),
        f"{percent(distance)} of the rows would have to change their level",
    )


def _pooled(table: Array) -> Array:
    """Counts (2, L) with the levels that have few expected rows together as one."""
    expected = table.sum(axis=0) * table.sum(axis=1).min() / table.sum()
    rare = expected < FEWEST_EXPECTED
    return np.concatenate([table[:, ~rare], table[:, rare].sum(axis=1, keepdims=True)], axis=1)


def unseen_levels(view: View, ignored: Container[str] = ()) -> list[Finding]:
    """`unseen_level`: levels of validation or test that no training row has: the model knows nothing of them.

    A warning from 1 % of the part and 3 rows on. Of `ignored` columns it is known that their levels are many.
    """
    found = []
    for column in view.columns:
        if column.kind == "number" or column.name in ignored:
            continue
        known = column.counts(view.train) > 0
        for place, part in enumerate(view.parts[1:], 1):
            rows = np.flatnonzero((view.part == place) & ~column.gaps)
            rows = rows[~known[column.codes[rows]]]
            if not len(rows):
                continue
            share = len(rows) / int((view.part == place).sum())
            names = [column.text(code) for code in np.unique(column.codes[rows])]
            message = f'{counted(len(rows), f"{part} row")} ({percent(share)}) hold levels of "{column.name}" that no '
            message += f"training row has: {listed(names)}"
            severity: Severity = "warning" if len(rows) >= 3 and share >= UNSEEN else "info"
            found.append(
                Finding("unseen_level", severity, message, (column.name,), (part,), len(rows), view.places(rows))
            )
    return found
