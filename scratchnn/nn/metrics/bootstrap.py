"""How sure a figure is, by drawing the samples again."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scratchnn.nn.memory import Array
from scratchnn.nn.metrics.metric import Metric
from scratchnn.nn.metrics.scored import Scored

Intervals = dict[str, tuple[float, float]]


@dataclass(frozen=True)
class Bootstrap:
    """The percentile bootstrap: n of n samples are drawn with replacement, `resamples` times.

    The interval of a figure lies between the quantiles (1 - confidence) / 2 and (1 + confidence) / 2 of what it is on
    these draws (NumPy's, linear between two). A draw is a count for each sample, which multiplies its weight: arrays
    are not copied, and what does not depend on weights (labels, orders, levels) is computed once. What is drawn is a
    sample: of texts a sequence with all its steps. It tells how much the figure would vary with other rows of the same
    kind, not with another training; and nothing where every draw gives the same, as where all rows are right, which a
    note says. Source: Efron 1979; Efron and Tibshirani 1993, section 13.3.
    """

    confidence: float = 0.95
    resamples: int = 1000

    def intervals(self, metrics: Sequence[Metric], scored: Scored, rng: np.random.Generator) -> Intervals:
        """The bounds of each metric that is a single number, by its name, on the same draws for all.

        Draws on which it has no value are left out, and a note says how many; NaN where none is left. Adds to
        `scored.notes`.
        """
        single = [metric for metric in metrics if metric.scalar]
        found = self.drawn(single, scored, rng)
        made: Intervals = {}
        lost: dict[int, list[str]] = {}
        for metric, figures in zip(single, found, strict=True):
            known = np.sort(figures[~np.isnan(figures)])
            lost.setdefault(len(figures) - len(known), []).append(metric.name)
            made[metric.name] = self.bounds(known)
        for count, names in lost.items():
            if count:
                what = f"{_first(names)} {'has' if len(names) == 1 else 'have'} no value"
                scored.note(f"{what} on {count} of {self.resamples} draws, left out of the interval")
        equal = [name for name, (lower, upper) in made.items() if lower == upper]
        if equal:
            scored.note(
                f"every draw has the same {_first(equal)}: other rows may have another, only more rows can tell"
            )
        return made

    def drawn(self, single: Sequence[Metric], scored: Scored, rng: np.random.Generator) -> Array:
        """What metrics that are single numbers are on each draw `(metrics, resamples)`; NaN where they have no value.

        Generators in one state draw the same samples, so that what two models get on these can be compared.
        """
        for metric in single:  # what the draws share is made here
            metric.compute(scored)
        found = np.full((len(single), self.resamples), math.nan)
        for draw in range(self.resamples):
            again = scored.resampled(draw_counts(scored.samples, rng))
            if again is None:  # only rows of weight 0
                continue
            found[:, draw] = [metric.compute(again) for metric in single]
        return found

    def bounds(self, figures: Array) -> tuple[float, float]:
        """The two quantiles of ascending figures, which may be infinite."""
        if not len(figures):
            return math.nan, math.nan
        with np.errstate(invalid="ignore"):
            lower, upper = np.quantile(figures, [(1 - self.confidence) / 2, (1 + self.confidence) / 2])
        return float(lower), float(upper)


def _first(names: Sequence[str], most: int = 3) -> str:
    """The first few of many names."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def draw_counts(samples: int, rng: np.random.Generator) -> Array:
    """How often each of n samples `(n,)` is among n that are drawn with replacement, in float64."""
    return np.bincount(rng.integers(samples, size=samples), minlength=samples).astype(np.float64)
