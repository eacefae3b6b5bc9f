"""Which training rows an epoch takes, and in what order: all of them, or as many of each class as a sampling says."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from scratchnn.component import Component
from scratchnn.data.preparation import Part
from scratchnn.errors import ConfigError
from scratchnn.nn.memory import Array

WHERE = "training.sampling"


class Sampling(Component):
    """How many rows of each class an epoch draws from the training rows.

    A class with n rows of which t are drawn has floor(t / n) times each of them, and t mod n more, which each epoch
    draws anew without replacement. Counts are of rows, whatever their weights. Validation and test rows are never
    sampled, and metrics of the training part are on its rows as they are; only an epoch's `train.loss` is of what was
    drawn. Steps, schedules and `batch_size: all` go by the rows that are drawn.
    """

    family: ClassVar[str] = "sampling"

    def drawn(self, counts: Array) -> Array:
        """The rows that an epoch draws of each class (C,), from those that each class has (C,), all above 0."""
        raise NotImplementedError


class NoSampling(Sampling):
    """Each row once, whatever its class."""

    type: Literal["none"] = "none"

    def drawn(self, counts: Array) -> Array:
        """As many as there are."""
        return counts


class Oversample(Sampling):
    """Small classes are drawn up to the largest: max(n, floor(ratio max(n) + 1/2)) rows of a class with n.

    Every row is in every epoch; those of small classes several times.
    """

    type: Literal["oversample"] = "oversample"
    ratio: float = Field(1.0, gt=0, le=1, description="A small class's rows over those of the largest, afterwards.")

    def drawn(self, counts: Array) -> Array:
        """No class has fewer than its own rows."""
        return np.maximum(counts, math.floor(self.ratio * int(counts.max()) + 0.5))


class Undersample(Sampling):
    """Large classes are cut down to the smallest: min(n, floor(min(n) / ratio + 1/2)) rows of a class with n.

    Each epoch draws another subset of them, without replacement.
    """

    type: Literal["undersample"] = "undersample"
    ratio: float = Field(
        1.0, gt=0, le=1, description="The smallest class's rows over those of a large one, afterwards."
    )

    def drawn(self, counts: Array) -> Array:
        """No class has more than its own rows."""
        return np.minimum(counts, math.floor(int(counts.min()) / self.ratio + 0.5))


class EpochOrder:
    """The rows of each epoch, in their order; `len` is how many."""

    def __init__(self, targets: Array, sampling: Sampling, *, shuffle: bool) -> None:
        self._shuffle = shuffle
        self._shares: list[tuple[Array, int]] = []  # rows of a class, and how many more of them each epoch draws
        whole = [np.arange(len(targets))]
        if not isinstance(sampling, NoSampling):
            counts = np.bincount(targets)
            members = [np.flatnonzero(targets == label) for label in np.flatnonzero(counts).tolist()]
            drawn = sampling.drawn(counts[counts > 0]).tolist()
            shares = [divmod(count, len(rows)) for rows, count in zip(members, drawn, strict=True)]
            whole = [np.tile(rows, times) for rows, (times, _) in zip(members, shares, strict=True)]
            self._shares = [(rows, more) for rows, (_, more) in zip(members, shares, strict=True) if more]
        self._whole = np.sort(np.concatenate(whole))
        self._rows = np.empty(len(self._whole) + sum(more for _, more in self._shares), np.int64)

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def is_random(self) -> bool:
        """Whether `draw` asks its generator for anything."""
        return self._shuffle or bool(self._shares)

    def draw(self, rng: np.random.Generator) -> Array:
        """The rows of the next epoch, valid until the next draw; without shuffling in the order of the source."""
        start = len(self._whole)
        self._rows[:start] = self._whole
        for rows, more in self._shares:
            self._rows[start : start + more] = rng.permutation(rows)[:more]
            start += more
        if self._shuffle:
            rng.shuffle(self._rows)
        elif self._shares:
            self._rows.sort()
        return self._rows


def check_sampling(
    part: Part, classes: Sequence[str], sampling: Sampling, kind: str = "the targets are numbers"
) -> None:
    """Raises `ConfigError` where rows are to be sampled by their class, but have none: `kind` tells what they have."""
    if isinstance(sampling, NoSampling):
        return
    if part.targets.ndim > 1 and part.targets.dtype.kind == "i":
        message = f"{sampling.tag()} is for one class a sample, but each step of a text has one"
        raise ConfigError(message, where=WHERE, hint="Remove it.")
    if not classes:
        message = f"{sampling.tag()} needs one class a sample, but {kind}"
        raise ConfigError(message, where=WHERE, hint="Remove it, or weigh rows with data.sample_weight.")


def drawn_per_class(part: Part, classes: Sequence[str], sampling: Sampling) -> Array:
    """The rows that an epoch draws of each class (C,). The part's targets are class ids."""
    counts = np.bincount(part.targets, minlength=len(classes))
    drawn = counts.copy()
    drawn[counts > 0] = sampling.drawn(counts[counts > 0])
    return drawn
