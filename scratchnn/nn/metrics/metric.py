"""The family of metrics."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np

from scratchnn.component import Component
from scratchnn.errors import TargetError
from scratchnn.nn.losses.loss import Loss
from scratchnn.nn.memory import Array
from scratchnn.nn.metrics.scored import Scored

Task = Literal["classification", "regression", "multi_label", "count", "ordinal", "language_modeling"]
LIKE = {"ordinal": "classification", "count": "regression", "reconstruction": "regression"}
"""Tasks that the metrics of another one suit too."""
Figure = float | dict[str, float] | list[list[float]]


class Metric(Component):
    """The base of all metrics. `scalar` tells whether `compute` gives one number, which a requirement can name.

    `higher_is_better` is None where neither end is good, so that no best epoch can be told by it; `usual` tells whether
    a judgement that is asked for no metric in particular includes it.
    """

    family: ClassVar[str] = "metric"
    tasks: ClassVar[tuple[Task, ...]] = ("classification",)
    higher_is_better: ClassVar[bool | None] = True
    scalar: ClassVar[bool] = True
    usual: ClassVar[bool] = True

    @property
    def name(self) -> str:
        """What its figure is called: the tag, with the fields that tell it from others of its kind."""
        return self.tag()

    def check_loss(self, loss: Loss) -> None:
        """Raises `ConfigError` where a network with this loss does not tell what the metric needs."""
        return

    def check_numbers(self, targets: Array) -> None:
        """Raises `TargetError` for the first row of targets `(N, K)`, as they are in the data, that has no figure."""
        return

    @classmethod
    def suits(cls, task: str) -> bool:
        """Whether it measures what a task learns."""
        return task in cls.tasks or LIKE.get(task) in cls.tasks

    def compute(self, scored: Scored) -> Figure:
        """The figure. Adds to `scored.notes` what had to be assumed; NaN where the metric has no value.

        It heeds `scored.weights`: rows are drawn again by them, see `Bootstrap`.
        """
        raise NotImplementedError

    def refuse(self, targets: Array, wrong: Array, expected: str) -> None:
        """Raises `TargetError` for the first number of `targets` `(N, K)` that is `wrong`."""
        if wrong.any():
            row, column = np.argwhere(wrong)[0].tolist()
            text = f"the target {targets[row, column]:.12g} has no {self.name}, which needs {expected}"
            where, hint = f"targets[{row}, {column}]", f"Mend the row, or remove {self.name} from the metrics."
            raise TargetError(text, where=where, hint=hint, row=row, column=column)


def decimal(number: float) -> str:
    """A field in a name: never with an exponent, whose sign a requirement could not hold.

    >>> [decimal(number) for number in (0.5, 2.0, 0.00001)]
    ['0.5', '2', '0.00001']
    """
    return np.format_float_positional(number, trim="-")
