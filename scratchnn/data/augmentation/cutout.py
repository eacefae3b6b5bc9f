"""Images with holes."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from scratchnn.data.augmentation.augmentation import Amount, ImageAugmentation
from scratchnn.data.augmentation.canvas import Canvas, Color, pixels
from scratchnn.data.tables import Array
from scratchnn.errors import ShapeError


class Cutout(ImageAugmentation):
    """Covers boxes of an image with one color.

    The middle of a box is uniform over all pixels, so it may reach beyond the edge.
    Source: DeVries and Taylor 2017, who cover one square with the mean of the data.
    """

    type: Literal["cutout"] = "cutout"
    size: Amount = Field(0.25, description="The sides: pixels, or below 1 a share of the image's sides, rounded.")
    count: int = Field(1, ge=1, le=100, description="Boxes in an image.")
    probability: float = Field(1.0, gt=0, le=1, description="How probable each box is.")
    fill: Color = Field("mean", description="The mean of the training images, or black (0 in the data).")

    def fills(self) -> tuple[str, ...]:
        """One."""
        return (self.fill,)

    def check_sides(self, height: int, width: int) -> None:
        """Refuses boxes that cover all or round to nothing."""
        down, right = pixels(self.size, height), pixels(self.size, width)
        if down > height or right > width:
            message = f"(cutout) covers {down} x {right} pixels, but images have {height} x {width}"
            raise ShapeError(message, hint="Set a smaller size, or a share such as 0.25.")
        if not down or not right:
            message = f"(cutout) covers less than a pixel: {self.size} of {min(height, width)}"
            raise ShapeError(message, hint="Set size to 1 pixel or more.")

    def apply(self, canvas: Canvas, rng: np.random.Generator) -> None:
        """Draws for each box of all images whether it is there, then its row, then its column."""
        images = canvas.images
        count, height, width, _ = images.shape
        sides = pixels(self.size, height), pixels(self.size, width)
        color = getattr(canvas.fills, self.fill)
        for _ in range(self.count):
            there = rng.random(count) < self.probability
            boxes = boxes_around(rng.integers(height, size=count), rng.integers(width, size=count), sides, images.shape)
            # A box of an image touches few numbers: a loop over images is faster than masks over all of them.
            for image, (top, bottom, left, right) in zip(np.flatnonzero(there), boxes[there].tolist(), strict=True):
                images[image, top:bottom, left:right] = color


def boxes_around(rows: Array, columns: Array, sides: tuple[int | Array, int | Array], shape: tuple[int, ...]) -> Array:
    """The boxes (n, 4) top, bottom, left, right with these sides around pixels (n,), cut off at the image's edges."""
    _, height, width, _ = shape
    top, left = rows - sides[0] // 2, columns - sides[1] // 2
    boxes = np.stack([top, top + sides[0], left, left + sides[1]], axis=1)
    return np.clip(boxes, 0, [height, height, width, width], out=boxes)
