"""Images that are moved by whole pixels."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from scratchnn.data.augmentation.augmentation import Amount, ImageAugmentation
from scratchnn.data.augmentation.canvas import Canvas, Fill, pixels, positions
from scratchnn.data.tables import Array
from scratchnn.errors import ShapeError


class Shift(ImageAugmentation):
    """Moves an image by whole pixels: y[i, j] = x[i - d, j - r], d and r uniform in {-largest, ..., largest}.

    With `largest: 4` and `fill: black` this is also what padding by 4 pixels and cropping to the old size does.
    """

    type: Literal["shift"] = "shift"
    largest: Amount = Field(0.1, description="The longest way: pixels, or below 1 a share of the side, rounded.")
    direction: Literal["both", "horizontal", "vertical"] = Field("both", description="In which direction it moves.")
    fill: Fill = Field(
        "black",
        description="What comes in: black (0 in the data), the mean of the training images, the edge, or the image "
        "reflected at its outermost pixels.",
    )

    def fills(self) -> tuple[str, ...]:
        """One."""
        return (self.fill,)

    def check_sides(self, height: int, width: int) -> None:
        """Refuses a way that is as long as the image, or rounds to none."""
        ways = self._ways(height, width)
        for side, way, name in ((height, ways[0], "high"), (width, ways[1], "wide")):
            if way >= side:
                message = f"(shift) moves by up to {way} pixels, but images are {side} {name}"
                raise ShapeError(message, hint=f"Set largest below {side}, or to a share such as 0.1.")
        if not any(ways):
            least = 1 / max(height, width)
            message = f"(shift) moves by less than a pixel: {self.largest} of {max(height, width)}"
            raise ShapeError(message, hint=f"Set largest to 1 pixel, or to {least:.2g} or more.")

    def apply(self, canvas: Canvas, rng: np.random.Generator) -> None:
        """Draws the ways down of all images, then those to the right."""
        _, height, width, _ = canvas.images.shape
        down, right = self._ways(height, width)
        ways = [rng.integers(-way, way + 1, len(canvas)) for way in (down, right)]
        move(canvas, ways[0], ways[1], self.fill)

    def _ways(self, height: int, width: int) -> tuple[int, int]:
        down = 0 if self.direction == "horizontal" else pixels(self.largest, height)
        return down, 0 if self.direction == "vertical" else pixels(self.largest, width)


def move(canvas: Canvas, down: Array, right: Array, fill: Fill) -> None:
    """Moves each image by whole pixels (n,), in place."""
    scratch = canvas.scratch
    for part in canvas.blocks():
        images = canvas.images[part]
        count, height, width, channels = images.shape
        size = count * height * width
        source = scratch("source", (size + 1, channels), images.dtype)
        flat = images.reshape(size, channels)
        np.copyto(source[:size], flat)
        if fill in ("black", "mean"):
            source[size] = getattr(canvas.fills, fill)
        rows, columns = scratch("rows", (count, height), np.int64), scratch("columns", (count, width), np.int64)
        lost = _places(rows, down[part], fill)
        np.multiply(rows, width, out=rows)
        np.add(rows, positions(count, height * width)[:, None], out=rows)
        rows[lost] = size
        columns[_places(columns, right[part], fill)] = size
        index = scratch("index", (count, height, width), np.int64)
        np.add(rows[:, :, None], columns[:, None, :], out=index)
        # mode="clip" leads whatever has no place in the image to the one pixel behind all others, the fill.
        np.take(source, index.reshape(-1), axis=0, out=flat, mode="clip")


def _places(places: Array, ways: Array, fill: Fill) -> Array:
    """Writes where each pixel of a side comes from (n, side); tells which come from outside and have no place."""
    side = places.shape[1]
    np.subtract(positions(side), ways[:, None], out=places)
    if fill == "edge":
        np.clip(places, 0, side - 1, out=places)
    elif fill == "reflect":
        np.mod(places, max(2 * (side - 1), 1), out=places)
        np.minimum(places, 2 * (side - 1) - places, out=places)
    return np.asarray((places < 0) | (places >= side))
