"""Curves over the epochs: loss, metrics, learning rate, gradient norms."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from scratchnn.reporting.drawing import Chart, axes_of, legend, plain_log
from scratchnn.reporting.palette import MUTED, SERIES, STROKES
from scratchnn.reporting.wording import counted, from_to, short

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_LINES = len(SERIES)
_FEW_EPOCHS = 30
_WIDE_RANGE = 30.0

Line = Sequence[float]
"""A number for each epoch, NaN where there is none."""


def over_epochs(
    name: str,
    title: str,
    label: str,
    epochs: Sequence[int],
    lines: Mapping[str, Line],
    best_epoch: int = 0,
    log: bool | None = None,
) -> Chart | None:
    """Lines over the epochs; None where no line has a finite number.

    `log`: whether the axis is logarithmic, where every number is positive; where None, it is if they differ much.
    """
    lines = {key: line for key, line in lines.items() if np.isfinite(line).any()}
    if not lines:
        return None
    values = np.concatenate([np.asarray(line, float) for line in lines.values()])
    finite = values[np.isfinite(values)]
    wide = finite.max() > _WIDE_RANGE * max(finite.min(), math.ulp(0.0))
    logarithmic = bool(finite.min() > 0) and (wide if log is None else log) and finite.max() > finite.min()
    known = best_epoch if best_epoch in epochs else 0

    def draw(figure: Figure) -> None:
        from matplotlib.ticker import MaxNLocator

        axes = axes_of(figure, "epoch", short(label))
        for place, (key, line) in enumerate(lines.items()):
            style = {"color": SERIES[place % MOST_LINES], "linestyle": STROKES[place % MOST_LINES]}
            marker = "o" if len(epochs) <= _FEW_EPOCHS else ""
            axes.plot(epochs, line, label=short(key), marker=marker, markersize=3.5, **style)
        if known:
            axes.axvline(known, color=MUTED, linewidth=1, linestyle=(0, (3, 3)), label=f"best epoch, {known}")
        if len(epochs) <= _FEW_EPOCHS:
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        if len(epochs) == 1:  # else its axis would have shares of an epoch
            axes.set_xlim(epochs[0] - 1, epochs[0] + 1)
        if logarithmic:
            plain_log(axes)
        elif finite.max() == finite.min():  # else a flat line would seem to need many digits
            axes.set_ylim(*sorted((0.0, 1.5 * float(finite[0]) or 1.0)))
        legend(figure)

    said = "; ".join(f"{key}: {from_to(line)}" for key, line in lines.items())
    scale = " Logarithmic axis." if logarithmic else ""
    best = f" The best epoch is {known}." if known else ""
    return Chart(name, title, f"Over {counted(len(epochs), 'epoch')}. {said}.{best}{scale}", draw)


def gradient_norms(epochs: Sequence[int], lines: Mapping[str, Line]) -> Chart | None:
    """The norm of each layer's gradient. Of many layers only some are drawn: the first, the last and some between."""
    names = list(lines)
    if len(names) > MOST_LINES:
        places = np.linspace(0, len(names) - 1, MOST_LINES).round().astype(int).tolist()
        names = [names[place] for place in places]
    made = over_epochs(
        "gradient-norms",
        "Gradient norms by layer",
        "norm of the gradient",
        epochs,
        {name: lines[name] for name in names},
        log=True,
    )
    if made is None:
        return None
    text = f"{made.description} Of the last step of each epoch, before penalties and limits."
    if len(names) < len(lines):
        text += f" Drawn are {len(names)} of {len(lines)} layers."
    return Chart(made.name, made.title, text, made.draw)


def groups_of(lines: Mapping[str, Line]) -> list[dict[str, Line]]:
    """Lines that can share an axis: those of shares within [-1, 1] together, each other one alone."""
    shares: dict[str, Line] = {}
    others: list[dict[str, Line]] = []
    for name, line in lines.items():
        values = np.asarray(line, float)
        values = values[np.isfinite(values)]
        if len(values) and np.abs(values).max() <= 1:
            shares[name] = line
        elif len(values):
            others.append({name: line})
    chunks = [dict(list(shares.items())[at : at + MOST_LINES]) for at in range(0, len(shares), MOST_LINES)]
    return chunks + others
