"""Counts of numbers in bins, with what a reader wants to know beside them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np

from scratchnn.nn.memory import Array

BINS = 40


@dataclass(frozen=True)
class Histogram:
    """Counts (B,) between edges (B + 1,), of the finite numbers among `size`; their mean and deviation, both of N.

    `zeros` is the share of numbers that are exactly 0, `lost` how many are not finite.
    """

    counts: Array
    edges: Array
    mean: float
    deviation: float
    zeros: float
    size: int
    lost: int

    @classmethod
    def of(cls, values: Array, bins: int = BINS) -> Self:
        """Of all numbers of an array, which may be empty. Fewer bins than asked for where there are few numbers."""
        flat = np.asarray(values, np.float64).reshape(-1)
        known = flat[np.isfinite(flat)]
        lost = len(flat) - len(known)
        if not len(known):
            return cls(np.zeros(1), np.array([0.0, 1.0]), math.nan, math.nan, 0.0, len(flat), lost)
        wanted = min(bins, max(5, 2 * math.isqrt(len(known))))
        low, high = float(known.min()), float(known.max())
        if not high - low > 1e-9 * max(abs(low), abs(high)):  # all alike: a bar around the number
            low, high = low - (abs(low) or 1) / 2, high + (abs(high) or 1) / 2
        counts, edges = np.histogram(known, wanted, (low, high))
        zeros = float(np.mean(known == 0))
        return cls(counts, edges, float(known.mean()), float(known.std()), zeros, len(flat), lost)
