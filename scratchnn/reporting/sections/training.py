"""How the training went, epoch by epoch."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from scratchnn.reporting.charts.history import Line, gradient_norms, groups_of, over_epochs
from scratchnn.reporting.page import Section, Table
from scratchnn.reporting.wording import counted, figure, listed

MOST_METRIC_CHARTS = 6
MOST_ROWS = 50

Row = Mapping[str, Any]


def training_section(rows: Sequence[Row], best_epoch: int, layers: Mapping[str, str]) -> Section:
    """The curves of the rows of metrics.jsonl, and the rows themselves.

    `layers` names the layers of gradient norms for people. What is no number in a row is a gap in its curve.
    """
    section = Section("training", "Training")
    if not rows:
        section.says.append("No epoch was recorded, so there are no curves.")
        return section
    epochs = [int(row["epoch"]) for row in rows]
    losses = {f"{part} loss": _line(rows, part, "loss") for part in PARTS}
    charts = [over_epochs("loss", "Loss", "loss", epochs, _known(losses), best_epoch)]
    metrics = {name: _line(rows, "validation", name) for name in _metrics(rows)}
    groups = groups_of(metrics)
    for number, group in enumerate(groups[:MOST_METRIC_CHARTS]):
        name = "metrics" if number == 0 else f"metrics-{number + 1}"
        label = next(iter(group)) if len(group) == 1 else "metric"
        charts.append(over_epochs(name, f"Validation: {listed(list(group))}", label, epochs, group, best_epoch))
    rates = {"learning rate": [_number(row.get("learning_rate")) for row in rows]}
    charts.append(over_epochs("learning-rate", "Learning rate", "learning rate", epochs, rates))
    norms = _norms(rows, layers)
    charts.append(gradient_norms(epochs, norms))
    section.charts += [chart for chart in charts if chart is not None]
    if len(groups) > MOST_METRIC_CHARTS:
        section.says.append(f"Drawn are {MOST_METRIC_CHARTS} of {counted(len(groups), 'group')} of metrics.")
    if not norms:
        section.says.append("This run recorded no gradient norms.")
    if not metrics and "validation" not in rows[0]:
        section.says.append("There were no validation rows, so no metric was followed.")
    section.tables.append(_table(epochs, _known(losses) | metrics | rates))
    return section


PARTS = ("train", "validation")


def _of(row: Row, part: str) -> Mapping[str, Any]:
    inner = row.get(part)
    return inner if isinstance(inner, Mapping) else {}


def _line(rows: Sequence[Row], part: str, name: str) -> Line:
    """A figure of every row, NaN where it is no number."""
    return [_number(_of(row, part).get(name)) for row in rows]


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan


def _metrics(rows: Sequence[Row]) -> list[str]:
    """The names of the metrics that are single numbers in some row."""
    names = dict.fromkeys(name for row in rows for name, value in _of(row, "validation").items() if _is_single(value))
    return [name for name in names if name != "loss"]


def _is_single(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _norms(rows: Sequence[Row], layers: Mapping[str, str]) -> dict[str, Line]:
    names = dict.fromkeys(name for row in rows for name in _of(row, "gradient_norms"))
    return {layers.get(name, name): _line(rows, "gradient_norms", name) for name in names}


def _known(lines: Mapping[str, Line]) -> dict[str, Line]:
    """Those with a number somewhere."""
    return {name: line for name, line in lines.items() if np.isfinite(line).any()}


def _table(epochs: Sequence[int], lines: Mapping[str, Line]) -> Table:
    """Every epoch, or of many some evenly apart."""
    places = range(len(epochs))
    caption = "The figures of each epoch"
    if len(epochs) > MOST_ROWS:
        places = np.unique(np.linspace(0, len(epochs) - 1, MOST_ROWS).round().astype(int)).tolist()
        caption = f"The figures of {MOST_ROWS} of {len(epochs):,} epochs, evenly apart"
    rows = [[str(epochs[place]), *(figure(line[place]) for line in lines.values())] for place in places]
    return Table(caption, ["epoch", *lines], rows, left=0, folded=True)
