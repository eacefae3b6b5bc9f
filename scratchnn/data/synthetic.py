"""Synthetic sets: points in the plane whose shape a network has to learn. Each has a seed of its own.

Rows come class by class; the split mixes them. `noise` is the standard deviation of Gaussian noise on each coordinate.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import Field

from scratchnn.data.sources import Source
from scratchnn.data.tables import Array, Arrays

MOST_NOISE = 1e6  # beyond it nothing is left of the points, and far beyond it the numbers overflow


class Synthetic(Source):
    """What the synthetic sets share: how many samples, how much noise, and the seed."""

    samples: int = Field(1000, ge=2, le=10_000_000, description="How many samples.")
    noise: float = Field(0.1, ge=0, le=MOST_NOISE, description="Standard deviation of the noise.")
    seed: int = Field(0, ge=0, description="Seed of the set, apart from the seed of the run.")

    def read(self, base: Path) -> Arrays:
        """Inputs (N, 2) with labels (N,), or (N, 1) with numbers (N,) for `sine`. Same seed, same set."""
        rng = np.random.Generator(np.random.PCG64(self.seed))
        inputs, labels = self.points(rng)
        inputs = inputs + self.noise * rng.standard_normal(inputs.shape)
        return Arrays.of(inputs, labels, where=self.tag(), task="classification")

    def points(self, rng: np.random.Generator) -> tuple[Array, Array]:
        """Points (N, 2) without noise, and their classes (N,)."""
        raise NotImplementedError


class Xor(Synthetic):
    """The corners (+-1, +-1) of a square in turn; class 1 where the signs differ."""

    type: Literal["xor"] = "xor"
    noise: float = Field(0.25, ge=0, le=MOST_NOISE, description="Standard deviation of the noise.")

    def points(self, rng: np.random.Generator) -> tuple[Array, Array]:
        """See the class."""
        corner = np.arange(self.samples) % 4
        x, y = corner // 2, corner % 2
        return np.stack([2.0 * x - 1.0, 2.0 * y - 1.0], axis=1), x ^ y


class Moons(Synthetic):
    """Two half circles that hold each other: (cos t, sin t) and (1 - cos t, 0.5 - sin t), t from 0 to pi.

    The same points as scikit-learn's `make_moons` without shuffling.
    """

    type: Literal["moons"] = "moons"

    def points(self, rng: np.random.Generator) -> tuple[Array, Array]:
        """See the class."""
        outer = np.linspace(0, np.pi, self.samples // 2)
        inner = np.linspace(0, np.pi, self.samples - len(outer))
        x = np.concatenate([np.cos(outer), 1 - np.cos(inner)])
        y = np.concatenate([np.sin(outer), 0.5 - np.sin(inner)])
        return np.stack([x, y], axis=1), np.repeat([0, 1], [len(outer), len(inner)])


class Circles(Synthetic):
    """A circle of radius 1 (class 0) around one of radius `factor` (class 1), as scikit-learn's `make_circles`."""

    type: Literal["circles"] = "circles"
    factor: float = Field(0.5, gt=0, lt=1, description="Radius of the inner circle.")

    def points(self, rng: np.random.Generator) -> tuple[Array, Array]:
        """See the class."""
        sizes = [self.samples // 2, self.samples - self.samples // 2]
        angle = np.concatenate([np.linspace(0, 2 * np.pi, size, endpoint=False) for size in sizes])
        labels = np.repeat([0, 1], sizes)
        radius = np.where(labels == 0, 1.0, self.factor)
        return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1), labels


class Blobs(Synthetic):
    """Gaussian clouds around centres that lie evenly on a circle of radius 4; `noise` is their width."""

    type: Literal["blobs"] = "blobs"
    noise: float = Field(1.0, ge=0, le=MOST_NOISE, description="Standard deviation of each cloud.")
    classes: int = Field(3, ge=2, le=1000, description="How many clouds.")

    def points(self, rng: np.random.Generator) -> tuple[Array, Array]:
        """See the class."""
        labels = _even(self.samples, self.classes)
        angle = 2 * np.pi * labels / self.classes
        return 4 * np.stack([np.cos(angle), np.sin(angle)], axis=1), labels


class Spirals(Synthetic):
    """Arms (t cos a, t sin a) with a = 2 pi (turns t + class / classes), t from 0.05 to 1."""

    type: Literal["spirals"] = "spirals"
    noise: float = Field(0.02, ge=0, le=MOST_NOISE, description="Standard deviation of the noise.")
    classes: int = Field(2, ge=2, le=100, description="How many arms.")
    turns: float = Field(1.5, gt=0, le=1e6, description="How often an arm goes round.")

    def points(self, rng: np.random.Generator) -> tuple[Array, Array]:
        """See the class."""
        labels = _even(self.samples, self.classes)
        sizes = np.bincount(labels, minlength=self.classes)
        t = np.concatenate([np.linspace(0.05, 1, size) for size in sizes])
        angle = 2 * np.pi * (self.turns * t + labels / self.classes)
        return np.stack([t * np.cos(angle), t * np.sin(angle)], axis=1), labels


class Sine(Synthetic):
    """y = sin(x) + noise, for regression; x is uniform between -pi * turns and pi * turns."""

    type: Literal["sine"] = "sine"
    turns: float = Field(1.0, gt=0, le=1e6, description="How many periods.")

    def read(self, base: Path) -> Arrays:
        """Inputs (N, 1) and numbers (N,)."""
        rng = np.random.Generator(np.random.PCG64(self.seed))
        x, y = self.points(rng)
        y = y + self.noise * rng.standard_normal(self.samples)
        return Arrays.of(x, y, where=self.tag(), task="regression")

    def points(self, rng: np.random.Generator) -> tuple[Array, Array]:
        """Inputs (N, 1), and numbers (N,) without noise."""
        x = np.pi * self.turns * rng.uniform(-1, 1, self.samples)
        return x[:, None], np.sin(x)


def _even(samples: int, classes: int) -> Array:
    """Class ids in order, the classes as equal in size as can be, the first ones larger."""
    return np.sort(np.arange(samples) % classes)
