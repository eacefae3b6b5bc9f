"""From which probability on the second of two classes is called."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from scratchnn.errors import DataError, UsageError, suggestion
from scratchnn.nn.memory import Array

HALF = 0.5
SAME = 1e-12  # values of the goal that differ by less are equal but for rounding

_COST = re.compile(r"(f[pn])=([0-9.eE+-]+)")


class Calls(NamedTuple):
    """For each threshold the weight of rows that are called the second class rightly and wrongly, and the others."""

    tp: Array
    fp: Array
    fn: Array
    tn: Array


def _share(part: Array, whole: Array) -> Array:
    """part / whole; 0/0 is 0."""
    return np.divide(part, whole, out=np.zeros(np.shape(part)), where=whole > 0)


def _f1(calls: Calls) -> Array:
    return _share(2 * calls.tp, 2 * calls.tp + calls.fp + calls.fn)


def _accuracy(calls: Calls) -> Array:
    return np.asarray((calls.tp + calls.tn) / (calls.tp + calls.fp + calls.fn + calls.tn))


def _balanced_accuracy(calls: Calls) -> Array:
    return (_share(calls.tp, calls.tp + calls.fn) + _share(calls.tn, calls.tn + calls.fp)) / 2


def _youden(calls: Calls) -> Array:
    return 2 * _balanced_accuracy(calls) - 1


def _mcc(calls: Calls) -> Array:
    tp, fp, fn, tn = calls
    return _share(tp * tn - fp * fn, np.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)))


_GAINS: dict[str, Callable[[Calls], Array]] = {
    "f1": _f1,
    "accuracy": _accuracy,
    "balanced_accuracy": _balanced_accuracy,
    "mcc": _mcc,
    "youden": _youden,
}


@dataclass(frozen=True)
class Goal:
    """What a threshold is to make best: a metric of two classes, or the mean cost of wrong calls.

    With t true and f false calls of the second (p) and the first class (n): f1 = 2 tp / (2 tp + fp + fn);
    balanced_accuracy = (tpr + tnr) / 2; youden = tpr - fpr (Youden 1950); mcc = (tp tn - fp fn) / sqrt((tp + fp)
    (tp + fn) (tn + fp) (tn + fn)); each 0/0 is 0. A cost is (cost_fp fp + cost_fn fn) / rows, and the least is best.

    >>> Goal.parse("fp=1,fn=5")
    Goal(name='fp=1,fn=5', costs=(1.0, 5.0))
    """

    name: str
    costs: tuple[float, float] | None = None

    @classmethod
    def parse(cls, text: str, where: str = "--choose-threshold") -> Goal:
        """Reads the name of a metric, or costs such as `fp=1,fn=5`. Raises `UsageError`."""
        text = text.strip()
        if text in _GAINS:
            return cls(text)
        hint = "Write what wrong calls cost as fp=1,fn=5: numbers of 0 or more, not both 0."
        if "=" not in text:
            raise UsageError(f'no goal "{text}"', where=where, hint=f"{suggestion(text, _GAINS)} {hint}")
        costs: dict[str, float] = {}
        for part in text.split(","):
            match = _COST.fullmatch(part.strip())
            try:
                value = float(match[2]) if match else math.nan
            except ValueError:
                value = math.nan
            if match is None or match[1] in costs or not 0 <= value < math.inf:
                raise UsageError(f'"{text}" cannot be read', where=where, hint=hint)
            costs[match[1]] = value
        if len(costs) < 2 or not any(costs.values()):
            raise UsageError(f'"{text}" cannot be read', where=where, hint=hint)
        return cls(text, (costs["fp"], costs["fn"]))

    @property
    def title(self) -> str:
        """The same for people."""
        return f"mean cost ({self.name})" if self.costs else self.name

    def gain(self, calls: Calls) -> Array:
        """What is to be made as high as possible."""
        if self.costs is None:
            return _GAINS[self.name](calls)
        cost = self.costs[0] * calls.fp + self.costs[1] * calls.fn
        return np.asarray(-cost / (calls.tp + calls.fp + calls.fn + calls.tn))


@dataclass(frozen=True)
class ChosenThreshold:
    """A threshold, between the bounds within which each does as well; what the goal is at it and at 1/2."""

    goal: Goal
    threshold: float
    lower: float
    upper: float
    value: float
    value_at_half: float


def choose_threshold(
    probabilities: Array, is_second: Array, goal: Goal, weights: Array | None = None
) -> ChosenThreshold:
    """The best threshold t for these rows: the second class is called where its probability `(N,)` is above t.

    All t from 0 to 1 are tried, as between two probabilities that follow each other nothing changes. Where several are
    as good, t is the middle of the widest stretch of them; of equally wide ones of that nearest to 1/2, then of the
    lower. Raises `DataError` where the rows are all of one class, or a probability is not finite.
    """
    p, truth = probabilities.astype(np.float64), np.asarray(is_second, bool)
    w = np.ones(len(p)) if weights is None else weights.astype(np.float64)
    if not np.isfinite(p).all():
        raise DataError("no threshold can be chosen: some probabilities are not finite numbers")
    of_second, of_first = float(np.dot(w, truth)), float(np.dot(w, ~truth))
    if not of_second or not of_first:
        hint = "Divide the rows in another way."
        raise DataError("no threshold can be chosen: the rows are all of one class", hint=hint)
    edges, place = np.unique(p, return_inverse=True)
    below = np.stack([np.bincount(place, w * own, len(edges)) for own in (truth, ~truth)])
    fn, tn = np.concatenate(
        [np.zeros((2, 1)), np.cumsum(below, axis=1)], axis=1
    )  # none below, below the first two, ...
    fn[-1], tn[-1] = of_second, of_first
    gains = goal.gain(Calls(np.maximum(of_second - fn, 0), np.maximum(of_first - tn, 0), fn, tn))
    bounds = np.concatenate([[0.0], edges, [1.0]])  # stretch k goes from bounds[k] on and ends before bounds[k + 1]
    possible = bounds[1:] > bounds[:-1]
    possible[-1] = True  # from the highest probability on, which may be 1, nothing is called
    best = float(gains[possible].max())
    good = possible & (gains >= best - SAME * max(abs(best), 1.0))
    stretches = _stretches(good, bounds)
    lower, upper = min(stretches, key=lambda ends: (-round(ends[1] - ends[0], 12), abs(sum(ends) / 2 - HALF), ends))
    middle = (lower + upper) / 2
    if middle >= upper > lower:  # neighbours whose middle is rounded up
        middle = lower
    at_half = float(gains[np.searchsorted(edges, HALF, side="right")])
    sign = -1.0 if goal.costs else 1.0
    return ChosenThreshold(goal, middle, lower, upper, sign * best, sign * at_half)


def _stretches(good: Array, bounds: Array) -> list[tuple[float, float]]:
    """The ends of each run of what is good."""
    padded = np.concatenate([[False], good, [False]])
    turns = np.flatnonzero(padded[1:] != padded[:-1])
    return [(float(bounds[start]), float(bounds[stop])) for start, stop in zip(turns[::2], turns[1::2], strict=True)]
