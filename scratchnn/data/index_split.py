"""A split that a file gives: the numbers of the rows of each part."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from scratchnn.data.files import locate, shown
from scratchnn.data.row_lists import LIST_SUFFIXES, TABLE_SUFFIXES, count_lists, read_lists
from scratchnn.data.sources import suffix_of
from scratchnn.data.splits import Division, RandomSplit, Split, Undivided
from scratchnn.errors import DataError, suggestion


class IndexSplit(Split):
    """A file lists the rows of each part by their numbers in the source, from 0.

    JSON: `{"train": [...], "validation": [...], "test": [...]}`. NPZ: integer arrays of these names. CSV: a column
    `row` and a column `part` that names the list. Without a list for training it gets every other row; with one, rows
    that no list has are left out. With `fold` each list is one of several: a list of lists, or an array (folds, N).
    A row that a feature drops is dropped here too, the numbers are those of the whole source.
    """

    type: Literal["index"] = "index"
    paths: ClassVar[tuple[str, ...]] = ("path",)
    takes_test = True
    path: str = Field(min_length=1, description="The file: .json, .npz or .csv.")
    train_key: str = Field("train", min_length=1, description="The name of the list of training rows.")
    validation_key: str = Field("validation", min_length=1, description="The name of the list of validation rows.")
    test_key: str = Field("test", min_length=1, description="The name of the list of test rows.")
    fold: int | None = Field(None, ge=0, description="Which list, from 0, where the file holds several for a name.")
    validation: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="Fraction of the training rows that is drawn for validation, where none are listed.",
    )
    stratify: bool = Field(True, description="Draw it in the classes' own proportions. Classification only.")

    @model_validator(mode="after")
    def _can_be_read(self) -> Self:
        suffix = suffix_of(self.path)
        if suffix not in LIST_SUFFIXES:
            message = 'cannot tell how to read "{path}" by its suffix. Known: {known}.'
            raise PydanticCustomError("split", message, {"path": self.path, "known": ", ".join(LIST_SUFFIXES)})
        if self.fold is not None and suffix in TABLE_SUFFIXES:
            message = (
                "`fold` chooses among lists of lists, but a CSV has none. Name the parts of a fold with `test_key`."
            )
            raise PydanticCustomError("split", message)
        if len(set(self._keys)) < 3:
            raise PydanticCustomError("split", "`train_key`, `validation_key` and `test_key` must differ.")
        return self

    def divide(self, rows: Undivided) -> Division:
        """Draws one permutation where validation is a fraction.

        Raises `DataError` for a number that is no row of the source, that stands in two lists or twice in one, for a
        list of another name, and where no row is left for training; `StorageError` where the file cannot be read.
        """
        path = locate(rows.base, self.path)
        where = shown(path)
        lists = read_lists(path, self.fold)
        self._check_names(list(lists), where)
        total = rows.count if rows.total is None else rows.total
        part = np.full(total, -1 if self.train_key in lists else 0, np.int64)
        owner: dict[int, str] = {}
        for number, key in enumerate(self._keys):
            numbers = lists[key].numbers(total) if key in lists else []
            for place, row in enumerate(numbers):
                if row in owner:
                    got = f'row {row} stands in "{owner[row]}" and in "{key}"'
                    raise DataError(got, where=lists[key].place(place), hint="A row belongs to one part.")
                owner[row] = key
            part[numbers] = number
        train, validation, test = (np.flatnonzero(part[rows.source_rows()] == number) for number in range(3))
        if not len(train):
            raise DataError("data.split leaves no row for training", where=where, hint="Training needs rows.")
        if self.validation:
            drawn = RandomSplit(validation=self.validation, test=0.0, stratify=self.stratify).divide(rows.take(train))
            train, validation = train[drawn.train], train[drawn.validation]
        return Division(train, validation, test)

    def count_folds(self, base: Path) -> int | None:
        """How many lists of test rows the file holds, None where it does not hold several.

        Raises `DataError` or `StorageError`.
        """
        return count_lists(locate(base, self.path), self.test_key)

    @property
    def _keys(self) -> tuple[str, str, str]:
        """The names of the lists, by the number of their part."""
        return self.train_key, self.validation_key, self.test_key

    def _check_names(self, names: list[str], where: str) -> None:
        for name in names:
            if name not in self._keys:
                got = f'there is a list "{name}", but data.split has no part of this name'
                keys = ", ".join(f"{key}: {name}" for key in ("train_key", "validation_key", "test_key"))
                raise DataError(got, where=where, hint=f"Set one of {keys} in data.split, or remove the list.")
        if self.validation_key not in names and self.test_key not in names:
            got = f'there is no list "{self.validation_key}" nor "{self.test_key}"'
            hint = suggestion(self.test_key, names) or "Write the lists under these names."
            raise DataError(got, where=where, hint=hint)
        if self.validation and self.validation_key in names:
            got = f'the file lists "{self.validation_key}", but data.split draws a fraction of {self.validation:g} too'
            raise DataError(got, where=where, hint="Remove validation from data.split, or the list from the file.")
