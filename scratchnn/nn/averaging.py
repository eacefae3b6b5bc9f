"""Averages of the weights over the training, which are evaluated and kept in place of the weights themselves.

Training goes on with the weights. Running statistics are averaged in the same way, as in PyTorch's AveragedModel with
use_buffers=True. Before the first average is taken, the weights themselves are used.
"""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from scratchnn.component import Component
from scratchnn.nn.arena import Arena, allocate
from scratchnn.nn.memory import Array


class Averaging(Component):
    """The base of all averages: a += share (w - a), the first one a = w."""

    family: ClassVar[str] = "averaging"
    each_step: ClassVar[bool] = True  # else at the end of each epoch
    start: float = Field(0.0, ge=0, lt=1, description="Share of the epochs that pass before the average begins.")

    def share(self, count: int) -> float:
        """The share of the new weights after `count` others."""
        raise NotImplementedError


class ExponentialMovingAverage(Averaging):
    """a = d a + (1 - d) w after each step, d = min(decay, (1 + n) / (10 + n)) at the n-th average after the first.

    Without the warm-up d is `decay` at once. Source: Polyak and Juditsky 1992 for averaging; the warm-up is that of
    TensorFlow's ExponentialMovingAverage.
    """

    type: Literal["ema"] = "ema"
    decay: float = Field(0.999, gt=0, lt=1, description="Share of the average kept from step to step.")
    warmup: bool = Field(True, description="Whether the first averages follow the weights faster.")

    def share(self, count: int) -> float:
        """1 - d."""
        return 1 - (min(self.decay, (1 + count) / (10 + count)) if self.warmup else self.decay)


class StochasticWeightAveraging(Averaging):
    """The plain mean of the weights at the ends of epochs. Goes with a constant or cyclic schedule at the end.

    Source: Izmailov et al. 2018. Variant: running statistics are averaged, not measured again.
    """

    type: Literal["swa"] = "swa"
    each_step: ClassVar[bool] = False
    start: float = Field(0.75, ge=0, lt=1, description="Share of the epochs that pass before the average begins.")

    def share(self, count: int) -> float:
        """1 / (count + 1)."""
        return 1 / (count + 1)


class Average:
    """An average bound to an arena: its `parameters` and `state`, and how many were taken."""

    def __init__(self, settings: Averaging, arena: Arena) -> None:
        self.settings = settings
        self.count = 0
        self.arrays = {name: allocate(len(vector), vector.dtype) for name, vector in _vectors(arena).items()}
        self._arena = arena
        self._work = allocate(max(len(vector) for vector in self.arrays.values()), arena.dtype)

    def add(self) -> None:
        """Takes the weights as they are into the average."""
        share = self.settings.share(self.count)
        for name, vector in _vectors(self._arena).items():
            mean = self.arrays[name]
            if self.count == 0:
                mean[...] = vector
                continue
            work = np.subtract(vector, mean, out=self._work[: len(vector)])
            np.add(mean, np.multiply(work, share, out=work), out=mean)
        self.count += 1

    def show(self) -> None:
        """Writes the average into the arena; nothing where there is none yet."""
        if self.count:
            for name, vector in _vectors(self._arena).items():
                vector[...] = self.arrays[name]


def _vectors(arena: Arena) -> dict[str, Array]:
    return {"parameters": arena.parameters, "state": arena.state}
