"""The family of fitted targets: what a network learns, and what its predictions mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, Self, cast

import numpy as np
from numpy.typing import DTypeLike
from pydantic import Field

from scratchnn.component import Component
from scratchnn.data.splits import Strata
from scratchnn.data.tables import Array, Arrays, Table, Task
from scratchnn.errors import DataError

Rows = Table | Arrays
Seen = Mapping[str, Array | list[str]]
"""Targets as they stand in the data, by name: numbers (N,), or the texts of N rows."""


@dataclass(frozen=True)
class TargetRules:
    """What the `data` section says of its targets."""

    scale: Literal["standard", "none"] = "standard"
    class_order: list[str] | None = None
    separator: str | None = None

    def refuse_order(self, why: str, where: str) -> None:
        """Raises the `DataError` of an order for what has no classes."""
        if self.class_order is not None:
            hint = "Remove it, or set data.task: classification."
            raise DataError(f"data.class_order orders classes, but {why}", where=where, hint=hint)


class FittedTarget(Component):
    """What is learned, with everything that was fitted on the training rows. The model file holds it as JSON.

    The tag of a member is its task. A kind of target is told apart here and nowhere else: its members say what targets
    are as arrays, how they come back to what the data hold, and what their predictions are called.
    """

    family: ClassVar[str] = "fitted_target"
    listed: ClassVar[bool] = False
    one_column: ClassVar[bool] = False
    """Whether it takes a single column of a table."""
    is_number: ClassVar[bool] = False
    """Whether predictions are numbers in units of their own, of which a loss may tell an interval."""
    what: ClassVar[str] = ""
    """What it is, for messages: `the target is a number`."""
    instead_of_class_weights: ClassVar[str] = "Remove them."
    """What to do where class weights are asked for, but there are no classes."""

    names: list[str] = Field(description="The columns of a table that hold it; of arrays names made up for it.")

    @classmethod
    def fit(cls, data: Rows, names: list[str], rules: TargetRules) -> Self:
        """What these training rows say; here that there is nothing to learn of them. Raises `DataError`."""
        return cls(names=names)

    @classmethod
    def strata(cls, data: Rows, names: list[str]) -> Strata | None:
        """The class of each row, for splits that keep their proportions; None where rows have no class."""
        return None

    @classmethod
    def seen(cls, data: Rows, names: list[str], rules: TargetRules) -> Seen:
        """The targets of these rows as they stand there, nothing fitted; empty where inputs bring them along."""
        return {}

    @property
    def task(self) -> Task:
        """The task that it is the target of."""
        return cast("Task", self.tag())

    @property
    def class_names(self) -> list[str]:
        """Where each sample has one class: the classes in the order of their ids. Empty otherwise."""
        return []

    @property
    def label_names(self) -> list[str]:
        """Where each sample has any number of labels: the labels in the order of the numbers. Empty otherwise."""
        return []

    @property
    def columns(self) -> int:
        """How many numbers a sample has to learn; 1 for a class."""
        return len(self.names)

    @property
    def scaled(self) -> bool:
        """Whether a network sees other numbers than the data hold."""
        return False

    def encode(self, data: Rows, dtype: DTypeLike = np.float32) -> Array | None:
        """The targets as a network learns them: class ids (N,) int64 or numbers (N, K).

        None where the inputs bring them along. Raises `DataError`, also for a label that training never saw.
        """
        return None

    def as_in_data(self, data: Rows) -> Array | None:
        """The targets (N, K) in float64 as they stand in the data; None where they are no numbers."""
        return None

    def ahead(self, steps: int) -> Self:
        """The same target in each of the next rows of a series, one row after the other: numbers (W, steps K).

        Its names are `y+1`, `y+2`, .... Raises `DataError` where only one row can be predicted, or none.
        """
        raise DataError(f"{self.what}, which windows cannot predict", hint="Remove data.windows.")

    def decode(self, values: Array) -> Array:
        """Targets or predictions as the data would hold them, float64 where they are numbers."""
        return values

    def words(self, predictions: Array) -> list[str]:
        """What predictions (N, ...) say of each row in one text; empty where they say numbers."""
        return []


def kind_of(task: Task) -> type[FittedTarget]:
    """The kind of target that a task has."""
    return FittedTarget.members()[task]


def own_targets(data: Arrays) -> Array:
    """The targets. Raises `DataError` where there are none."""
    if data.targets is None:
        raise DataError("there are no targets", where=data.where, hint="Store them beside the inputs.")
    return data.targets


def place_of(data: Rows, row: int, names: Sequence[str], column: int = 0) -> str:
    """Where the target of a row stands, for messages."""
    if isinstance(data, Table):
        return f"{data.place(row)}:{names[column]}"
    return f"{data.where}:targets[{row}{f', {column}' if len(names) > 1 else ''}]"


def names_ahead(names: Sequence[str], steps: int) -> list[str]:
    """The names of columns in the next rows.

    >>> names_ahead(["a", "b"], 2)
    ['a+1', 'b+1', 'a+2', 'b+2']
    """
    return [f"{name}+{step}" for step in range(1, steps + 1) for name in names]
