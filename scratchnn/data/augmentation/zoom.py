"""Enlarged and shrunk images."""

from __future__ import annotations

from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from scratchnn.data.augmentation.augmentation import ImageAugmentation
from scratchnn.data.augmentation.canvas import Canvas, Fill
from scratchnn.data.augmentation.warp import warp


class Zoom(ImageAugmentation):
    """Scales an image around its centre by a factor uniform in [lowest, highest], bilinear between four pixels.

    A factor above 1 enlarges. The image keeps its size. Nothing is blurred before it shrinks.
    """

    type: Literal["zoom"] = "zoom"
    lowest: float = Field(0.9, ge=0.1, le=10, description="The smallest factor.")
    highest: float = Field(1.1, ge=0.1, le=10, description="The largest factor.")
    fill: Fill = Field(
        "black",
        description="What comes in where it shrinks: black (0 in the data), the mean of the training images, the edge, "
        "or the image reflected at its outermost pixels.",
    )

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.lowest > self.highest:
            raise PydanticCustomError("zoom", "`lowest` is above `highest`. Swap them.")
        return self

    def fills(self) -> tuple[str, ...]:
        """One."""
        return (self.fill,)

    def apply(self, canvas: Canvas, rng: np.random.Generator) -> None:
        """Draws one factor an image."""
        _, height, width, _ = canvas.images.shape
        maps = np.zeros((len(canvas), 2, 3))
        maps[:, 0, 0] = maps[:, 1, 1] = 1 / rng.uniform(self.lowest, self.highest, len(canvas))
        maps[:, 0, 2], maps[:, 1, 2] = (height - 1) / 2, (width - 1) / 2
        warp(canvas, maps, self.fill)
