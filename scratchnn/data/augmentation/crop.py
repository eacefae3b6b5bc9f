"""Parts of images."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from pydantic import Field

from scratchnn.data.augmentation.augmentation import ImageAugmentation
from scratchnn.data.augmentation.canvas import Canvas, Fill
from scratchnn.data.augmentation.shift import move
from scratchnn.data.augmentation.warp import warp
from scratchnn.errors import ShapeError


class Crop(ImageAugmentation):
    """Pads an image on all sides and cuts out a part of its old size, at a place uniform over all whole pixels.

    The same as a `shift` by up to `padding` pixels. Source: as in the training of He et al. 2016 on CIFAR-10.
    """

    type: Literal["crop"] = "crop"
    padding: int = Field(4, ge=1, description="Pixels on each side.")
    fill: Fill = Field(
        "black",
        description="What it is padded with: black (0 in the data), the mean of the training images, the edge, or the "
        "image reflected at its outermost pixels.",
    )

    def fills(self) -> tuple[str, ...]:
        """One."""
        return (self.fill,)

    def check_sides(self, height: int, width: int) -> None:
        """Refuses padding as wide as the image."""
        if self.padding >= min(height, width):
            message = f"(crop) pads by {self.padding} pixels, but images are {height} high and {width} wide"
            raise ShapeError(message, hint=f"Set padding below {min(height, width)}.")

    def apply(self, canvas: Canvas, rng: np.random.Generator) -> None:
        """Draws the ways down of all images, then those to the right."""
        ways = [rng.integers(-self.padding, self.padding + 1, len(canvas)) for _ in range(2)]
        move(canvas, ways[0], ways[1], self.fill)


class ResizedCrop(ImageAugmentation):
    """Cuts out a box and stretches it to the size of the image, bilinear between four pixels.

    The box has a share of the image's area uniform in [smallest, 1], its width over its height is e^u times that of the
    image with u uniform in [-log stretch, log stretch], and its place is uniform; a side that would be longer than the
    image's is cut to it. Sides and places are real numbers: pixel j covers [j, j+1]. Source: Szegedy et al. 2015;
    unlike torchvision's, no box is drawn twice.
    """

    type: Literal["resized_crop"] = "resized_crop"
    smallest: float = Field(0.5, gt=0, lt=1, description="The smallest share of the area.")
    stretch: float = Field(1.33, ge=1, le=4, description="How many times as wide or as narrow the box may be.")

    def apply(self, canvas: Canvas, rng: np.random.Generator) -> None:
        """Draws all areas, then the stretches, then the places down and to the right."""
        count, height, width, _ = canvas.images.shape
        area = rng.uniform(self.smallest, 1, count)
        stretch = np.exp(rng.uniform(-math.log(self.stretch), math.log(self.stretch), count))
        down, right = np.minimum(np.sqrt(area / stretch), 1), np.minimum(np.sqrt(area * stretch), 1)
        maps = np.zeros((count, 2, 3))
        maps[:, 0, 0], maps[:, 1, 1] = down, right
        # The middle of the box, as the place of a pixel.
        maps[:, 0, 2] = height * (rng.random(count) * (1 - down) + down / 2) - 0.5
        maps[:, 1, 2] = width * (rng.random(count) * (1 - right) + right / 2) - 0.5
        warp(canvas, maps, "edge")
