"""Draws how a search went, with matplotlib."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from scratchnn.training.storage import replacing
from scratchnn.workflows.tuning.study import TrialRow

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLORS = {"completed": "tab:blue", "pruned": "tab:gray", "failed": "tab:red"}


def write_plots(
    folder: Path, trials: Sequence[TrialRow], metric: str, importance: Mapping[str, float], *, maximize: bool
) -> list[Path]:
    """Writes history.png, and importance.png where there is one; the paths."""
    made = [_write(_history(trials, metric, maximize=maximize), folder / "history.png")]
    if importance:
        made.append(_write(_bars(importance), folder / "importance.png"))
    return made


def best_so_far(trials: Sequence[TrialRow], *, maximize: bool) -> list[tuple[int, float]]:
    """The number and the value of each completed trial that was better than all before it."""
    steps: list[tuple[int, float]] = []
    for row in trials:
        if row.state == "completed" and row.value is not None:
            better = not steps or (row.value > steps[-1][1] if maximize else row.value < steps[-1][1])
            steps += [(row.number, row.value)] if better else []
    return steps


def _history(trials: Sequence[TrialRow], metric: str, *, maximize: bool) -> Figure:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.add_subplot(xlabel="trial", ylabel=metric)
    for state, color in COLORS.items():
        rows = [row for row in trials if row.state == state and row.value is not None]
        if rows:
            values = [row.value for row in rows if row.value is not None]
            axes.scatter([row.number for row in rows], values, s=18, color=color, label=state)
    steps = best_so_far(trials, maximize=maximize)
    if steps:
        last = max(row.number for row in trials)
        numbers, values = [number for number, _ in steps] + [last], [value for _, value in steps] + [steps[-1][1]]
        axes.step(numbers, values, where="post", color="tab:orange", label="best so far")
    if axes.get_legend_handles_labels()[1]:
        axes.legend()
    return figure


def _bars(importance: Mapping[str, float]) -> Figure:
    from matplotlib.figure import Figure

    names = list(importance)[::-1]
    figure = Figure(figsize=(8, 1 + 0.35 * len(names)), layout="constrained")
    axes = figure.add_subplot(xlabel="importance (PED-ANOVA)")
    axes.barh(names, [importance[name] for name in names])
    return figure


def _write(figure: Figure, path: Path) -> Path:
    with replacing(path, sync=False) as file:
        figure.savefig(file, format="png", dpi=120)
    return path
