"""Images in other light."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from scratchnn.data.augmentation.augmentation import ImageAugmentation
from scratchnn.data.augmentation.canvas import Canvas
from scratchnn.data.tables import Array


class Brightness(ImageAugmentation):
    """y = black + k (x - black) with k uniform in [1 - amount, 1 + amount], where black is the number 0 of the data.

    Nothing is cut off at the top: y may be brighter than any image of the data.
    """

    type: Literal["brightness"] = "brightness"
    amount: float = Field(0.2, gt=0, le=1, description="How far the factor may lie from 1.")

    def fills(self) -> tuple[str, ...]:
        """Black."""
        return ("black",)

    def apply(self, canvas: Canvas, rng: np.random.Generator) -> None:
        """Draws one factor an image."""
        _spread(canvas.images, canvas.fills.black, rng.uniform(1 - self.amount, 1 + self.amount, len(canvas)))


class Contrast(ImageAugmentation):
    """y = mean + k (x - mean) with k uniform in [1 - amount, 1 + amount].

    The mean is that of each channel in the image. Nothing is cut off.
    """

    type: Literal["contrast"] = "contrast"
    amount: float = Field(0.2, gt=0, le=1, description="How far the factor may lie from 1.")

    def apply(self, canvas: Canvas, rng: np.random.Generator) -> None:
        """Draws one factor an image."""
        images = canvas.images
        means = images.mean(axis=(1, 2), keepdims=True)
        _spread(images, means, rng.uniform(1 - self.amount, 1 + self.amount, len(canvas)))


def _spread(images: Array, centre: Array, factors: Array) -> None:
    """Multiplies the distance from a centre that broadcasts to (n, H, W, C), by a factor (n,) for each image."""
    each = factors.astype(images.dtype)[:, None, None, None]
    np.multiply(images, each, out=images)
    np.add(images, (1 - each) * centre, out=images)
