"""Rotated images."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from scratchnn.data.augmentation.augmentation import ImageAugmentation
from scratchnn.data.augmentation.canvas import Canvas, Fill
from scratchnn.data.augmentation.warp import warp
from scratchnn.data.tables import Array


class Rotate(ImageAugmentation):
    """Turns an image around its centre by an angle uniform in [-degrees, degrees], bilinear between four pixels.

    Angles above 0 turn counter-clockwise as the image is seen with row 0 on top: 90 degrees are `numpy.rot90`. The
    image keeps its size.
    """

    type: Literal["rotate"] = "rotate"
    degrees: float = Field(10.0, gt=0, le=180, description="The largest angle, in either direction.")
    fill: Fill = Field(
        "black",
        description="What comes in: black (0 in the data), the mean of the training images, the edge, or the image "
        "reflected at its outermost pixels.",
    )

    def fills(self) -> tuple[str, ...]:
        """One."""
        return (self.fill,)

    def apply(self, canvas: Canvas, rng: np.random.Generator) -> None:
        """Draws one angle an image."""
        turn(canvas, np.deg2rad(rng.uniform(-self.degrees, self.degrees, len(canvas))), self.fill)


def turn(canvas: Canvas, angles: Array, fill: Fill) -> None:
    """Turns each image by its angle (n,) in radians: the point is (sin a j' + cos a i', cos a j' - sin a i')."""
    _, height, width, _ = canvas.images.shape
    maps = np.empty((len(canvas), 2, 3))
    maps[:, 0, 0] = maps[:, 1, 1] = np.cos(angles)
    maps[:, 0, 1] = np.sin(angles)
    maps[:, 1, 0] = -maps[:, 0, 1]
    maps[:, 0, 2], maps[:, 1, 2] = (height - 1) / 2, (width - 1) / 2
    warp(canvas, maps, fill)
