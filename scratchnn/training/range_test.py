"""The learning-rate range test: what the loss does while the learning rate grows from step to step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scratchnn.nn.memory import Array

SMOOTHING = 0.9  # share of the running mean that stays at each step
DIVERGED = 4.0  # times the lowest smoothed loss: there the test ends
FIRST = 5  # steps whose smoothed loss is too young to be judged
CAREFUL = 10.0  # how far below the lowest loss the second suggestion lies
WINDOW = 5  # steps on either side that a slope is fitted to


@dataclass(frozen=True)
class RangeTest:
    """The rates and the loss (N,) at each step, until the end or until it diverged. Source: Smith 2017.

    `smoothed` is the running mean m = 0.9 m + 0.1 loss, divided by 1 - 0.9^i at step i, so that it starts at the loss.
    """

    rates: Array
    losses: Array
    diverged: bool = False

    @property
    def smoothed(self) -> Array:
        """The running mean (N,)."""
        return smooth(self.losses)

    @property
    def lowest(self) -> float | None:
        """The rate at which the smoothed loss is lowest; None where there are too few steps to tell."""
        if len(self.rates) <= FIRST:
            return None
        return float(self.rates[FIRST + int(np.argmin(self.smoothed[FIRST:]))])

    @property
    def steepest(self) -> float | None:
        """The rate at which the smoothed loss falls fastest over log(rate), up to where it is lowest.

        The slope at a step is that of the least-squares line through it and five steps on either side. None where the
        loss never falls.
        """
        if self.lowest is None:
            return None
        stop = int(np.flatnonzero(self.rates == self.lowest)[0])
        slopes = _slopes(np.log(self.rates), self.smoothed)
        slopes[:FIRST] = 0.0
        place = int(np.argmin(slopes[: stop + 1]))
        return float(self.rates[place]) if slopes[place] < 0 else None

    @property
    def below_lowest(self) -> float | None:
        """A tenth of `lowest`."""
        return None if self.lowest is None else self.lowest / CAREFUL

    @property
    def suggestion(self) -> float | None:
        """The smaller of `steepest` and `below_lowest`; None where the loss never falls."""
        if self.steepest is None or self.below_lowest is None:
            return None
        return min(self.steepest, self.below_lowest)


def smooth(losses: Sequence[float] | Array) -> Array:
    """The running mean with its start corrected.

    >>> smooth([1.0, 2.0]).round(4).tolist()
    [1.0, 1.5263]
    """
    made, mean = [], 0.0
    for count, loss in enumerate(losses, start=1):
        mean = SMOOTHING * mean + (1 - SMOOTHING) * float(loss)
        made.append(mean / (1 - SMOOTHING**count))
    return np.array(made)


def rates_between(first: float, last: float, steps: int) -> Array:
    """So many rates (steps,) from the first to the last, each the same factor above the one before."""
    return np.asarray(np.geomspace(first, last, steps))


def has_diverged(loss: float, losses: Sequence[float]) -> bool:
    """Whether a loss that follows these is no number, or takes the running mean over four times its lowest."""
    if not math.isfinite(loss):
        return True
    made = smooth([*losses, loss])
    return len(made) > FIRST and float(made[-1]) > DIVERGED * float(made[FIRST - 1 :].min())


def _slopes(x: Array, y: Array) -> Array:
    """The slope (N,) of the line through each point and its neighbours."""
    slopes = np.zeros(len(x))
    for place in range(len(x)):
        near = slice(max(place - WINDOW, 0), place + WINDOW + 1)
        a, b = x[near] - x[near].mean(), y[near] - y[near].mean()
        slopes[place] = (a @ b) / (a @ a)
    return slopes
