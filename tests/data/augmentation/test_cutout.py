from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from scratchnn.data.augmentation import Augmentation
from scratchnn.errors import ShapeError

IMAGES = np.random.default_rng(1).normal(size=(60, 6, 9, 2)).astype(np.float32)


@pytest.mark.parametrize(("fill", "color"), [("mean", 0.25), ("black", -0.5)])
@pytest.mark.parametrize(
    ("size", "down", "right"), [(3, 3, 3), (2, 2, 2), (0.25, 2, 2), (0.5, 3, 5), (1, 1, 1), (6, 6, 6)]
)
def test_a_box_around_each_drawn_pixel_is_covered(
    apply: Any, size: float, down: int, right: int, fill: str, color: float
) -> None:
    made, mix = apply({"type": "cutout", "size": size, "fill": fill}, IMAGES, seed=2)
    rng = np.random.default_rng(2)
    rng.random(60)
    rows, columns = rng.integers(6, size=60), rng.integers(9, size=60)
    for image, before, row, column in zip(made, IMAGES, rows, columns, strict=True):
        expected = before.copy()
        for i in range(row - down // 2, row - down // 2 + down):
            for j in range(column - right // 2, column - right // 2 + right):
                if 0 <= i < 6 and 0 <= j < 9:
                    expected[i, j] = color
        np.testing.assert_array_equal(image, expected)
    assert mix is None


def test_several_boxes_each_with_its_probability(apply: Any) -> None:
    made, _ = apply({"type": "cutout", "size": 1, "count": 2, "probability": 0.4}, IMAGES, seed=3)
    rng = np.random.default_rng(3)
    expected = IMAGES.copy()
    for _ in range(2):
        there = rng.random(60) < 0.4
        rows, columns = rng.integers(6, size=60), rng.integers(9, size=60)
        expected[np.flatnonzero(there), rows[there], columns[there]] = 0.25
    np.testing.assert_array_equal(made, expected)
    assert 10 < (expected != IMAGES).any(axis=(1, 2, 3)).sum() < 60


@pytest.mark.parametrize(
    ("size", "message"),
    [
        (7, r"\(cutout\) covers 7 x 7 pixels, but images have 6 x 9\. Set a smaller size"),
        (0.05, r"\(cutout\) covers less than a pixel: 0\.05 of 6\. Set size to 1"),
    ],
)
def test_boxes_that_do_not_fit_are_refused(size: float, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        Augmentation.parse({"type": "cutout", "size": size}).check((6, 9, 2))
