"""Images that are seen through an affine map, between pixels: what rotating, zooming and cropping have in common."""

from __future__ import annotations

import numpy as np

from scratchnn.data.augmentation.canvas import Canvas, Fill, positions
from scratchnn.data.tables import Array

EXACT = 1 << 24  # whole numbers up to it are exact in float32


def warp(canvas: Canvas, maps: Array, fill: Fill) -> None:
    """Each image by its map (n, 2, 3), in place: y[i, j] is x at the point (r, c), bilinear between its four pixels.

    r = m[0, 0] i' + m[0, 1] j' + m[0, 2], c = m[1, 0] i' + m[1, 1] j' + m[1, 2], where (i', j') is (i, j) from the
    image's centre ((H-1)/2, (W-1)/2) and pixel (i, j) of x lies at the point (i, j). The four pixels are not blurred
    first, also where the image shrinks. `black` and `mean` surround the image with pixels of that color; `edge` goes on
    with the nearest pixel, `reflect` reflects at the outermost pixels. As SciPy's `affine_transform` with order 1 and
    mode grid-constant, nearest or mirror.
    """
    scratch = canvas.scratch
    for part in canvas.blocks():
        images = canvas.images[part]
        count, height, width, channels = images.shape
        size, line = count * height * width, width + 3
        padded = _padded(canvas, images, fill)
        # The flat places are computed as floats, where these can tell all of them apart.
        dtype = images.dtype if padded.size < EXACT else np.dtype(np.float64)
        down, right = (_coordinates(canvas, maps[part, axis], images.shape, axis, dtype) for axis in (0, 1))
        _bound(down, height, fill)
        _bound(right, width, fill)
        top, left = scratch("top", down.shape, dtype), scratch("left", down.shape, dtype)
        np.floor(down, out=top)
        np.floor(right, out=left)
        np.subtract(down, top, out=down)
        np.subtract(right, left, out=right)
        np.multiply(top, line, out=top)
        np.add(top, left, out=top)
        # One pixel down and right lies in the padding.
        np.add(top, (positions(count, (height + 3) * line) + line + 1).astype(dtype)[:, None, None], out=top)
        index = scratch("index", (size,), np.int64)
        np.copyto(index, top.reshape(-1), casting="unsafe")
        first, second, third = (scratch(name, (size, channels), images.dtype) for name in ("first", "second", "third"))
        flat, beside, below = padded.reshape(-1, channels), right.reshape(-1, 1), down.reshape(-1, 1)
        _between(flat, index, 0, beside, first, second)
        _between(flat, index, line, beside, third, second)
        np.subtract(third, first, out=third)
        np.multiply(third, below, out=third)
        np.add(first, third, out=images.reshape(size, channels))


def _padded(canvas: Canvas, images: Array, fill: Fill) -> Array:
    """The images with one pixel before and two after each side, (n, H + 3, W + 3, C)."""
    count, height, width, channels = images.shape
    padded = canvas.scratch("padded", (count, height + 3, width + 3, channels), images.dtype)
    # Where the edge goes on no coordinate leaves the image: then the padding is read, but has no weight.
    color = getattr(canvas.fills, fill) if fill in ("black", "mean") else 0
    padded[:, 0] = padded[:, height + 1 :] = color
    padded[:, :, 0] = padded[:, :, width + 1 :] = color
    padded[:, 1 : height + 1, 1 : width + 1] = images
    return padded


def _coordinates(canvas: Canvas, rows: Array, shape: tuple[int, ...], axis: int, dtype: np.dtype[np.generic]) -> Array:
    """One coordinate (n, H, W) of the points, from its rows (n, 3) of the maps."""
    count, height, width, _ = shape
    down = rows[:, :1] * (positions(height) - (height - 1) / 2) + rows[:, 2:]
    right = rows[:, 1:2] * (positions(width) - (width - 1) / 2)
    made = canvas.scratch(("down", "right")[axis], (count, height, width), dtype)
    return np.add(down.astype(dtype)[:, :, None], right.astype(dtype)[:, None, :], out=made)


def _bound(points: Array, side: int, fill: Fill) -> None:
    """Brings coordinates into [-1, side], where padding is, or into [0, side - 1], where the image is."""
    if fill in ("black", "mean"):
        np.clip(points, -1, side, out=points)
        return
    if fill == "reflect" and side > 1:
        last = side - 1
        np.mod(points, 2 * last, out=points)
        np.subtract(points, last, out=points)
        np.absolute(points, out=points)
        np.subtract(last, points, out=points)
    np.clip(points, 0, side - 1, out=points)


def _between(flat: Array, index: Array, start: int, share: Array, out: Array, work: Array) -> None:
    """Writes the pixels (n, C) at index + start, and their shares (n, 1) of the ones to their right."""
    np.take(flat[start:], index, axis=0, out=out, mode="clip")
    np.take(flat[start + 1 :], index, axis=0, out=work, mode="clip")
    np.subtract(work, out, out=work)
    np.multiply(work, share, out=work)
    np.add(out, work, out=out)
