"""Shifts and padded crops against numpy.pad and slices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchnn.data.augmentation import Augmentation, Canvas, Fills
from scratchnn.data.augmentation.canvas import Scratch
from scratchnn.data.augmentation.shift import move
from scratchnn.errors import ShapeError

MODES = {"black": "constant", "mean": "constant", "edge": "edge", "reflect": "reflect"}
COLORS = {"black": -0.5, "mean": 0.25, "edge": 0.0, "reflect": 0.0}


def slow(image: Any, down: int, right: int, fill: str) -> Any:
    """The same with padding that is cut out of."""
    height, width, _ = image.shape
    border = max(abs(down), abs(right))
    extra = {"constant_values": COLORS[fill]} if MODES[fill] == "constant" else {}
    padded = np.pad(image, ((border, border), (border, border), (0, 0)), MODES[fill], **extra)
    return padded[border - down :, border - right :][:height, :width]


@settings(max_examples=60, deadline=None)
@given(
    shape=st.tuples(st.integers(1, 4), st.integers(1, 6), st.integers(1, 6), st.integers(1, 3)),
    fill=st.sampled_from(list(MODES)),
    seed=st.integers(0, 1000),
)
def test_each_image_is_moved_by_its_way(shape: tuple[int, ...], fill: Any, seed: int) -> None:
    """Also by more than its side."""
    rng = np.random.default_rng(seed)
    images = rng.normal(size=shape)
    ways = rng.integers(-9, 10, (2, shape[0]))
    made = images.copy()
    fills = Fills(*(np.full(shape[3], COLORS[name]) for name in ("black", "mean")))
    move(Canvas.of(made, Scratch(), fills), ways[0], ways[1], fill)
    for image, before, down, right in zip(made, images, *ways.tolist(), strict=True):
        np.testing.assert_array_equal(image, slow(before, down, right, fill))


def test_a_whole_pixel_is_numpy_roll_but_for_what_comes_in() -> None:
    images = np.arange(24.0).reshape(1, 4, 6, 1)
    made = images.copy()
    move(Canvas.of(made, Scratch(), Fills(np.array([-1.0]), np.zeros(1))), np.array([1]), np.array([-2]), "black")
    expected = np.roll(images, (1, -2), (1, 2))
    expected[:, 0] = expected[:, :, -2:] = -1
    np.testing.assert_array_equal(made, expected)


@pytest.mark.usefixtures("blocks")
@pytest.mark.parametrize("fill", MODES)
@pytest.mark.parametrize(
    ("augmentation", "down", "right"),
    [
        ({"type": "shift", "largest": 3}, 3, 3),
        ({"type": "shift", "largest": 0.25}, 1, 2),  # 1.25 and 2.25 pixels, rounded
        ({"type": "shift", "largest": 0.3}, 2, 3),  # 1.5 and 2.7
        ({"type": "shift", "largest": 2, "direction": "vertical"}, 2, 0),
        ({"type": "shift", "largest": 2, "direction": "horizontal"}, 0, 2),
        ({"type": "crop", "padding": 2}, 2, 2),
    ],
)
def test_ways_are_drawn_up_to_the_largest(apply: Any, augmentation: Any, down: int, right: int, fill: str) -> None:
    images = np.random.default_rng(2).normal(size=(50, 5, 9, 2)).astype(np.float32)
    made, mix = apply(augmentation | {"fill": fill}, images, seed=4)
    rng = np.random.default_rng(4)
    ways = [rng.integers(-most, most + 1, 50) for most in (down, right)]
    assert [(way.min(), way.max()) for way in ways] == [(-down, down), (-right, right)]
    for image, before, y, x in zip(made, images, *ways, strict=True):
        np.testing.assert_array_equal(image, slow(before, int(y), int(x), fill))
    assert mix is None


@pytest.mark.parametrize(
    ("augmentation", "shape", "message"),
    [
        ({"type": "shift", "largest": 5}, (5, 9, 1), r"moves by up to 5 pixels, but images are 5 high\. Set largest b"),
        ({"type": "shift", "largest": 9}, (12, 9, 1), r"moves by up to 9 pixels, but images are 9 wide"),
        ({"type": "shift", "largest": 0.04}, (8, 9, 1), r"less than a pixel: 0\.04 of 9\. Set largest to 1 pixel, or"),
        (
            {"type": "crop", "padding": 5},
            (5, 9, 1),
            r"pads by 5 pixels, but images are 5 high and 9 wide\. Set padding",
        ),
        ("shift", (13,), r"\(shift\) needs images \(H, W, C\), got samples of shape \(13,\)\. Store images as arrays"),
        ("crop", (2, 3, 4, 5), r"\(crop\) needs images \(H, W, C\), got samples of shape \(2, 3, 4, 5\)"),
    ],
)
def test_images_that_cannot_be_moved_are_refused(augmentation: Any, shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        Augmentation.parse(augmentation).check(shape)


@pytest.mark.parametrize("largest", [1, 4, 0.5, 0.99])
def test_ways_that_fit_are_taken(largest: float) -> None:
    Augmentation.parse({"type": "shift", "largest": largest}).check((5, 9, 1) if largest < 0.9 else (60, 90, 3))
