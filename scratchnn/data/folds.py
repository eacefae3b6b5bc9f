"""Splits into folds: of `folds` parts of the rows, number `fold` is the test.

A run divides its rows for one fold. The folds of one seed are the same whichever of them is asked for, so that runs
with `fold` 0, 1, ... together test every row once.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema, PydanticCustomError

from scratchnn.data.splits import (
    FOLDS,
    Division,
    PositionSplit,
    RandomSplit,
    Split,
    Strata,
    Undivided,
    check_rarest,
)
from scratchnn.data.tables import Array
from scratchnn.errors import DataError


class Folds(Split):
    """What splits into folds share: the rows beside the test's fold are divided as the split without folds does."""

    takes_test = True
    beside: ClassVar[str] = "beside"  # where the rows lie that a fold is not tested on
    folds: int = Field(ge=2, description="How many folds there are.")
    fold: int = Field(0, ge=0, description="The number of the fold that is the test, from 0.")
    validation: float = Field(0.15, ge=0, lt=1, description="Fraction of the other rows that guides training.")

    @model_validator(mode="after")
    def _has_the_fold(self) -> Self:
        if self.fold >= self.folds:
            message = "`fold` {fold} is not there: {folds} folds have the numbers 0 to {last}."
            context = {"fold": self.fold, "folds": self.folds, "last": self.folds - 1}
            raise PydanticCustomError("folds", message, context)
        return self

    def assign(self, rows: Undivided) -> Array:
        """The fold of each row (N,), whatever `fold` is. Raises `DataError` where rows are too few."""
        raise NotImplementedError

    def within(self) -> Split:
        """How the rows that are not tested are divided into training and validation."""
        raise NotImplementedError

    def divide(self, rows: Undivided) -> Division:
        """Assigns every row, then draws validation rows from those beside the fold. Raises `DataError`."""
        folds = self.assign(rows)
        test, others = np.flatnonzero(folds == self.fold), self._others(folds)
        if self.validation == 0:
            return Division(others, np.arange(0), test)
        try:
            inner = self.within().divide(rows.take(others))
        except DataError as error:
            message = f"{error.message}, among the {len(others)} rows {self.beside} fold {self.fold}"
            raise DataError(message, where=error.where, hint=error.hint) from None
        return Division(others[inner.train], others[inner.validation], test)

    def _others(self, folds: Array) -> Array:
        return np.flatnonzero(folds != self.fold)

    @property
    def _left_over(self) -> int:
        """The parts that the rows beside a fold are divided into."""
        return 1 + (self.validation > 0)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """The type may be written as that of the split without folds."""
        made = super().__get_pydantic_json_schema__(schema, handler)
        kind = handler.resolve_ref_schema(made)["properties"]["type"]
        kind.pop("const")
        kind["enum"] = [cls.tag(), cls.tag().removesuffix(FOLDS)]
        return made


class RandomFolds(Folds):
    """Random folds, for classification in the classes' own proportions: k-fold cross-validation.

    The sizes of folds differ by one row at most. Stratified, so do the rows of each class: classes are dealt out one
    after the other, row by row. Validation rows are drawn from the others as the type `random` does. A class needs a
    row in each fold, and beside any fold one in each other part.
    """

    type: Literal["random_folds"] = "random_folds"
    repeat: int = Field(0, ge=0, description="Another number gives another permutation of the rows.")
    stratify: bool = Field(True, description="Keep the classes' proportions in each fold. Classification only.")

    def assign(self, rows: Undivided) -> Array:
        """Draws `repeat + 1` permutations of all rows. Raises `DataError` where rows or a class's rows are too few."""
        if rows.count < self.folds:
            message = f"{rows.count} rows are too few for {self.folds} folds"
            raise DataError(message, where="data.split", hint="Add rows, or use fewer folds.")
        order = permutation(rows, rows.count, self.repeat)
        if rows.strata is not None and self.stratify:
            self._check_classes(rows.strata)
            order = order[np.argsort(rows.strata.ids[order], kind="stable")]
        folds = np.empty(rows.count, np.int64)
        folds[order] = np.arange(rows.count) % self.folds
        return folds

    def within(self) -> Split:
        """Random rows, stratified in the same way."""
        return RandomSplit(validation=self.validation, test=0.0, stratify=self.stratify)

    def _check_classes(self, strata: Strata) -> None:
        needed = self.folds
        while needed - -(-needed // self.folds) < self._left_over:  # a fold takes the share of a class rounded up
            needed += 1
        purpose = f"{self.folds} folds" + (" and validation rows beside each" if needed > self.folds else "")
        check_rarest(np.bincount(strata.ids, minlength=len(strata.names)), strata.names, needed, purpose)


class ChainedFolds(Folds):
    """What folds in an order share: training sees only rows that come before those that it is tested on.

    The rows are cut into `folds + 1` blocks, as equal as can be. Fold k is block k + 1, and the blocks before it are
    for training and validation, whose rows are the last of them; later rows are left out. So the first block is
    never tested on. This is forward chaining with a window that expands.
    """

    beside = "before"

    def _others(self, folds: Array) -> Array:
        return np.flatnonzero(folds < self.fold)

    def _chain(self, ends: Array, kind: str) -> Array:
        """The fold of each of M moments, -1 in the first block. `ends` (M,): the rows up to each moment, ascending.

        Each border is the one between two moments that is nearest to its place j N / (folds + 1), for j = 1 ... folds.
        """
        moments, rows = len(ends), int(ends[-1])
        needed = self.folds + self._left_over
        if moments < needed:
            message = f"{moments} {kind} are too few for {self.folds} folds and what comes before them"
            raise DataError(message, where="data.split", hint="Use fewer folds, or add rows.")
        borders = []
        first = self._left_over  # the block before the first fold has a moment for each part
        for number in range(1, self.folds + 1):
            places = ends[first - 1 : moments - (self.folds - number) - 1]
            borders.append(first + int(np.argmin(np.abs(places - number * rows / (self.folds + 1)))))
            first = borders[-1] + 1
        return np.searchsorted(borders, np.arange(moments), side="right") - 1


class PositionFolds(ChainedFolds):
    """Folds of the rows as they come: each is tested by what was trained on the rows before it.

    The rows are cut into `folds + 1` blocks whose sizes differ by one at most; fold k is block k + 1, see the type
    `time_folds`. A text is cut so too, its rows are its tokens.
    """

    type: Literal["position_folds"] = "position_folds"
    keeps_order = True

    def assign(self, rows: Undivided) -> Array:
        """Draws nothing. Raises `DataError` where rows are too few."""
        return self._chain(np.arange(1, rows.count + 1), "rows")

    def within(self) -> Split:
        """The last rows before the fold are for validation."""
        return PositionSplit(validation=self.validation, test=0.0)


def permutation(rows: Undivided, count: int, repeat: int) -> Array:
    """The permutation number `repeat` that the generator gives."""
    order = rows.rng.permutation(count)
    for _ in range(repeat):
        order = rows.rng.permutation(count)
    return order
