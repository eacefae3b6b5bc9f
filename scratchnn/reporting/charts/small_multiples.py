"""Many small histograms in one picture: weights and activations by layer, or the sizes of errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from scratchnn.reporting.drawing import Chart, axes_of
from scratchnn.reporting.histogram import Histogram
from scratchnn.reporting.palette import SERIES
from scratchnn.reporting.wording import figure, short

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_PANELS = 12


def histograms(name: str, title: str, what: str, panels: Mapping[str, Histogram], *, zeros: bool = False) -> Chart:
    """A small histogram for each entry, two side by side. Of more than 12 some evenly apart are drawn.

    `zeros`: whether the description tells the share of exact zeros.
    """
    names = list(panels)
    if len(names) > MOST_PANELS:
        places = np.linspace(0, len(names) - 1, MOST_PANELS).round().astype(int).tolist()
        names = [names[place] for place in places]
    rows = (len(names) + 1) // 2

    def draw(figure: Figure) -> None:
        grid = figure.subplots(rows, 2 if len(names) > 1 else 1, squeeze=False).reshape(-1)
        for axes, key in zip(grid, names, strict=False):
            one = panels[key]
            axes.stairs(one.counts, one.edges, fill=True, color=SERIES[0])
            axes.set_title(short(key, 20), loc="left", pad=4)
            axes.locator_params(axis="x", nbins=4)
            axes.set_yticks([])
            axes.spines["left"].set_visible(False)
        for axes in grid[len(names) :]:
            axes.set_axis_off()

    said = []
    for key in names:
        one = panels[key]
        dead = f", {figure(100 * one.zeros)} % zeros" if zeros and one.zeros else ""
        lost = f", {one.lost} not finite" if one.lost else ""
        said.append(f"{short(key)}: mean {figure(one.mean)}, deviation {figure(one.deviation)}{dead}{lost}")
    text = f"{what} {'; '.join(said)}."
    if len(names) < len(panels):
        text += f" Drawn are {len(names)} of {len(panels)}."
    return Chart(name, title, text, draw, height=0.35 + 1.25 * rows)


def histogram(name: str, title: str, x: str, y: str, what: str, one: Histogram) -> Chart:
    """A single one, with its axes named."""

    def draw(figure: Figure) -> None:
        axes = axes_of(figure, x, y)
        axes.stairs(one.counts, one.edges, fill=True, color=SERIES[0])

    text = f"{what} Mean {figure(one.mean)}, deviation {figure(one.deviation)}."
    return Chart(name, title, text, draw)
