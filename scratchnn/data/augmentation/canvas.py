"""What augmentations work on: a batch of samples, the arrays to work in, and the numbers that stand for nothing."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from scratchnn.data.tables import Array

Color = Literal["black", "mean"]
Fill = Literal["black", "mean", "edge", "reflect"]
BLOCK_PIXELS = 1 << 14  # pixels worked on at a time: their coordinates and neighbours stay in a core's own cache

Shape = tuple[int, ...]


class Fills(NamedTuple):
    """The colors of what lies outside of an image, one number a channel (C,), as the network sees them.

    `black` is the number 0 of the data, `mean` the mean of the training samples.
    """

    black: Array
    mean: Array


class Scratch:
    """Arrays to work in, kept by name: made when they are first asked for, then the same ones.

    Their contents are undefined between two calls of `Augmentation.apply`.

    >>> scratch = Scratch()
    >>> scratch("rows", (4, 2), np.int64) is scratch("rows", (4, 2), np.int64)
    True
    """

    def __init__(self) -> None:
        self._flat: dict[tuple[str, np.dtype[np.generic]], Array] = {}
        self._views: dict[tuple[str, np.dtype[np.generic]], dict[Shape, Array]] = {}

    def __call__(self, name: str, shape: Shape, dtype: DTypeLike) -> Array:
        """The array of this name, with room for this shape."""
        key = (name, np.dtype(dtype))
        views = self._views.setdefault(key, {})
        view = views.get(shape)
        if view is None:
            count = math.prod(shape)
            if key not in self._flat or len(self._flat[key]) < count:
                self._flat[key] = np.empty(count, dtype)
                views.clear()
            view = views[shape] = self._flat[key][:count].reshape(shape)
        return view

    @property
    def nbytes(self) -> int:
        """The memory it holds."""
        return sum(array.nbytes for array in self._flat.values())


@dataclass
class Mix:
    """Samples that are each made of two: `shares` (n,) of the sample itself, the rest of the sample at `partners` (n,).

    Both are of the batch as it was before it was mixed.
    """

    shares: Array
    partners: Array


@dataclass
class Canvas:
    """A batch that is changed in place: `samples` (n, *shape), C-contiguous, and `mix` where they were mixed.

    `images` (n, H, W, C) is a view of the samples where they are images.
    """

    samples: Array
    images: Array
    scratch: Scratch
    fills: Fills
    mix: Mix | None = None

    @classmethod
    def of(cls, samples: Array, scratch: Scratch, fills: Fills) -> Canvas:
        """The canvas for these samples: (n, H, W) are images of one channel."""
        shape = samples.shape[1:]
        whole = (*shape, 1) if len(shape) == 2 else shape if len(shape) == 3 else (1, samples[0].size, 1)
        return cls(samples, samples.reshape(-1, *whole), scratch, fills)

    def __len__(self) -> int:
        return len(self.samples)

    def blocks(self) -> Iterator[slice]:
        """The batch, some images at a time: `BLOCK_PIXELS` or one image."""
        count, height, width, _ = self.images.shape
        step = max(1, BLOCK_PIXELS // (height * width))
        for start in range(0, count, step):
            yield slice(start, min(start + step, count))


@lru_cache(maxsize=32)
def positions(count: int, step: int = 1) -> Array:
    """0, step, 2 step, ... in int64. Must not be written to."""
    made = np.arange(count) * step
    made.flags.writeable = False
    return made


def pixels(amount: float, side: int) -> int:
    """How many pixels an amount is: a share of a side where it is below 1, rounded, half up.

    >>> pixels(3, 28), pixels(0.1, 28), pixels(0.01, 28)
    (3, 3, 0)
    """
    return math.floor(amount * side + 0.5) if amount < 1 else int(amount)
