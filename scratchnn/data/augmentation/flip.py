"""Mirrored images."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from scratchnn.data.augmentation.augmentation import ImageAugmentation
from scratchnn.data.augmentation.canvas import Canvas
from scratchnn.data.tables import Array


class Flip(ImageAugmentation):
    """Mirrors an image with a probability: y[i, j] = x[i, W-1-j] horizontally, x[H-1-i, j] vertically.

    `both` decides for each direction by itself. Not for what has a left and a right, such as digits and letters.
    """

    type: Literal["flip"] = "flip"
    moves: ClassVar[bool] = True
    direction: Literal["horizontal", "vertical", "both"] = Field(
        "horizontal", description="horizontal swaps left and right, vertical top and bottom."
    )
    probability: float = Field(0.5, gt=0, le=1, description="How probable it is for an image, in each direction.")

    def apply(self, canvas: Canvas, rng: np.random.Generator) -> None:
        """Draws one number an image and direction."""
        if self.direction != "vertical":
            self._mirror(canvas, rng.random(len(canvas)) < self.probability, horizontal=True)
        if self.direction != "horizontal":
            self._mirror(canvas, rng.random(len(canvas)) < self.probability, horizontal=False)

    def _mirror(self, canvas: Canvas, chosen: Array, *, horizontal: bool) -> None:
        for part in canvas.blocks():
            images, rows = canvas.images[part], np.flatnonzero(chosen[part])
            copy = canvas.scratch("images", images.shape, images.dtype)[: len(rows)]
            np.take(images, rows, axis=0, out=copy, mode="clip")
            images[rows] = copy[:, :, ::-1] if horizontal else copy[:, ::-1]
