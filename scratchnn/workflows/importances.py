"""Permutation importance of the columns of a trained model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from scratchnn.data.preparation import Part
from scratchnn.errors import UsageError, suggestion
from scratchnn.nn.metrics import Metric
from scratchnn.training.evaluation import Evaluator
from scratchnn.training.importance import Importance, permutation_importance
from scratchnn.workflows.model import Model

REPEATS = 5
MOST_REPEATS = 1000
MOST_FEATURES = 256  # of arrays, whose features are taken one by one
OPTION = "--importance"


@dataclass(frozen=True)
class ImportanceWish:
    """How often each column is permuted, and the metric; None: the first of the config's that has a good end."""

    repeats: int = REPEATS
    metric: str | None = None

    @classmethod
    def of(cls, wanted: bool, repeats: int | None, metric: str | None) -> ImportanceWish | None:
        """What options say, None where no importance is wanted. Raises `UsageError`."""
        if not wanted:
            for name, value in (("--repeats", repeats), ("--metric", metric)):
                if value is not None:
                    raise UsageError("does nothing without --importance", where=name, hint="Add --importance.")
            return None
        if repeats is not None and repeats < 1:
            raise UsageError(f"got {repeats}, expected 1 or more", where="--repeats")
        if repeats is not None and repeats > MOST_REPEATS:
            hint = "More than 100 hardly change a mean or a deviation."
            raise UsageError(f"got {repeats}, expected {MOST_REPEATS} or fewer", where="--repeats", hint=hint)
        return cls(REPEATS if repeats is None else repeats, metric)

    def chosen(self, metrics: Sequence[Metric], main: Sequence[Metric]) -> Metric | None:
        """The metric, None for the loss. Raises `UsageError` for one that does not exist or has no good end."""
        if self.metric is None:
            return next((one for one in main if one.scalar and one.higher_is_better is not None), None)
        if self.metric == "loss":
            return None
        usable = {one.name: one for one in metrics if one.scalar and one.higher_is_better is not None}
        if self.metric not in usable:
            hint = suggestion(self.metric, ["loss", *usable])
            raise UsageError(f'no figure "{self.metric}" that can get worse', where="--metric", hint=hint)
        return usable[self.metric]


@dataclass(frozen=True)
class Importances:
    """How much worse `metric`, which is `figure` on the rows as they are, gets without each column; highest first."""

    metric: str
    figure: float
    repeats: int
    seed: int
    columns: list[Importance]

    def to_json(self) -> dict[str, Any]:
        """The object in machine output."""
        found = {one.name: {"mean": one.mean, "deviation": one.deviation} for one in self.columns}
        return {
            "metric": self.metric,
            "figure": self.figure,
            "repeats": self.repeats,
            "seed": self.seed,
            "columns": found,
        }


def columns_of(model: Model) -> dict[str, slice]:
    """Where the inputs of each column are on the last axis; of flat arrays those of each feature.

    Raises `UsageError` for other inputs.
    """
    if model.encoder.columns:
        places, start = {}, 0
        for column in model.encoder.columns:
            places[column.name] = slice(start, start + column.width)
            start += column.width
        return places
    shape = model.encoder.input_shape
    if model.encoder.task == "language_modeling" or len(shape) > 1:
        what = "texts" if model.encoder.task == "language_modeling" else f"samples of the shape {shape}"
        got = f"is for the columns of tables and flat arrays, but the model takes {what}"
        raise UsageError(got, where=OPTION, hint="Remove it.")
    size = math.prod(shape)
    if size > MOST_FEATURES:
        got = f"is for {MOST_FEATURES} features or fewer, the samples have {size}"
        raise UsageError(got, where=OPTION, hint="Remove it, or train on a table with fewer columns.")
    return {name: slice(place, place + 1) for place, name in enumerate(model.encoder.input_columns)}


def importances(
    wish: ImportanceWish,
    evaluator: Evaluator,
    part: Part,
    metric: Metric | None,
    columns: dict[str, slice],
    seed: int,
) -> Importances:
    """Permutes each column among the rows of a part, see `permutation_importance`."""
    rng = np.random.Generator(np.random.PCG64(seed))
    figure, found = permutation_importance(evaluator, part, metric, columns, wish.repeats, rng)
    return Importances("loss" if metric is None else metric.name, figure, wish.repeats, seed, found)
