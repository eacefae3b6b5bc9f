"""Missing values: how many, where together, whether they tell the target, and words that stand for them."""

from __future__ import annotations

import math

import numpy as np

from scratchnn.data.audit.finding import Finding, Severity, counted, listed, percent, set_feature
from scratchnn.data.audit.statistics import chi_square, chi_square_tail, normal_tail
from scratchnn.data.audit.view import Column, View
from scratchnn.data.tables import Array, is_missing

HEAVY = 0.5
SURE = 1e-4  # the chance of a false alarm, over all columns
STRONG, DECISIVE = 0.3, 0.95  # Cramer's V, or |d| in standard deviations, of gaps and the target
TOGETHER = 0.95  # rows where both miss over rows where one does
FEWEST_GAPS = 10


def missing(view: View, refused: frozenset[str]) -> list[Finding]:
    """`missing`: columns with gaps, each with its share.

    Serious where the config does not say how to take them (`refused` names these columns), a warning where half of the
    rows miss, else info.
    """
    found = []
    for column in view.columns:
        rows = np.flatnonzero(column.gaps)
        if not len(rows):
            continue
        share = len(rows) / len(view)
        severity: Severity = "serious" if column.name in refused else "warning" if share >= HEAVY else "info"
        message = f'"{column.name}" has no value in {counted(len(rows), "row")} ({percent(share)})'
        mend: tuple[str, ...] = ()
        if column.name in refused:
            message += ", and the config does not say how to take them"
            number = column.kind == "number"
            whole = "{type: number, missing: median}" if number else "{type: category, missing: as_category}"
            if share == 1 or column.name not in view.free:
                mend = (set_feature(column.name, "ignore" if share == 1 else whole),)
        parts = tuple(part for place, part in enumerate(view.parts) if column.gaps[view.part == place].any())
        found.append(Finding("missing", severity, message, (column.name,), parts, len(rows), view.places(rows), mend))
    return found


def missing_words(view: View) -> list[Finding]:
    """`missing_word`: levels of a category such as `NA` or `?`, which are read as levels like any other."""
    found = []
    for column in view.columns:
        words = [] if column.kind == "number" else [level for level in column.levels if is_missing(str(level))]
        if words:
            rows = np.flatnonzero(np.isin(column.codes, [list(column.levels).index(word) for word in words]))
            message = f'"{column.name}" has the level {listed(words)} in {counted(len(rows), "row")}: a missing value?'
            mend = (set_feature(column.name, "{type: category, missing: as_category}"),)
            found.append(
                Finding("missing_word", "info", message, (column.name,), (), len(rows), view.places(rows), mend)
            )
    return found


def missing_together(view: View) -> list[Finding]:
    """`missing_together`: columns that miss in the same rows, at least 10 of them: 95 % of those where one does."""
    columns = [column for column in view.columns if column.gaps.sum() >= FEWEST_GAPS]
    if len(columns) < 2:
        return []
    masks = np.stack([column.gaps for column in columns]).astype(np.float32)
    both = masks @ masks.T
    either = both.diagonal()[:, None] + both.diagonal() - both
    near = both >= TOGETHER * either
    left = list(range(len(columns)))
    found = []
    while left:
        group = [place for place in left if near[left[0], place]]
        left = [place for place in left if place not in group]
        if len(group) > 1:
            names = tuple(columns[place].name for place in group)
            count = int(np.logical_and.reduce([columns[place].gaps for place in group]).sum())
            message = f"{listed(names)} miss in the same {counted(count, 'row')}"
            found.append(Finding("missing_together", "info", message, names, (), count))
    return found


def telling_gaps(view: View) -> list[Finding]:
    """`missing_tells_target`: whether a column has a value goes with the training target.

    Classes: Pearson's chi-square of gap by class with a chance below 1e-4 over all columns, and Cramer's V =
    sqrt(X^2 / N) of 0.3 or more. Numbers: the difference of means, gaps against the rest, over the standard deviation,
    of 0.3 or more (Cohen's d, with the deviation of all rows), by the normal approximation of Welch's test. From 0.95
    on V is a warning: perhaps the column is only filled once the target is known.
    """
    columns = [column for column in view.columns if column.gaps[view.train].sum() >= FEWEST_GAPS]
    columns = [column for column in columns if (~column.gaps[view.train]).sum() >= FEWEST_GAPS]
    found = []
    for target in view.targets:
        for column in columns:
            gaps = column.gaps[view.train]
            if view.is_classification:
                strength, chance = _by_class(gaps, target, view)
                message = f'whether "{column.name}" has a value goes with the class (Cramer\'s V {strength:.2f})'
            else:
                strength, chance = _by_number(gaps, target.numbers[view.train])
                message = f'rows without "{column.name}" have other targets (by {strength:.2g} standard deviations)'
            if chance * len(columns) < SURE and strength >= STRONG:
                severity: Severity = "warning" if view.is_classification and strength >= DECISIVE else "info"
                found.append(
                    Finding(
                        "missing_tells_target",
                        severity,
                        message,
                        (column.name, target.name),
                        ("train",),
                        int(gaps.sum()),
                    )
                )
    return found


def _by_class(gaps: Array, target: Column, view: View) -> tuple[float, float]:
    """Cramer's V and the chance of it."""
    table = np.stack([target.counts(np.flatnonzero(view.train)[gaps == side]) for side in (False, True)])
    value, freedom = chi_square(table)
    return math.sqrt(value / len(gaps)), chi_square_tail(value, freedom)


def _by_number(gaps: Array, values: Array) -> tuple[float, float]:
    """|d| and the chance of it."""
    without, present = values[gaps], values[~gaps]
    width = float(values.std())
    error = math.sqrt(without.var(ddof=1) / len(without) + present.var(ddof=1) / len(present))
    if width == 0 or error == 0:
        return 0.0, 1.0
    difference = float(without.mean() - present.mean())
    return abs(difference) / width, normal_tail(difference / error)
