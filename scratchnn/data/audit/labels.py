"""Targets that look wrong: classes that disagree with their neighbours, numbers far from all others."""

from __future__ import annotations

from collections.abc import Container

import numpy as np

from scratchnn.data.audit.columns import FEWEST_ROWS
from scratchnn.data.audit.finding import Finding, counted, percent
from scratchnn.data.audit.statistics import robust_z
from scratchnn.data.audit.view import View
from scratchnn.data.tables import Array

NEIGHBOURS = 10
AGREEING = 9  # of them, on one other class
FEWEST_SKILL = 0.8  # of what chance leaves, the share that neighbours get right: else they tell nothing of labels
MOST_ASKED, MOST_KNOWN = 2_500, 10_000  # rows whose neighbours are sought, and rows among which
WIDEST = 50  # levels of a category, as inputs of its own
GROSS = 10.0  # robust z
MOST_GROSS = 0.01


def odd_labels(view: View, rng: np.random.Generator, ignored: Container[str] = ()) -> list[Finding]:
    """`odd_label`: rows of which 9 of their 10 nearest neighbours or more have one and the same other class.

    Distances are Euclidean: numbers standardized over all rows and cut at 5, a gap at the mean, a level as one input
    of sqrt(1/2), so that two levels are 1 apart; arrays as they come. `ignored` columns take no part. Above 5,000 rows
    2,500 drawn ones are looked at, among 10,000 drawn ones. A class needs 20 rows. Silent where neighbours tell
    little: where the votes' skill (right - chance) / (1 - chance) is below 0.8, chance the share of the largest class.
    Only a hint, for people to look at.
    """
    if not view.is_classification or len(view) < FEWEST_ROWS:
        return []
    asked, known = np.arange(len(view)), np.arange(len(view))
    if len(view) ** 2 > MOST_ASKED * MOST_KNOWN:
        known = np.sort(rng.choice(known, min(len(view), MOST_KNOWN), replace=False))
        asked = np.sort(rng.choice(known, MOST_ASKED, replace=False))
    points = _points(view, known, ignored)
    if points.shape[1] == 0:
        return []
    labels, counts = view.targets[0].codes, view.targets[0].counts()
    suspects: list[int] = []
    right = 0
    squares = (points**2).sum(axis=1)
    at = np.searchsorted(known, asked)
    near_labels = labels[known]
    for start in range(0, len(asked), 256):
        block = at[start : start + 256]
        # |p - q|^2 - |p|^2, which has the same order over q
        distances = squares - 2 * points[block] @ points.T
        distances[np.arange(len(block)), block] = np.inf  # itself
        nearest = np.argpartition(distances, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
        votes = np.zeros((len(block), len(counts)), np.int64)
        np.add.at(votes, (np.arange(len(block))[:, None], near_labels[nearest]), 1)
        chosen, own = votes.argmax(axis=1), near_labels[block]
        right += int((chosen == own).sum())
        suspects += block[(votes.max(axis=1) >= AGREEING) & (chosen != own)].tolist()
    rows = known[np.array(suspects, np.int64)]
    rows = rows[counts[labels[rows]] >= 2 * NEIGHBOURS]
    chance = counts.max() / len(view)
    if not len(rows) or right / len(asked) - chance < FEWEST_SKILL * (1 - chance):
        return []
    looked = f" of {len(asked):,} looked at" if len(asked) < len(view) else ""
    message = (
        f"{counted(len(rows), 'row')}{looked} with another class than {AGREEING} or more of the {NEIGHBOURS} most "
        "similar rows: wrong labels, or hard cases"
    )
    places = view.places(rows)
    return [Finding("odd_label", "info", message, (view.targets[0].name,), (), len(rows), places)]


def _points(view: View, rows: Array, ignored: Container[str]) -> Array:
    """The features of these rows as points (n, F)."""
    if not view.columns and view.samples is not None:
        flat = view.samples[rows].reshape(len(rows), -1).astype(np.float32)
        flat -= flat.mean(axis=0)  # nearer to 0, squares keep more digits
        return flat
    made = []
    for column in view.columns:
        if column.name in ignored:
            continue
        if column.kind == "number":
            values = column.numbers
            known = values[~column.gaps]
            with np.errstate(over="ignore", invalid="ignore"):
                width = float(known.std()) if len(known) else 0.0
            if 0 < width < np.inf:
                scaled = np.clip((values[rows] - known.mean()) / width, -5, 5)
                made.append(np.where(np.isnan(scaled), 0, scaled)[:, None])
        elif 1 < len(column.levels) <= WIDEST:
            made.append((column.codes[rows][:, None] == np.arange(len(column.levels))) * np.sqrt(0.5))
    return np.concatenate(made, axis=1) if made else np.zeros((len(rows), 0))


def gross_targets(view: View) -> list[Finding]:
    """`gross_target`: numbers to learn with a robust z of 10 or more, at most 1 % of the rows."""
    if view.task != "regression":
        return []
    found = []
    for target in view.targets:
        z = robust_z(target.numbers)
        rows = np.flatnonzero(np.abs(z) >= GROSS)
        if len(rows) and len(rows) <= max(1, MOST_GROSS * len(view)):
            values = target.numbers[rows]
            shown = ", ".join(f"{value:.6g}" for value in values[np.argsort(-np.abs(z[rows]), kind="stable")][:3])
            message = (
                f'{counted(len(rows), "row")} ({percent(len(rows) / len(view))}) with a "{target.name}" far from all '
                f"others, such as {shown}; the median is {np.median(target.numbers):.6g}"
            )
            found.append(Finding("gross_target", "warning", message, (target.name,), (), len(rows), view.places(rows)))
    return found
