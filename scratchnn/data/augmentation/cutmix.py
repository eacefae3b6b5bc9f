"""Images with a box of another image."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from scratchnn.data.augmentation.augmentation import ImageAugmentation
from scratchnn.data.augmentation.canvas import Canvas, Mix
from scratchnn.data.augmentation.cutout import boxes_around


class CutMix(ImageAugmentation):
    """Puts a box of another image of the batch into an image, at the same place.

    With s of a Beta(alpha, alpha) distribution the box has floor(sqrt(1 - s)) of each side, its middle is uniform over
    all pixels, and it is cut off at the edges. The loss is as in `mixup`, with the share that the box truly leaves.
    Each image has a box and a partner of its own. Source: Yun et al. 2019, whose code draws one box for the batch.
    """

    type: Literal["cutmix"] = "cutmix"
    mixes: ClassVar[bool] = True
    alpha: float = Field(1.0, gt=0, le=100, description="1: every share is as probable. Small: nearly all or nothing.")

    def apply(self, canvas: Canvas, rng: np.random.Generator) -> None:
        """Draws all shares, then the order of the partners, the rows of the middles, their columns."""
        images = canvas.images
        count, height, width, _ = images.shape
        sides = np.sqrt(1 - rng.beta(self.alpha, self.alpha, count))
        partners = rng.permutation(count)
        middles = rng.integers(height, size=count), rng.integers(width, size=count)
        whole = (sides * height).astype(np.int64), (sides * width).astype(np.int64)
        boxes = boxes_around(*middles, whole, images.shape)
        before = canvas.scratch("batch", images.shape, images.dtype)
        np.copyto(before, images)
        # As in cutout: a loop over images is faster than masks over all of them.
        for image, (partner, (top, bottom, left, right)) in enumerate(
            zip(partners.tolist(), boxes.tolist(), strict=True)
        ):
            images[image, top:bottom, left:right] = before[partner, top:bottom, left:right]
        areas = (boxes[:, 1] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 2])
        canvas.mix = Mix(1 - areas / (height * width), partners)
