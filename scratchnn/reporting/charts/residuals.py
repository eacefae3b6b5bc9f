"""Predictions beside what is true, and what is between them, where both are numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scratchnn.nn.memory import Array
from scratchnn.reporting.drawing import Chart, axes_of
from scratchnn.reporting.histogram import Histogram
from scratchnn.reporting.palette import MUTED, SERIES
from scratchnn.reporting.wording import counted, figure, short

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_POINTS = 1500


@dataclass(frozen=True)
class Pairs:
    """A target's numbers (N,) and what was predicted for them, in the target's own units."""

    name: str
    truth: Array
    predicted: Array
    number: int = 0

    @property
    def residuals(self) -> Array:
        """True less predicted."""
        return self.truth - self.predicted

    @property
    def drawn(self) -> Array:
        """The places of the rows that are drawn: of many an even choice along the order of what is true."""
        order = np.argsort(self.truth, kind="stable")
        if len(order) <= MOST_POINTS:
            return order
        return order[np.linspace(0, len(order) - 1, MOST_POINTS).round().astype(np.int64)]

    def charts(self) -> list[Chart]:
        """All three."""
        return [self._against_truth(), self._residuals(), self._histogram()]

    def _named(self, name: str) -> str:
        return f"{name}-{self.number + 1}" if self.number else name

    def _sampled(self) -> str:
        drawn = len(self.drawn)
        return f" Drawn are {drawn:,} of {len(self.truth):,} rows." if drawn < len(self.truth) else ""

    def _against_truth(self) -> Chart:
        drawn = self.drawn
        both = np.concatenate([self.truth, self.predicted])
        ends = [float(both.min()), float(both.max())]

        def draw(figure: Figure) -> None:
            axes = axes_of(figure, f"true {short(self.name)}", "predicted")
            axes.plot(ends, ends, color=MUTED, linewidth=1, linestyle=(0, (3, 3)))
            _points(axes, self.truth[drawn], self.predicted[drawn])

        spread = self.truth.std() > 0 and self.predicted.std() > 0
        r = f" Their correlation is {figure(float(np.corrcoef(self.truth, self.predicted)[0, 1]))}." if spread else ""
        text = f"{counted(len(self.truth), 'row')}; true numbers from {figure(float(self.truth.min()))} to "
        text += f"{figure(float(self.truth.max()))}, predicted from {figure(float(self.predicted.min()))} to "
        text += f"{figure(float(self.predicted.max()))}.{r} On the dashed line they are equal.{self._sampled()}"
        return Chart(self._named("predicted"), f"{short(self.name)}: predicted and true", text, draw)

    def _residuals(self) -> Chart:
        drawn = self.drawn

        def draw(figure: Figure) -> None:
            axes = axes_of(figure, f"predicted {short(self.name)}", "residual")
            axes.axhline(0, color=MUTED, linewidth=1, linestyle=(0, (3, 3)))
            _points(axes, self.predicted[drawn], self.residuals[drawn])

        spread = self.predicted.std() > 0 and self.residuals.std() > 0
        r = float(np.corrcoef(self.predicted, np.abs(self.residuals))[0, 1]) if spread else float("nan")
        text = "True less predicted, over what was predicted; a pattern is something left to learn."
        if np.isfinite(r):
            text += f" The correlation of its size with the prediction is {figure(r)}."
        return Chart(self._named("residuals"), f"{short(self.name)}: residuals", text + self._sampled(), draw)

    def _histogram(self) -> Chart:
        residuals = self.residuals
        bars = Histogram.of(residuals)

        def draw(figure: Figure) -> None:
            axes = axes_of(figure, "residual", "rows")
            axes.stairs(bars.counts, bars.edges, fill=True, color=SERIES[0])
            axes.axvline(0, color=MUTED, linewidth=1, linestyle=(0, (3, 3)))

        low, middle, high = np.quantile(residuals, [0.05, 0.5, 0.95])
        text = f"Mean {figure(float(residuals.mean()))}, deviation {figure(float(residuals.std()))}, median "
        text += f"{figure(float(middle))}; 90 % lie between {figure(float(low))} and {figure(float(high))}."
        return Chart(self._named("residual-histogram"), f"{short(self.name)}: residuals by size", text, draw)


def _points(axes: Axes, x: Array, y: Array) -> None:
    size, alpha = (4.5, 0.65) if len(x) <= 300 else (3.0, 0.45)
    axes.plot(x, y, linestyle="none", marker="o", markersize=size, markeredgewidth=0, color=SERIES[0], alpha=alpha)
