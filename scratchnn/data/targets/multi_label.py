"""Labels that may be true together: each sample has any number of them, also none."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import ClassVar, Literal, Self

import numpy as np
from numpy.typing import DTypeLike
from pydantic import Field, model_validator

from scratchnn.data.features.binary import NEGATIVE, POSITIVE
from scratchnn.data.json_lines import Bare
from scratchnn.data.tables import Array, Arrays, Table, in_order, is_missing, number_name, quoted
from scratchnn.data.targets.classes import listed
from scratchnn.data.targets.target import FittedTarget, Rows, Seen, TargetRules, own_targets, place_of
from scratchnn.errors import DataError

COLUMN_HINT = "Write 0 or 1 (no and yes, false and true do too), or set data.task: regression."
Form = Literal["columns", "separated", "list"]


class Labels(FittedTarget):
    """K labels that may be true together: numbers (N, K), 1 where a label is true and 0 where it is not.

    In a table they stand in one of three forms. `columns`: a column for each label, which holds 0 and 1 or words for
    them; so do the columns of an array (N, K). `separated`: one column of texts such as "action|drama", where the
    separator alone stands for none. `list`: one column of JSON lists. A label is predicted where its probability is
    above 1/2.

    >>> target = Labels(names=["genres"], known=["action", "drama"], form="separated", separator="|")
    >>> target.words(np.array([[0.9, 0.6], [0.2, 0.5]]))
    ['action|drama', '|']
    """

    type: Literal["multi_label"] = "multi_label"
    what: ClassVar[str] = "the target is several labels"
    instead_of_class_weights: ClassVar[str] = "For rare labels set positive_weight of multi_label_cross_entropy."

    names: list[str] = Field(min_length=1, description="The columns that hold the labels.")
    known: list[str] = Field(min_length=1, description="The labels in the order of the numbers.")
    form: Form = Field("columns", description="How a table holds them.")
    separator: str = Field("", description="What stands between the labels of a text.")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if len(set(self.known)) < len(self.known):
            raise ValueError("labels must be distinct")
        if self.form == "columns" and self.names != self.known:
            raise ValueError("labels in columns of their own have the names of the columns")
        if self.form != "columns" and len(self.names) != 1:
            raise ValueError("labels in a text or a list have one column")
        if (self.form == "separated") != bool(self.separator):
            raise ValueError("a separator is for labels in a text, and they need one")
        return self

    @classmethod
    def fit(cls, data: Rows, names: list[str], rules: TargetRules) -> Self:
        """The labels of these rows. Raises `DataError` for a label that none of them has."""
        rules.refuse_order("labels have none", data.where)
        form = form_of(data, names, rules.separator)
        if form == "columns":
            values = truths(data, names)
            absent = np.flatnonzero(~values.any(axis=0))
            if len(absent):
                name = names[int(absent[0])]
                hint = "Remove it from the target, add rows that have it, or divide the rows in another way."
                raise DataError(f'no training row has the label "{name}"', where=f"{data.where}:{name}", hint=hint)
            return cls(names=names, known=names)
        separator = rules.separator or ""
        known = in_order([label for row in rows_of(data, names[0], separator) for label in row])
        if not known:
            raise DataError("no training row has a label", where=f"{data.where}:{names[0]}", hint="Add rows that do.")
        return cls(names=names, known=known, form=form, separator=separator)

    @classmethod
    def seen(cls, data: Rows, names: list[str], rules: TargetRules) -> Seen:
        """A column of 0 and 1 for each label that these rows have: `genres=action` of labels in one column."""
        if form_of(data, names, rules.separator) == "columns":
            return dict(zip(names, truths(data, names).T, strict=True))
        rows = rows_of(data, names[0], rules.separator or "")
        known = in_order([label for row in rows for label in row])
        return {f"{names[0]}={label}": np.array([label in row for row in rows], np.float64) for label in known}

    @property
    def label_names(self) -> list[str]:
        """The labels in the order of the numbers."""
        return self.known

    @property
    def columns(self) -> int:
        """One for each label."""
        return len(self.known)

    def encode(self, data: Rows, dtype: DTypeLike = np.float32) -> Array:
        """0 and 1 (N, K). Raises `DataError` for a label that training never saw, or what is neither 0 nor 1."""
        if self.form == "columns":
            return truths(data, self.names).astype(dtype)
        places = {label: place for place, label in enumerate(self.known)}
        out = np.zeros((len(data), len(self.known)), dtype)
        for row, labels in enumerate(rows_of(data, self.names[0], self.separator)):
            for label in labels:
                if label not in places:
                    got = f"the label {quoted(label)} does not occur in the training rows"
                    hint = f"Known labels: {listed(self.known)}. Remove it, or train on rows that have it."
                    raise DataError(got, where=place_of(data, row, self.names), hint=hint)
                out[row, places[label]] = 1
        return out

    def as_in_data(self, data: Rows) -> Array:
        """0 and 1."""
        return self.encode(data, np.float64)

    def words(self, predictions: Array) -> list[str]:
        """The labels of each row as the target holds them; empty where it holds them in columns of their own."""
        if self.form == "columns":
            return []
        rows = [[self.known[place] for place in np.flatnonzero(row).tolist()] for row in is_predicted(predictions)]
        if self.form == "list":
            return [Bare(json.dumps(labels, ensure_ascii=False)) for labels in rows]
        return [self.separator.join(labels) if labels else self.separator for labels in rows]


def is_predicted(probabilities: Array) -> Array:
    """Which labels are predicted (N, K): those whose probability is above 1/2."""
    return np.asarray(probabilities > 0.5)


def form_of(data: Rows, names: Sequence[str], separator: str | None) -> Form:
    """How these rows hold their labels."""
    if len(names) > 1 or isinstance(data, Arrays):
        return "columns"
    if separator is not None:
        return "separated"
    return "list" if holds_lists(data, names[0]) else "columns"


def holds_lists(data: Table, name: str) -> bool:
    """Whether the cells of a column are JSON lists, the blank ones aside."""
    cells = [cell for cell in data.texts(name) if cell.strip()]
    return bool(cells) and all(cell.lstrip().startswith("[") for cell in cells)


def holds_truths(data: Rows, names: Sequence[str]) -> bool:
    """Whether every target is 0 or 1, or a word for it."""
    if isinstance(data, Arrays):
        targets = own_targets(data)
        return targets.dtype.kind != "U" and bool(((targets == 0) | (targets == 1)).all())
    return all(_are_0_and_1(data, name) or None not in map(_truth, set(data.texts(name))) for name in names)


def truths(data: Rows, names: Sequence[str]) -> Array:
    """The labels of columns of their own (N, K), 0 and 1. Raises `DataError` for anything else."""
    if isinstance(data, Table):
        hint = (
            COLUMN_HINT if len(names) > 1 else f"For several labels in a cell set data.label_separator. {COLUMN_HINT}"
        )
        return np.stack([_column(data, name, hint) for name in names], axis=1)
    targets = own_targets(data)
    if targets.dtype.kind == "U":
        raise DataError("the targets are texts, not 0 and 1", where=data.where, hint="Store numbers or booleans.")
    values = targets.astype(np.float64).reshape(len(targets), -1)
    if values.shape[1] != len(names):
        raise DataError(f"{values.shape[1]} labels a sample, expected {len(names)}", where=data.where)
    wrong = np.argwhere((values != 0) & (values != 1))
    if len(wrong):
        row, column = wrong[0].tolist()
        got = f"{values[row, column]:.12g} is neither 0 nor 1, as a label is"
        hint = "Store 0 and 1, or set data.task: regression."
        raise DataError(got, where=f"{data.where}:targets[{row}, {column}]", hint=hint)
    return values


def rows_of(data: Rows, name: str, separator: str) -> list[list[str]]:
    """The labels of each row of one column: of texts where there is a separator, else of JSON lists."""
    if not isinstance(data, Table):
        hint = "Give a table with the column that holds the labels."
        raise DataError(f'is an array, but the labels are those of the column "{name}"', where=data.where, hint=hint)
    known: dict[str, list[str]] = {}
    rows = []
    for row, cell in enumerate(data.texts(name)):
        if cell not in known:
            known[cell] = _of_text(data, name, row, separator) if separator else _of_list(data, name, row)
        rows.append(known[cell])
    return rows


def _of_text(data: Table, name: str, row: int, separator: str) -> list[str]:
    cell = data.texts(name)[row].strip()
    if not cell:
        alone = f', or write "{separator}" alone where no label is true' if separator.strip() else ""
        raise data.missing(name, row, f"Write the labels with {quoted(separator)} between them{alone}.")
    if cell == separator.strip():
        return []
    labels = [label.strip() for label in cell.split(separator)]
    if not all(labels):
        got = f"{quoted(cell)} has nothing on one side of a separator"
        raise data.error(name, row, got, "Write a label there, or remove the separator.")
    return labels


def _of_list(data: Table, name: str, row: int) -> list[str]:
    cell = data.texts(name)[row]
    if not cell.strip():
        raise data.missing(name, row, "Write a list such as [] where no label is true, or remove the row.")
    try:
        found = json.loads(cell, parse_int=str, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, list) or not all(isinstance(label, str) and label.strip() for label in found):
        raise data.error(name, row, f"{quoted(cell)} is not a list of labels", 'Write ["action", "drama"].')
    return [label.strip() for label in found]


def _are_0_and_1(data: Table, name: str) -> bool:
    """Whether a column holds these numbers and nothing else, which is soon seen."""
    values = data.numbers_or_none(name) if name in data.columns else None
    return values is not None and bool(((values == 0) | (values == 1)).all())


def _truth(cell: str) -> float | None:
    """1, 0, or None for what is neither."""
    word = number_name(cell.strip()).lower()
    return 1.0 if word in POSITIVE else 0.0 if word in NEGATIVE else None


def _column(data: Table, name: str, hint: str) -> Array:
    if _are_0_and_1(data, name):
        return data.numbers(name)
    cells = data.texts(name)
    meaning = {cell: _truth(cell) for cell in set(cells)}
    for row, cell in enumerate(cells) if None in meaning.values() else ():
        if meaning[cell] is not None:
            continue
        if is_missing(cell):
            raise data.missing(name, row, "Write 0 or 1, or remove the row.")
        raise data.error(name, row, f"{quoted(cell)} is neither 0 nor 1, as a label is", hint)
    return np.fromiter(map(meaning.__getitem__, cells), np.float64, len(cells))
