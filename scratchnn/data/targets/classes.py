"""Classes: each sample is one of several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal, Self

import numpy as np
from numpy.typing import DTypeLike
from pydantic import Field, model_validator

from scratchnn.data.splits import Strata
from scratchnn.data.tables import Array, Arrays, Table, in_order, is_missing, is_number, number_name
from scratchnn.data.targets.target import FittedTarget, Rows, Seen, TargetRules, names_ahead, own_targets, place_of
from scratchnn.errors import DataError


class ClassTarget(FittedTarget):
    """The base of targets that are one class a sample: ids (N,) int64 into `classes`."""

    one_column: ClassVar[bool] = True
    what: ClassVar[str] = "the target is a class"

    names: list[str] = Field(min_length=1, max_length=1, description="The column of the classes.")
    classes: list[str] = Field(min_length=2, description="Class names in the order of their ids.")

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        if len(set(self.classes)) < len(self.classes):
            raise ValueError("classes must be distinct")
        return self

    @classmethod
    def fit(cls, data: Rows, names: list[str], rules: TargetRules) -> Self:
        """The classes of these rows, two or more."""
        classes = in_given_order(rules.class_order, data, list(strata_of(data, names).names))
        if len(classes) < 2:
            hint = "Training needs rows of two classes or more."
            raise DataError(f'every training row has the class "{classes[0]}"', where=data.where, hint=hint)
        return cls(names=names, classes=classes)

    @classmethod
    def strata(cls, data: Rows, names: list[str]) -> Strata:
        """Those of `strata_of`."""
        return strata_of(data, names)

    @classmethod
    def seen(cls, data: Rows, names: list[str], rules: TargetRules) -> Seen:
        """The labels, each as it is written."""
        distinct, inverse = raw_labels(data, names)
        return {names[0]: [distinct[place] for place in inverse.tolist()]}

    @property
    def class_names(self) -> list[str]:
        """The classes in the order of their ids."""
        return self.classes

    def encode(self, data: Rows, dtype: DTypeLike = np.float32) -> Array:
        """Class ids (N,) int64. Raises `DataError` for a label that training never saw."""
        distinct, inverse = raw_labels(data, self.names)
        places = {name: number for number, name in enumerate(self.classes)}
        if all(is_number(name) for name in self.classes):
            distinct = [number_name(label) for label in distinct]
        ids = np.array([places.get(label, -1) for label in distinct], np.int64)[inverse]
        unseen = np.flatnonzero(ids < 0)
        if len(unseen):
            row = int(unseen[0])
            got = f'the class "{distinct[inverse[row]]}" does not occur in the training rows'
            hint = f"Known classes: {listed(self.classes)}."
            raise DataError(got, where=place_of(data, row, self.names), hint=hint)
        return ids

    def ahead(self, steps: int) -> Self:
        """The class of the next row."""
        if steps > 1:
            got = f"a class is predicted one row ahead, but data.windows.horizon is {steps}"
            raise DataError(got, hint="Set horizon: 1, or for a number data.task: regression.")
        return self.model_copy(update={"names": names_ahead(self.names, 1)})

    def words(self, predictions: Array) -> list[str]:
        """The most probable class of each row of probabilities (N, C); of equal ones the first."""
        return [self.classes[number] for number in predictions.argmax(axis=1).tolist()]


class Classes(ClassTarget):
    """Classes without an order that means something."""

    type: Literal["classification"] = "classification"


def listed(names: Sequence[str], most: int = 20) -> str:
    """Names in quotes for a message; the first of many."""
    return ", ".join(f'"{name}"' for name in names[:most]) + (", ..." if len(names) > most else "")


def raw_labels(data: Rows, names: Sequence[str]) -> tuple[list[str], Array]:
    """The distinct labels as written, and for each row the place (N,) of its label among them."""
    if isinstance(data, Table):
        places: dict[str, int] = {}
        inverse = np.empty(len(data), np.int64)
        for start, piece in data.pieces():
            cells = piece.cells(names[0])
            inverse[start : start + len(piece)] = [places.setdefault(cell, len(places)) for cell in cells]
        return list(places), inverse
    targets = own_targets(data)
    if targets.ndim != 1:
        hint = "Store one label a sample, or set data.task: regression."
        raise DataError(f"targets have the shape {targets.shape}, not one class a sample", where=data.where, hint=hint)
    values, inverse_array = np.unique(targets, return_inverse=True)
    values = values.astype(np.int64) if values.dtype.kind == "b" else values
    return [str(value) for value in values.tolist()], inverse_array


def strata_of(data: Rows, names: list[str]) -> Strata:
    """The classes of these rows in their order, and the class of each row. Different spellings of a number are one."""
    if isinstance(data, Arrays) and data.targets is not None and data.targets.dtype.kind == "f":
        _refuse_fractions(data)
    distinct, inverse = raw_labels(data, names)
    known = [label for label in distinct if not is_missing(label)]
    if all(is_number(label) for label in known):
        for place, label in enumerate(distinct):
            if is_missing(label) and isinstance(data, Table):
                raise data.missing(names[0], int(np.flatnonzero(inverse == place)[0]))
        distinct = [number_name(label) for label in distinct]
    classes = in_order(distinct)
    places = {label: place for place, label in enumerate(classes)}
    return Strata(np.array([places[label] for label in distinct], np.int64)[inverse], classes)


def in_given_order(order: list[str] | None, data: Rows, classes: list[str]) -> list[str]:
    """The classes in the order that the settings give, where they give one."""
    if order is None:
        return classes
    if sorted(order) != sorted(classes):
        missing = [f'lacks the class "{name}"' for name in classes if name not in order]
        absent = [f'names "{name}", which is no class of the training rows' for name in order if name not in classes]
        hint = f"The classes are: {', '.join(classes)}."
        raise DataError(f"data.class_order {(missing + absent)[0]}", where=data.where, hint=hint)
    return order


def _refuse_fractions(data: Arrays) -> None:
    targets = own_targets(data)
    broken = np.flatnonzero((targets != np.floor(targets)).reshape(len(targets), -1).any(axis=1))
    if len(broken):
        got = f"targets[{broken[0]}] is {targets[broken[0]]}, not a class"
        raise DataError(got, where=data.where, hint="Store whole numbers, or set data.task: regression.")
