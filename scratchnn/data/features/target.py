"""Columns of levels as the mean target of their rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, FiniteFloat, model_validator

from scratchnn.data.features.levels import LevelColumn
from scratchnn.data.tables import Array, Table

FOLDS = 5
ROUNDING = 1e-9  # of the largest target: means that vary less are equal

Numbers = Annotated[list[FiniteFloat], Field(min_length=1)]
Scales = Annotated[list[Annotated[float, Field(ge=0, allow_inf_nan=False)]], Field(min_length=1)]


@dataclass(frozen=True)
class Statistics:
    """What target encoding takes from rows: `prior` (W,), `means` (P, W) by place, `offset` and `scale` (W,)."""

    prior: Array
    means: Array
    offset: Array
    scale: Array

    @classmethod
    def of(cls, places: Array, values: Array, count: int, smoothing: float) -> Statistics:
        """Those of rows with these places (N,) below `count` and these values (N, W)."""
        prior = values.mean(axis=0)
        sums, rows = np.zeros((count, values.shape[1])), np.bincount(places, minlength=count)[:, None] + smoothing
        np.add.at(sums, places, values)
        means = np.where(rows > 0, (sums + smoothing * prior) / np.maximum(rows, np.finfo(float).tiny), prior)
        encoded = means[places]
        scale = encoded.std(axis=0)
        scale[scale <= ROUNDING * np.abs(values).max(axis=0)] = 0
        return cls(prior, means, encoded.mean(axis=0), scale)

    def encoded(self, places: Array) -> Array:
        """(t - offset) / scale of the means at these places (N,), and of the prior at -1: (N, W)."""
        values = np.where(places[:, None] >= 0, self.means[places], self.prior) - self.offset
        out: Array = np.divide(values, self.scale, out=np.zeros_like(values), where=self.scale > 0)
        return out


class TargetColumn(LevelColumn):
    """x' = (t - offset) / scale, with t = (sum + m prior) / (count + m) over the training rows of the level.

    sum is that of their targets, prior the mean target of all training rows, m the smoothing. Regression has one input
    for each target; C classes have C - 1, the shares of every class but the first, whose share is what is left to 1.
    offset and scale are mean and deviation (of N) of t over the training rows; x' is 0 where t does not vary. An unseen
    level has t = prior, the rare levels are one level. Weights of rows do not count.

    A training row must not see its own target: the training rows are cut into 5 folds, and each fold is encoded by what
    the other four give, offset and scale included. Row i of the training part is in the fold floor(5 frac(i g)) with
    g = (sqrt(5) - 1) / 2, so that neighbours and rows at any fixed distance are spread over the folds.
    Source: Micci-Barreca 2001, with a fixed m; Fibonacci hashing: Knuth, The Art of Computer Programming 3, 6.4.
    """

    type: Literal["target"] = "target"
    smoothing: float = Field(ge=0, allow_inf_nan=False, description="m: how many rows the prior counts for.")
    prior: Numbers = Field(description="The mean target of the training rows.")
    means: list[Numbers] = Field(min_length=1, description="t for each level, and for the rare ones last.")
    offset: Numbers = Field(description="The mean of t over the training rows.")
    scale: Scales = Field(description="Its standard deviation. 0: t does not vary.")

    @model_validator(mode="after")
    def _lengths(self) -> Self:
        widths = {len(self.prior), len(self.offset), len(self.scale), *map(len, self.means)}
        if len(widths) > 1 or len(self.means) != len(self.place_names):
            raise ValueError("every level needs as many means as there are inputs")
        return self

    @classmethod
    def fit(cls, table: Table, column: LevelColumn, targets: Array, smoothing: float) -> Self:
        """Takes the means of a column's levels from these rows and their targets, (N,) class ids or (N, K) numbers."""
        found = Statistics.of(column.places(table), as_numbers(targets), len(column.place_names), smoothing)
        return cls(
            name=column.name,
            levels=column.levels,
            rare=column.rare,
            fill=column.fill,
            smoothing=smoothing,
            prior=found.prior.tolist(),
            means=found.means.tolist(),
            offset=found.offset.tolist(),
            scale=found.scale.tolist(),
        )

    @property
    def width(self) -> int:
        """One for each target, or for each class but the first."""
        return len(self.prior)

    @property
    def names(self) -> list[str]:
        """`city=target`, or `city=target1`, `city=target2`, ..."""
        if self.width == 1:
            return [f"{self.name}=target"]
        return [f"{self.name}=target{number + 1}" for number in range(self.width)]

    @property
    def scaled(self) -> bool:
        """They are."""
        return True

    def encode(self, table: Table, out: Array) -> None:
        """Writes x' for new rows, from all training rows."""
        found = Statistics(*map(np.array, (self.prior, self.means, self.offset, self.scale)))
        out[...] = found.encoded(self.places(table))

    def encode_training(self, table: Table, targets: Array, out: Array) -> None:
        """Writes x' for the training rows, each fold from the others."""
        places, values, fold = self.places(table), as_numbers(targets), folds(len(table))
        for number in np.unique(fold):
            others = fold != number
            if others.any():
                found = Statistics.of(places[others], values[others], len(self.means), self.smoothing)
                out[~others] = found.encoded(places[~others])


def as_numbers(targets: Array) -> Array:
    """Class ids (N,) as (N, C - 1), 1 for the row's class and without the first; numbers (N, K) in float64."""
    if targets.ndim > 1:
        return targets.astype(np.float64)
    ids = np.arange(1, targets.max(initial=0) + 1)
    values: Array = (targets[:, None] == ids).astype(np.float64)
    return values


def folds(rows: int) -> Array:
    """The fold (N,) of each training row, by its place alone, in whole numbers: the same everywhere.

    >>> folds(12).tolist()
    [0, 3, 1, 4, 2, 0, 3, 1, 4, 2, 0, 3]
    """
    mixed = np.arange(rows, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)  # g 2^64, and modulo 2^64
    fold: Array = ((mixed >> np.uint64(32)) * np.uint64(FOLDS) >> np.uint64(32)).astype(np.int64)
    return fold
