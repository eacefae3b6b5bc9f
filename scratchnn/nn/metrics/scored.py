"""Predictions beside what is true, and what several metrics need to know of them, computed once."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar, NamedTuple, Self, TypeVar, cast

import numpy as np

from scratchnn.errors import DataError
from scratchnn.nn.losses.loss import clipped_log_likelihoods
from scratchnn.nn.memory import Array

Made = TypeVar("Made")
UNWEIGHTED = ("class_count", "is_true", "labels", "right", "log_likelihoods", "truth", "numbers", "errors")


class Counts(NamedTuple):
    """For each class `(C,)`, the samples (or the sum of their weights) that are it, were called it, and both."""

    true: Array
    predicted: Array
    hits: Array


@dataclass(frozen=True)
class Scored:
    """Predictions on one part of the data.

    Classification: targets are class ids `(N,)`, predictions probabilities `(N, C)`, `classes` the names of the C
    classes (their ids where empty). Regression: both are numbers `(N, K)` or `(N,)`; `pooled` tells that all columns
    are one quantity on one scale, as in a reconstruction. Weights are `(N,)`, not negative. `quantiles` gives, where
    the loss tells them, the numbers `(N, K)` that targets lie below with a probability.
    `called` are the ids `(N,)` of the classes that are called, where those are not simply the most probable ones.
    `notes` collects what metrics had to assume. Raises `DataError` where there are no rows, no weight or shapes that
    do not fit.
    """

    unit: ClassVar[str] = "class"  # what scores are of, for messages
    lacking: ClassVar[str] = "classes without rows"
    undivided: ClassVar[str] = "classes without rows"  # or with all rows: then no other has any
    none_divided: ClassVar[str] = "there is only one class"

    targets: Array
    predictions: Array
    weights: Array | None = None
    classes: tuple[str, ...] = ()
    pooled: bool = False
    notes: list[str] = field(default_factory=list)
    quantiles: Callable[[float], Array] | None = None
    called: Array | None = None
    _made: dict[Hashable, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        rows = len(self.targets)
        if rows == 0:
            raise DataError("there are no rows to measure on", hint="Give the part at least one row.")
        if len(self.predictions) != rows:
            raise DataError(f"got {rows} targets but {len(self.predictions)} predictions")
        if self.weights is not None:
            if self.weights.shape != (rows,):
                raise DataError(f"got {rows} targets but weights of shape {self.weights.shape}")
            if not np.add.reduce(self.weights) > 0:
                raise DataError("the weights of the rows sum to 0", hint="Give some row a positive weight.")

    def note(self, text: str) -> None:
        """Adds a text that says what had to be assumed, once."""
        if text not in self.notes:
            self.notes.append(text)

    def once(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """What does not depend on the weights: made once, for all that are `resampled` from this one too."""
        if key not in self._made:
            self._made[key] = make()
        return cast("Made", self._made[key])

    @property
    def samples(self) -> int:
        """How many samples were drawn, each apart from the others."""
        return len(self.targets)

    def resampled(self, counts: Array) -> Self | None:
        """The same where each sample counts `counts` `(samples,)` times what it did. Its notes are its own.

        None where no weight is left.
        """
        weights = counts if self.weights is None else counts * self.weights
        if not np.add.reduce(weights) > 0:
            return None
        made = replace(self, weights=weights, notes=[])
        made.__dict__.update({name: self.__dict__[name] for name in UNWEIGHTED if name in self.__dict__})
        return made

    def taken(self, rows: Array) -> Self:
        """The same of some rows `(n,)` alone, by their places. Raises `DataError` where none of them has a weight."""
        tell = self.quantiles

        def quantile(share: float) -> Array:
            return self.quantile(share)[rows]

        def of_rows(values: Array | None) -> Array | None:
            return None if values is None else values[rows]

        return replace(
            self,
            targets=self.targets[rows],
            predictions=self.predictions[rows],
            weights=of_rows(self.weights),
            notes=[],
            quantiles=None if tell is None else quantile,
            called=of_rows(self.called),
            _made={},
        )

    def members(self, k: int) -> Array:
        """Which rows are of a class `(N,)`."""
        return np.asarray(self.targets == k)

    def names(self, ids: Array) -> str:
        """The names of some classes, for a note; the first five of many."""
        shown = [f'"{self.classes[k] if self.classes else k}"' for k in ids[:5]]
        return ", ".join(shown) + (f" and {len(ids) - 5} more" if len(ids) > 5 else "")

    @cached_property
    def class_count(self) -> int:
        """C. The label set is that of the training, also where a class is absent from these rows."""
        if self.predictions.ndim != 2 or self.targets.ndim != 1:
            shapes = f"{self.targets.shape} and {self.predictions.shape}"
            raise DataError(f"expects class ids (N,) and probabilities (N, C), got {shapes}")
        return int(self.predictions.shape[1])

    @cached_property
    def labels(self) -> Array:
        """The ids of the classes that are called `(N,)`: the most probable ones, of equal ones the first."""
        if self.class_count and not math.isfinite(np.add.reduce(self.predictions, axis=None)):
            self.note("some predictions are not finite numbers")
        return np.asarray(self.predictions.argmax(axis=1)) if self.called is None else self.called

    @cached_property
    def right(self) -> Array:
        """Whether each label is the true one `(N,)`."""
        return np.equal(self.targets, self.labels)

    @cached_property
    def log_likelihoods(self) -> Array:
        """log of the probability of each true class `(N,)`, clipped as `log_loss` says."""
        if self.class_count:
            return clipped_log_likelihoods(self.predictions, self.targets)
        return np.empty(0)

    @cached_property
    def counts(self) -> Counts:
        """What precision, recall and accuracy are made of."""
        targets, labels, weights, size = self.targets, self.labels, self.weights, self.class_count
        hit = self.right
        return Counts(
            np.bincount(targets, weights, size),
            np.bincount(labels, weights, size),
            np.bincount(targets[hit], None if weights is None else weights[hit], size),
        )

    @cached_property
    def confusion(self) -> Array:
        """`(C, C)`: rows are true classes, columns predicted ones; counts, or sums of weights."""
        size = self.class_count
        return np.bincount(self.targets * size + self.labels, self.weights, size * size).reshape(size, size)

    @cached_property
    def truth(self) -> Array:
        """The targets of a regression in float64 `(N, K)`."""
        return np.asarray(self.targets, np.float64).reshape(len(self.targets), -1)

    @cached_property
    def numbers(self) -> Array:
        """The predictions of a regression in float64 `(N, K)`."""
        numbers = self.predictions.reshape(len(self.predictions), -1)
        if numbers.shape != self.truth.shape:
            raise DataError(f"got targets {self.truth.shape} but predictions {numbers.shape}")
        return numbers.astype(np.float64, copy=False)

    @cached_property
    def errors(self) -> Array:
        """Target - prediction in float64 `(N, K)`."""
        return self.truth - self.numbers

    def quantile(self, share: float) -> Array:
        """What the targets lie below with the probability `share`, in float64 `(N, K)`. Raises `DataError`."""
        if self.quantiles is None:
            raise DataError("the predictions tell no quantiles", hint="Train with the loss gaussian_nll or quantile.")
        tell = self.quantiles
        return self.once(("quantile", share), lambda: np.asarray(tell(share), np.float64).reshape(self.truth.shape))

    def mean(self, values: Array) -> Array:
        """The weighted mean over the rows."""
        return np.asarray(np.average(values, axis=0, weights=self.weights))


@dataclass(frozen=True, kw_only=True)
class ScoredSteps(Scored):
    """The steps of sequences, without the many probabilities of each: `predictions` are the ids `(N,)` of labels.

    `lengths` are the steps of each sequence, which follow each other; one step each where it is None.
    """

    likelihoods: Array
    lengths: Array | None = None

    @property
    def samples(self) -> int:
        """The sequences: steps of one are no samples apart."""
        return len(self.targets if self.lengths is None else self.lengths)

    def resampled(self, counts: Array) -> Self | None:
        """The same where each sequence counts `counts` `(samples,)` times what it did."""
        return super().resampled(counts if self.lengths is None else np.repeat(counts, self.lengths))

    @cached_property
    def labels(self) -> Array:
        """The ids of the most probable classes `(N,)`."""
        return self.predictions

    @cached_property
    def log_likelihoods(self) -> Array:
        """log of the probability of each true class `(N,)`, as the loss knows it."""
        return self.likelihoods
