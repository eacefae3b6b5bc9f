"""Features that give the target away."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from scratchnn.data.audit.columns import FEWEST_REPEATS, FEWEST_ROWS, renamed
from scratchnn.data.audit.finding import Finding, percent, set_feature
from scratchnn.data.audit.statistics import average_ranks, pearson
from scratchnn.data.audit.view import Column, View
from scratchnn.data.tables import Array

COPY = 1 - 1e-9  # |r|
CORRELATED = 0.999  # |r| of Pearson or Spearman
SKILL = 0.98  # of what chance leaves, the share that one column gets right
EXPLAINED = 0.999  # R^2 of numbers by one column of numbers
EXPLAINED_BY_LEVELS = 0.99  # the same by a category
FEWEST_OTHERS = 10  # held-out rows that are not of the largest class


class Share(NamedTuple):
    """A figure on rows that were held out, and how to say it."""

    value: float
    text: str


def leaks(view: View, rng: np.random.Generator) -> list[Finding]:
    """`target_copy` (serious): a feature that is the target. `target_leak` (warning): one that nearly tells it.

    A copy is the target level by level, or a number with |r| = 1 to 1e-9. It leaks where |r| of Pearson or Spearman is
    above 0.999, or where it alone predicts rows that were held out: classes with a skill (right - chance) / (1 -
    chance) of 0.98 or more, chance the share of the largest class; numbers with R^2 of 0.999 or more, 0.99 by levels.
    The prediction is that of the nearest value, or the level, of the training rows: their most frequent class, or the
    mean of their targets with straight lines between values. Held out are validation and test, or where there are
    none a random half. A single feature is never a leak, for then to predict by it is the task.
    """
    if len(view.columns) < 2 or len(view) < FEWEST_ROWS:
        return []
    known, asked = view.train, ~view.train
    if asked.sum() < FEWEST_ROWS:
        known = rng.permutation(len(view)) % 2 == 0
        asked = ~known
    found = []
    for target in view.targets:
        for column in view.columns:
            there = ~column.gaps
            if there.sum() * 2 < len(view) or (column.counts() > 0).sum() < 2:
                continue
            if how := _copied(column, target, view.is_classification):
                found.append(copied(column.name, target.name, how))
                continue
            if view.is_classification:
                share = _skill(column, target, known & there, asked & there)
                if share is None or share.value < SKILL:
                    continue
            else:
                share = _explained(column, target, known & there, asked & there)
                if share is None:
                    continue
            message = f'"{column.name}" alone nearly tells the target: {share.text}; is it known before the target is?'
            names, mend = (column.name, target.name), (set_feature(column.name, "ignore"),)
            found.append(Finding("target_leak", "warning", message, names, mend=mend))
    return found


def copied(name: str, target: str, how: str) -> Finding:
    """The finding that a column is the target."""
    message = f'"{name}" is the target "{target}" under another name: {how}'
    return Finding("target_copy", "serious", message, (name, target), mend=(set_feature(name, "ignore"),))


def _copied(column: Column, target: Column, by_class: bool) -> str:
    """How a column is the target, empty where it is not."""
    if by_class:
        there = ~column.gaps
        few = (column.counts() > 0).sum() * FEWEST_REPEATS <= there.sum()
        same = few and np.array_equal(renamed(column.codes[there]), renamed(target.codes[there]))
        return "each class has one level of its own" if same and len(np.unique(target.codes[there])) > 1 else ""
    if column.kind != "number":
        return ""
    there = ~column.gaps
    r = pearson(column.numbers[there], target.numbers[there])
    return "r = 1" if r > COPY else "r = -1" if r < -COPY else ""


def _skill(column: Column, target: Column, known: Array, asked: Array) -> Share | None:
    """How well a column alone tells the class of rows that were held out."""
    truth = target.codes[asked]
    counts = np.bincount(target.codes[known], minlength=len(target.levels))
    if not counts.any() or len(truth) < FEWEST_ROWS:
        return None
    largest = int(counts.argmax())
    chance = float((truth == largest).mean())
    if (truth != largest).sum() < FEWEST_OTHERS:
        return None
    pairs, frequency = np.unique(column.codes[known] * len(target.levels) + target.codes[known], return_counts=True)
    codes, classes = np.divmod(pairs, len(target.levels))
    order = np.lexsort((frequency, codes))
    last = np.append(codes[order][1:] != codes[order][:-1], True)  # the most frequent class of each code
    codes, classes = codes[order][last], classes[order][last]
    places, found = _nearest(column, codes, asked)
    guess = np.where(found, classes[places], largest)
    right = float((guess == truth).mean())
    return Share(
        (right - chance) / (1 - chance), f"it gets {percent(right)} of held-out rows right, chance {percent(chance)}"
    )


def _nearest(column: Column, codes: Array, asked: Array) -> tuple[Array, Array]:
    """For each row asked about, the place of its own or the nearest of `codes` (ascending), and whether that counts."""
    own = column.codes[asked]
    after = np.searchsorted(codes, own).clip(0, len(codes) - 1)
    if column.kind == "category":
        return after, codes[after] == own
    levels = np.asarray(column.levels, np.float64)
    before = (after - 1).clip(0)
    nearer = np.abs(levels[codes[before]] - levels[own]) < np.abs(levels[codes[after]] - levels[own])
    return np.where(nearer, before, after), np.ones(len(own), bool)


def _explained(column: Column, target: Column, known: Array, asked: Array) -> Share | None:
    """What a column tells of numbers, where that is nearly all."""
    there = known | asked
    if column.kind == "number":
        r = pearson(column.numbers[there], target.numbers[there])
        if abs(r) > CORRELATED:
            return Share(r, f"r = {r:.5f}")
        ranks = [average_ranks(np.unique(one.codes[there], return_inverse=True)[1]) for one in (column, target)]
        rho = pearson(*ranks)
        if abs(rho) > CORRELATED:
            return Share(rho, f"rank correlation {rho:.5f}")
    truth = target.numbers[asked]
    if not known.any() or len(truth) < FEWEST_ROWS or truth.std() == 0:
        return None
    codes, inverse = np.unique(column.codes[known], return_inverse=True)
    means = np.bincount(inverse, target.numbers[known]) / np.bincount(inverse)
    if column.kind == "number":
        levels = np.asarray(column.levels, np.float64)
        guess = np.interp(column.numbers[asked], levels[codes], means)
    else:
        places, found = _nearest(column, codes, asked)
        guess = np.where(found, means[places], target.numbers[known].mean())
    r2 = 1 - float(((truth - guess) ** 2).sum() / ((truth - truth.mean()) ** 2).sum())
    enough = EXPLAINED if column.kind == "number" else EXPLAINED_BY_LEVELS
    return Share(r2, f"R^2 {r2:.4f} on held-out rows") if r2 >= enough else None
