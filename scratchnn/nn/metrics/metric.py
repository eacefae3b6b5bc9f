"""The family of metrics."""

from __future__ import annotations

from typing import ClassVar, Literal

from scratchnn.component import Component
from scratchnn.nn.metrics.scored import Scored

Task = Literal["classification", "regression", "language_modeling"]
Figure = float | dict[str, float] | list[list[float]]


class Metric(Component):
    """The base of all metrics. `scalar` tells whether `compute` gives one number, which a requirement can name."""

    family: ClassVar[str] = "metric"
    tasks: ClassVar[tuple[Task, ...]] = ("classification",)
    higher_is_better: ClassVar[bool] = True
    scalar: ClassVar[bool] = True

    def compute(self, scored: Scored) -> Figure:
        """The figure. Adds to `scored.notes` what had to be assumed; NaN where the metric has no value."""
        raise NotImplementedError
