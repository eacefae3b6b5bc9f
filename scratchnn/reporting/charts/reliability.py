"""The calibration curve."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scratchnn.nn.memory import Array
from scratchnn.reporting.curves import calibration
from scratchnn.reporting.drawing import Chart
from scratchnn.reporting.palette import GRID, MUTED, SERIES
from scratchnn.reporting.wording import counted, figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BINS = 10


def calibration_chart(is_positive: Array, probabilities: Array, what: str, one: str = "row") -> Chart:
    """How often what has a probability is true, in bins of it, over how many rows each bin has.

    `what` says whose probability it is: `of "yes"`, or `of the called class`; `one` what has it.
    """
    made = calibration(is_positive, probabilities, BINS)

    def draw(figure: Figure) -> None:
        axes, counts = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
        axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=(0, (3, 3)))
        axes.plot(made.probability, made.share, color=SERIES[0], marker="o", markersize=5)
        axes.set(xlim=(-0.02, 1.02), ylim=(-0.04, 1.06), ylabel="share that is true")
        axes.tick_params(labelbottom=False)
        counts.bar(made.probability, made.rows, width=0.04, color=SERIES[0])
        counts.set(xlabel=f"probability {what}", ylabel=f"{one}s")
        counts.locator_params(axis="y", nbins=2, integer=True)
        counts.grid(axis="x", color=GRID)

    pairs = zip(made.probability.tolist(), made.share.tolist(), made.rows.tolist(), strict=True)
    worst = max(pairs, key=lambda pair: pair[2] * abs(pair[0] - pair[1]))
    text = f"Probabilities {what} in {BINS} bins of equal width; on the dashed line they are as often true as they say."
    text += f" Mean distance, weighted by rows: {figure(made.error)}. The bin that adds most: {counted(worst[2], one)}"
    text += f" of mean probability {figure(worst[0])}, of which {figure(100 * worst[1])} % are true."
    return Chart("calibration", "Calibration", text, draw, height=3.6)
