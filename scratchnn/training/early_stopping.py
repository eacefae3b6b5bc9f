"""Watches one figure over the epochs: which was the best, and has it stopped getting better?"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass
class Watch:
    """The best value of a figure so far. NaN and infinity never count as better.

    >>> watch = Watch(higher_is_better=False, patience=2)
    >>> [watch.improved(epoch, loss) for epoch, loss in enumerate([1.0, 0.5, 0.6, 0.7], start=1)]
    [True, True, False, False]
    >>> watch.best_epoch, watch.exhausted
    (2, True)
    """

    higher_is_better: bool
    patience: int | None = None  # None: never exhausted
    min_delta: float = 0.0
    best: float | None = None
    best_epoch: int = 0
    waited: int = 0

    def improved(self, epoch: int, value: float) -> bool:
        """Takes the figure of an epoch; whether it is the best so far by more than `min_delta`."""
        if math.isfinite(value) and (self.best is None or self._gain(value, self.best) > self.min_delta):
            self.best, self.best_epoch, self.waited = value, epoch, 0
            return True
        self.waited += 1
        return False

    @property
    def exhausted(self) -> bool:
        """Whether the patience is used up."""
        return self.patience is not None and self.waited >= self.patience

    def _gain(self, value: float, best: float) -> float:
        return value - best if self.higher_is_better else best - value
