"""Small pictures of inputs that are images. Needs Pillow, which comes with matplotlib."""

from __future__ import annotations

from io import BytesIO

import numpy as np

from scratchnn.nn.memory import Array

LARGEST = 96  # pixels of a side
CHANNELS = (1, 3)


def is_picture(shape: tuple[int, ...]) -> bool:
    """Whether a sample (H, W, C) can be shown: one or three channels, and more than a line.

    >>> is_picture((28, 28, 1)), is_picture((28, 28)), is_picture((8, 8, 7))
    (True, False, False)
    """
    return len(shape) == 3 and shape[2] in CHANNELS and min(shape[:2]) > 1


def png_of(pixels: Array) -> bytes:
    """An image (H, W, C) in the units of its source as a PNG file. Equal pixels give equal bytes.

    0 to 255 and 0 to 1 are taken as they are; other numbers are stretched from the lowest to the highest.
    """
    from PIL import Image

    values = np.nan_to_num(np.asarray(pixels, np.float64))
    low, high = float(values.min()), float(values.max())
    if low >= -1e-3 and 1.001 < high <= 255.5:
        scaled = values
    elif low >= -1e-3 and high <= 1.001:
        scaled = values * 255
    else:
        scaled = (values - low) * (255 / (high - low)) if high > low else values * 0
    bytes_ = np.clip(np.round(scaled), 0, 255).astype(np.uint8)
    image = Image.fromarray(bytes_[:, :, 0] if bytes_.shape[2] == 1 else bytes_)
    image.thumbnail((LARGEST, LARGEST))
    buffer = BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
