"""How well classes are told apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scratchnn.nn.memory import Array
from scratchnn.reporting.charts.confusion import Confusion, confusion_chart, confusion_of
from scratchnn.reporting.charts.ranking import (
    precision_recall_chart,
    ranks_of,
    ranks_of_labels,
    roc_chart,
    threshold_chart,
)
from scratchnn.reporting.charts.reliability import calibration_chart
from scratchnn.reporting.drawing import Chart
from scratchnn.reporting.page import Section, Table
from scratchnn.reporting.wording import counted, figure, listed, short

MOST_CLASSES = 50


@dataclass(frozen=True)
class Classified:
    """True ids (N,) into `classes`, the probabilities (N, C) that were said, and weights (N,) of the rows or None."""

    classes: Sequence[str]
    truth: Array
    probabilities: Array
    weights: Array | None = None

    @property
    def labels(self) -> Array:
        """The ids (N,) of the most probable classes; of equal ones the first."""
        return np.asarray(self.probabilities.argmax(axis=1))


def classes_section(part: str, data: Classified) -> Section:
    """Confusion, ROC, precision-recall and calibration of N rows, N at least 1; for two classes thresholds too."""
    section = Section("predictions", f"Predictions for the {part} rows")
    section.says.append(f"{counted(len(data.truth), 'row')} of {counted(len(data.classes), 'class', 'classes')}.")
    if not np.isfinite(data.probabilities).all():
        section.says.append("Some predictions are not finite numbers, so no curve can be drawn.")
        return section
    if data.weights is not None:
        section.says.append("Rows are counted one by one, whatever their weights; ROC and precision-recall weigh them.")
    whole = confusion_of(data.classes, data.truth, data.labels)
    section.charts.append(confusion_chart(whole))
    ranked = ranks_of(data.classes, data.truth, data.probabilities, data.weights)
    if ranked:
        section.charts += [roc_chart(ranked, len(data.classes)), precision_recall_chart(ranked, len(data.classes))]
    else:
        section.says.append("There is only one class in these rows: ROC and precision-recall need rows of two.")
    section.charts.append(_calibration(data))
    if len(data.classes) == 2 and ranked:
        section.charts.append(threshold_chart(ranked[0]))
    absent = [name for name, count in zip(data.classes, whole.counts.sum(axis=1), strict=True) if not count]
    if absent:
        section.says.append(f"No row is of {counted(len(absent), 'class', 'classes')}: {listed(absent)}.")
    section.tables += [_by_class(whole), _counts(whole)]
    if pairs := whole.pairs():
        rows = [[short(true, 60), short(said, 60), f"{count:,}"] for true, said, count in pairs]
        section.tables.append(Table("The most frequent mistakes", ["true", "predicted", "rows"], rows, left=2))
    return section


def labels_section(part: str, data: Classified) -> Section:
    """The same for labels that may be true together: `truth` and `probabilities` are (N, K). No confusion matrix."""
    section = Section("predictions", f"Predictions for the {part} rows")
    count = len(data.classes)
    section.says.append(
        f"{counted(len(data.truth), 'row')} with {counted(count, 'label')} that may be true together, so there is no "
        "confusion matrix of one against the other."
    )
    if not np.isfinite(data.probabilities).all():
        section.says.append("Some predictions are not finite numbers, so no curve can be drawn.")
        return section
    ranked = ranks_of_labels(data.classes, data.truth, data.probabilities, data.weights)
    if ranked:
        section.charts += [roc_chart(ranked, max(count, 3)), precision_recall_chart(ranked, max(count, 3))]
    true, said = data.truth > 0, data.probabilities > 0.5
    section.charts.append(calibration_chart(true.reshape(-1), data.probabilities.reshape(-1), "of all labels", "label"))
    rows = [
        [name, *_ratios(int((true & said)[:, k].sum()), int(true[:, k].sum()), int(said[:, k].sum()))]
        for k, name in enumerate(short(name, 60) for name in data.classes[:MOST_CLASSES])
    ]
    caption = "By label" if count <= MOST_CLASSES else f"By label (the first {MOST_CLASSES} of {count})"
    section.tables.append(Table(caption, ["label", *_MEASURES], rows, folded=len(rows) > 20))
    return section


_MEASURES = ("rows", "predicted", "precision", "recall", "F1")


def _ratios(hits: int, true: int, said: int) -> list[str]:
    """The cells under `_MEASURES`; where nothing was called it, or no row has it, there is none."""
    ratios = ((hits, said), (hits, true), (2 * hits, said + true))
    return [f"{true:,}", f"{said:,}", *(figure(top / bottom) if bottom else "–" for top, bottom in ratios)]


def _calibration(data: Classified) -> Chart:
    if len(data.classes) == 2:
        name = short(data.classes[1])
        return calibration_chart(data.truth == 1, data.probabilities[:, 1], f'of "{name}"')
    labels = data.labels
    sure = data.probabilities[np.arange(len(labels)), labels]
    return calibration_chart(labels == data.truth, sure, "of the called class")


def _by_class(whole: Confusion) -> Table:
    """Precision, recall and F1; where a class was never called or has no row, there is none."""
    hits, true, said = np.diag(whole.counts), whole.counts.sum(axis=1), whole.counts.sum(axis=0)
    order = range(len(whole.names))
    caption = "By class"
    if len(whole.names) > MOST_CLASSES:
        recall = np.divide(hits, true, out=np.ones(len(true)), where=true > 0)
        order = np.argsort(recall, kind="stable")[:MOST_CLASSES].tolist()
        caption = f"By class: the {MOST_CLASSES} of {len(whole.names)} with the lowest recall"
    rows = [[short(whole.names[k], 60), *_ratios(int(hits[k]), int(true[k]), int(said[k]))] for k in order]
    return Table(caption, ["class", *_MEASURES], rows, folded=len(rows) > 20)


def _counts(whole: Confusion) -> Table:
    matrix = whole.reduced()
    names = [short(name) for name in matrix.names]
    rows = [[name, *(f"{count:,}" for count in counts)] for name, counts in zip(names, matrix.counts, strict=True)]
    return Table("The confusion matrix in numbers (rows: true, columns: predicted)", ["", *names], rows, folded=True)
