"""The confusion matrix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scratchnn.nn.memory import Array
from scratchnn.reporting.drawing import WIDTH, Chart
from scratchnn.reporting.palette import HEAT, INK, ON_HEAT
from scratchnn.reporting.wording import compact, counted, short

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_CLASSES = 20
_MOST_WITH_COUNTS = 10
OTHERS = "(others)"


@dataclass(frozen=True)
class Confusion:
    """Counts (C, C): rows are true classes, columns predicted ones, with their names."""

    names: Sequence[str]
    counts: Array

    @property
    def right(self) -> int:
        """How many samples are on the diagonal."""
        return int(np.trace(self.counts))

    @property
    def total(self) -> int:
        """How many samples there are."""
        return int(self.counts.sum())

    def pairs(self, most: int = 10) -> list[tuple[str, str, int]]:
        """The most frequent mistakes: true class, predicted class, how often."""
        counts = self.counts * (1 - np.eye(len(self.names), dtype=np.int64))
        order = np.argsort(-counts, axis=None, kind="stable")[:most]
        places = [divmod(int(place), len(self.names)) for place in order]
        return [(self.names[t], self.names[p], int(counts[t, p])) for t, p in places if counts[t, p]]

    def reduced(self, most: int = MOST_CLASSES) -> Confusion:
        """The classes with the most mistakes, in their order; all others are one."""
        if len(self.names) <= most:
            return self
        mistakes = self.counts.sum(0) + self.counts.sum(1) - 2 * np.diag(self.counts)
        kept = np.sort(np.argsort(-mistakes, kind="stable")[:most])
        group = np.full(len(self.names), most)
        group[kept] = np.arange(most)
        counts = np.zeros((most + 1, most + 1), np.int64)
        np.add.at(counts, (group[:, None], group[None, :]), self.counts)
        return Confusion([*(self.names[k] for k in kept), OTHERS], counts)


def confusion_of(names: Sequence[str], truth: Array, labels: Array) -> Confusion:
    """The counts of ids (N,) that are true and predicted."""
    size = len(names)
    return Confusion(names, np.bincount(truth * size + labels, minlength=size * size).reshape(size, size))


def confusion_chart(whole: Confusion) -> Chart:
    """Cells as dark as the share of their true class that they hold, with counts where there is room for them."""
    matrix = whole.reduced()
    names, counts = list(matrix.names), matrix.counts
    size = len(names)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)

    def draw(figure: Figure) -> None:
        from matplotlib.patches import Rectangle

        axes = figure.subplots()
        axes.grid(visible=False)
        axes.set(xlim=(-0.5, size - 0.5), ylim=(size - 0.5, -0.5), aspect="equal", xlabel="predicted", ylabel="true")
        labels = [short(name, 12 if size <= _MOST_WITH_COUNTS else 9) for name in names]
        letters = 10 if size <= _MOST_WITH_COUNTS else 8.5
        turned = sum(map(len, labels)) > 30
        axes.set_xticks(range(size), labels, rotation=90 if turned else 0, fontsize=letters)
        axes.set_yticks(range(size), labels, fontsize=letters)
        axes.tick_params(length=0)
        for row, column in np.ndindex(size, size):
            share = float(shares[row, column])
            if share:
                cell = Rectangle(
                    (column - 0.5, row - 0.5), 1, 1, facecolor=HEAT, alpha=0.08 + 0.92 * share, linewidth=0
                )
                axes.add_patch(cell)
            if size <= _MOST_WITH_COUNTS and counts[row, column]:
                color = ON_HEAT if share > 0.5 else INK
                text = compact(int(counts[row, column]))
                axes.text(column, row, text, ha="center", va="center", color=color, fontsize=10)
        for spine in axes.spines.values():
            spine.set_visible(True)

    wrong = [f"{short(true)} taken for {short(said)} ({count:,})" for true, said, count in whole.pairs(3)]
    text = f"{whole.right:,} of {counted(whole.total, 'row')} are on the diagonal, which is right."
    text += f" Most frequent mistakes: {'; '.join(wrong)}." if wrong else " There is no mistake."
    if matrix is not whole:
        text += f" Shown are the {MOST_CLASSES} of {len(whole.names)} classes with the most mistakes."
    if size > _MOST_WITH_COUNTS:
        text += " The darker, the larger the share of its true class."
    return Chart("confusion", "Confusion matrix", text, draw, height=min(WIDTH, 3.4 + 0.06 * size))
