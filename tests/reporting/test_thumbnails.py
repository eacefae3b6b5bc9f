from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from scratchnn.reporting.thumbnails import png_of


def pixels(png):
    return np.array(Image.open(BytesIO(png))).tolist()


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.0, 128.4, 255.0], [0, 128, 255]),
        ([0.0, 0.5, 1.0], [0, 128, 255]),
        ([-2.0, 0.0, 2.0], [0, 128, 255]),
        ([7.0, 7.0, 300.0], [0, 0, 255]),
        ([-1.0, -1.0, -1.0], [0, 0, 0]),
        ([0.0, np.nan, 1.0], [0, 0, 255]),
    ],
)
def test_numbers_become_grey_levels(values, expected):
    assert pixels(png_of(np.array(values).reshape(1, 3, 1))) == [expected]


def test_colours_and_large_pictures():
    assert pixels(png_of(np.array([[[255, 0, 10]]]))) == [[[255, 0, 10]]]
    assert Image.open(BytesIO(png_of(np.zeros((300, 200, 3))))).size == (64, 96)
