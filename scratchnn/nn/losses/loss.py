"""What every loss is: the base class, and what the targets are. All average over the samples.

Losses take the network's raw outputs (logits). Classification targets are class ids `(B,)` in int64, regression targets
`(B, K)` floats. Weights `(B,)` make every mean a weighted mean: sum(w * loss) / sum(w). An output that is not finite
gives a loss that is not finite. All arrays are C-contiguous.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from scratchnn.component import Component
from scratchnn.nn.layer import InputSpec, Plan
from scratchnn.nn.memory import Array, Memory


@dataclass(frozen=True)
class TargetSpec:
    """What the targets are: one of `classes` classes, or (where `classes` is 0) `columns` numbers."""

    classes: int = 0
    columns: int = 1

    @property
    def is_classification(self) -> bool:
        """Whether the targets are class ids."""
        return self.classes > 0


class Loss(Component):
    """The base of all losses."""

    family: ClassVar[str] = "loss"
    raw_targets: ClassVar[bool] = False  # whether scaled targets would change the meaning of the loss

    def wants_raw_targets(self) -> bool:
        """Whether the targets must come as they are in the data, not scaled."""
        return self.raw_targets

    def output_size(self, target: TargetSpec) -> int:
        """How many outputs the network must have for these targets. Raises `ShapeError` where the loss does not fit."""
        raise NotImplementedError

    def plan(self, outputs: InputSpec) -> Plan:
        """The memory that `evaluate` works in."""
        return Plan(outputs)

    def evaluate(
        self, outputs: Array, targets: Array, weights: Array | None, total: float, gradient: Array | None, mem: Memory
    ) -> float:
        """The sum of the weighted losses of the samples.

        Writes the gradient of that sum divided by `total` (the sum of the weights: the batch size without weights)
        with respect to the outputs into `gradient`, unless it is None. Leaves `outputs` as they are.
        """
        raise NotImplementedError

    def predictions(self, outputs: Array) -> Array:
        """From raw outputs to what a user wants: class probabilities `(N, classes)`, or numbers `(N, K)`."""
        return outputs


def weighted_total(losses: Array, weights: Array | None) -> float:
    """The sum of the losses `(B,)`, weighted where there are weights."""
    return float(np.add.reduce(losses) if weights is None else np.dot(losses, weights))
