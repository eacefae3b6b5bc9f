"""Classes and labels with too few rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from scratchnn.data.audit.finding import Finding, Severity, counted, listed
from scratchnn.data.audit.view import View
from scratchnn.data.tables import Array

FEW = 5


def rare_classes(view: View) -> list[Finding]:
    """`rare_class`: classes with fewer than 5 training rows; with one it is serious. So are labels that may be true
    together, by the rows that have them.

    `absent_class`: classes of the training rows that validation or test lack, which no figure of these parts judges.
    `unknown_class`: classes that only validation or test have; a training refuses them.
    """
    if view.task == "multi_label":
        return _rare_labels(view)
    if not view.is_classification:
        return []
    target = view.targets[0]
    counts = target.counts(view.train)
    others = target.counts()
    found = []
    for finding in rare([target.text(place) for place in range(len(counts))], counts, target.name):
        rows = np.flatnonzero(view.train & np.isin(target.codes, np.flatnonzero(_rare(counts, finding.severity))))
        found.append(replace(finding, count=len(rows), examples=view.places(rows)))
    unknown = [place for place in range(len(counts)) if counts[place] == 0 and others[place] > 0]
    if unknown:
        hits = np.flatnonzero(np.isin(target.codes, unknown))
        message = f"{_classes([target.text(place) for place in unknown])} in no training row; a training refuses them"
        found.append(Finding("unknown_class", "serious", message, (target.name,), (), len(hits), view.places(hits)))
    for number, part in enumerate(view.parts[1:], 1):
        here = target.counts(view.part == number)
        absent = [target.text(place) for place in range(len(counts)) if counts[place] > 0 and here[place] == 0]
        if absent:
            message = (
                f"{_classes(absent)} in no {part} row: its figures do not judge {'it' if len(absent) == 1 else 'them'}"
            )
            found.append(Finding("absent_class", "warning", message, (target.name,), (part,)))
    return found


def _rare_labels(view: View) -> list[Finding]:
    has = np.stack([target.numbers == 1 for target in view.targets], axis=1)
    counts = has[view.train].sum(axis=0)
    found = []
    for finding in rare([target.name for target in view.targets], counts, "", "label"):
        few = _rare(counts, finding.severity)
        rows = np.flatnonzero(view.train & has[:, few].any(axis=1))
        found.append(replace(finding, count=len(rows), examples=view.places(rows)))
    return found


def rare(names: Sequence[str], counts: Array, target: str, word: Literal["class", "label"] = "class") -> list[Finding]:
    """The findings `rare_class` of classes or labels with these numbers of training rows.

    They are about the column `target`, or where it is empty about columns of these names.
    """
    many = {"class": "classes", "label": "labels"}[word]
    found = []
    severities: tuple[Severity, ...] = ("serious", "warning")
    for severity in severities:
        places = np.flatnonzero(_rare(counts, severity))
        if len(places):
            few = [names[place] for place in places.tolist()]
            low, high = int(counts[places].min()), int(counts[places].max())
            rows = counted(high, "training row") if low == high else f"{low} to {high} training rows"
            message = f"{word if len(few) == 1 else many} {listed(few)} with only {rows}"
            columns = (target,) if target else tuple(few)
            found.append(Finding("rare_class", severity, message, columns, ("train",), int(counts[places].sum())))
    return found


def _rare(counts: Array, severity: Severity) -> Array:
    """Which classes are: with one row it is serious, with fewer than 5 a warning."""
    return np.asarray(counts == 1 if severity == "serious" else (counts > 1) & (counts < FEW))


def _classes(names: list[str]) -> str:
    return f"class {listed(names)} is" if len(names) == 1 else f"classes {listed(names)} are"
