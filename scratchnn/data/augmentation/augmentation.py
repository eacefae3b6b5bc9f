"""What changes training samples anew in every step: the family of augmentations."""

from __future__ import annotations

from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from scratchnn.component import Component
from scratchnn.data.augmentation.canvas import Canvas, Mix, Shape
from scratchnn.errors import ShapeError

__all__ = ["Amount", "Augmentation", "ImageAugmentation", "Mix"]

Amount = Annotated[int, Field(ge=1)] | Annotated[float, Field(gt=0, lt=1)]
"""Pixels where it is a whole number, a share of the side where it lies between 0 and 1."""


class Augmentation(Component):
    """A random change of training samples, drawn anew for each sample of each step.

    It changes a batch in place, after it was scaled and before the network sees it. Samples that are judged
    (validation, test, predictions) are never changed.
    """

    family: ClassVar[str] = "augmentation"
    mixes: ClassVar[bool] = False  # whether samples are mixed, so that each has two targets
    moves: ClassVar[bool] = False  # whether a changed sample has the very numbers that it had, in another order

    def check(self, shape: Shape) -> None:
        """Raises `ShapeError`, without a place, where samples of this shape cannot be changed."""
        return

    def fills(self) -> tuple[str, ...]:
        """What it fills with."""
        return ()

    def apply(self, canvas: Canvas, rng: np.random.Generator) -> None:
        """Changes the samples in place."""
        raise NotImplementedError


class ImageAugmentation(Augmentation):
    """The base of those for images (B, H, W, C), or (B, H, W) with one channel."""

    def check(self, shape: Shape) -> None:
        """Refuses what are no images, and images that are too small."""
        if len(shape) not in (2, 3):
            hint = "Store images as arrays (N, H, W, C), or reshape plain numbers in the first layer, or remove it."
            raise ShapeError(f"({self.tag()}) needs images (H, W, C), got samples of shape {shape}", hint=hint)
        self.check_sides(shape[0], shape[1])

    def check_sides(self, height: int, width: int) -> None:
        """Raises `ShapeError`, without a place, where images of this size are too small."""
        return
