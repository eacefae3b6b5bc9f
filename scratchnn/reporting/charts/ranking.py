"""ROC, precision-recall and threshold curves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scratchnn.nn.memory import Array
from scratchnn.reporting.curves import Ranks, area, average_precision, by_threshold, precision_recall, rank, roc
from scratchnn.reporting.drawing import Chart, axes_of, legend
from scratchnn.reporting.palette import MUTED, SERIES, STROKES
from scratchnn.reporting.wording import figure, short

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_CURVES = len(SERIES)
_POINTS = 400  # of a curve that are drawn: more than a phone has pixels for


@dataclass(frozen=True)
class ClassRanks:
    """A class with the ranks of all samples by its probability, the others being negative."""

    name: str
    ranks: Ranks


def ranks_of(classes: Sequence[str], truth: Array, probabilities: Array, weights: Array | None) -> list[ClassRanks]:
    """The second of two classes, each of more; without those that no row has, or every row has."""
    chosen = range(1, 2) if len(classes) == 2 else range(len(classes))
    made = [ClassRanks(classes[k], rank(truth == k, probabilities[:, k], weights)) for k in chosen]
    return [one for one in made if one.ranks.positives > 0 and one.ranks.negatives > 0]


def ranks_of_labels(
    labels: Sequence[str], truth: Array, probabilities: Array, weights: Array | None
) -> list[ClassRanks]:
    """Those of labels that may be true together: `truth` and `probabilities` are (N, K)."""
    made = [ClassRanks(name, rank(truth[:, k] > 0, probabilities[:, k], weights)) for k, name in enumerate(labels)]
    return [one for one in made if one.ranks.positives > 0 and one.ranks.negatives > 0]


def roc_chart(ranked: Sequence[ClassRanks], classes: int) -> Chart:
    """True over false positive rates."""

    def curve(one: ClassRanks) -> tuple[Array, Array, float]:
        x, y = roc(one.ranks)
        return x, y, area(x, y)

    return _chart("roc", "ROC curve", ("false positive rate", "true positive rate"), "area", ranked, classes, curve)


def precision_recall_chart(ranked: Sequence[ClassRanks], classes: int) -> Chart:
    """Precision over recall, as steps."""

    def curve(one: ClassRanks) -> tuple[Array, Array, float]:
        recall, precision = precision_recall(one.ranks)
        value = average_precision(recall, precision)
        x = np.repeat(np.concatenate([[0.0], recall]), 2)[1:-1]  # level up to its recall, then down
        return x, np.repeat(precision, 2), value

    title = "Precision-recall curve"
    return _chart("precision-recall", title, ("recall", "precision"), "average precision", ranked, classes, curve)


def _chart(
    name: str,
    title: str,
    labels: tuple[str, str],
    figure_name: str,
    ranked: Sequence[ClassRanks],
    classes: int,
    curve: Callable[[ClassRanks], tuple[Array, Array, float]],
) -> Chart:
    made = [(one.name, *curve(one)) for one in ranked]
    values = np.array([value for *_, value in made])
    shown = sorted(np.argsort(values, kind="stable")[:MOST_CURVES].tolist())

    def draw(figure: Figure) -> None:
        axes = axes_of(figure, *labels)
        axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.04))
        if name == "roc":
            axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=(0, (3, 3)))
        for place, number in enumerate(shown):
            label, x, y, _ = made[number]
            kept = thinned(x, y)
            axes.plot(x[kept], y[kept], label=short(label, 18), color=SERIES[place], linestyle=STROKES[place])
        legend(figure)

    if classes == 2:
        text = f'"{short(ranked[0].name)}" against the other class: {figure_name} {figure(values[0])}.'
    else:
        lowest = ", ".join(f"{short(made[k][0])} {figure(values[k])}" for k in shown)
        text = f"Each class against the rest; mean {figure_name} {figure(values.mean())}: {lowest}."
        if len(shown) < len(made):
            text += f" Drawn are the {len(shown)} lowest of {len(made)} classes."
        if len(made) < classes:
            text += f" {classes - len(made)} of {classes} classes have no row here, or every row."
    text += " Dashed: guessing." if name == "roc" else ""
    return Chart(name, title, text, draw)


def threshold_chart(one: ClassRanks) -> Chart:
    """Precision, recall and F1 of calling a row the second class from a threshold on."""
    thresholds, *curves = by_threshold(one.ranks)
    f1 = curves[2]
    best = int(np.argmax(f1))

    def draw(figure: Figure) -> None:
        axes = axes_of(figure, f"threshold for {short(one.name, 18)}", "share")
        axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.04))
        for place, (label, values) in enumerate(zip(("precision", "recall", "F1"), curves, strict=True)):
            kept = thinned(thresholds, values)
            axes.plot(thresholds[kept], values[kept], label=label, color=SERIES[place], linestyle=STROKES[place])
        legend(figure)

    at_half = int(np.searchsorted(thresholds, 0.5))
    text = f'Rows with a probability of "{short(one.name)}" from the threshold on are called that.'
    if at_half < len(f1):
        text += f" At 0.5 precision is {figure(float(curves[0][at_half]))}, recall {figure(float(curves[1][at_half]))}"
        text += f", F1 {figure(float(f1[at_half]))}."
    text += f" F1 is highest, {figure(float(f1[best]))}, at {figure(float(thresholds[best]))};"
    text += " choose a threshold on validation rows, not on these if they are the test."
    return Chart("threshold", "Thresholds", text, draw)


def thinned(x: Array, y: Array) -> Array:
    """The places of the points to draw: all of few, else those evenly apart along the curve, with both ends."""
    if len(x) <= _POINTS:
        return np.arange(len(x))
    along = np.concatenate([[0.0], np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y)))])
    places = np.searchsorted(along, np.linspace(0, along[-1], _POINTS))
    return np.unique(np.concatenate([[0], np.minimum(places, len(x) - 1), [len(x) - 1]]))
