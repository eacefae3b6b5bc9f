"""Rotation, zoom and resized crops: against SciPy (fixtures/make_scipy_warps.py), and where they are exact."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scratchnn.data.augmentation import Canvas, Fills, warp
from scratchnn.data.augmentation.canvas import Scratch
from scratchnn.data.augmentation.rotate import turn

GOLDEN = np.load(Path(__file__).parents[2] / "fixtures" / "scipy_warps.npz")  # SciPy 1.17.1
FILLS = ("black", "mean", "edge", "reflect")


def canvas(images: Any) -> Canvas:
    return Canvas.of(images, Scratch(), Fills(*(GOLDEN[name].astype(images.dtype) for name in ("black", "mean"))))


@pytest.mark.usefixtures("blocks")
@pytest.mark.parametrize("fill", FILLS)
@pytest.mark.parametrize(("dtype", "close"), [("float64", 1e-13), ("float32", 2e-5)])
def test_affine_maps_as_scipys(fill: Any, dtype: str, close: float) -> None:
    images = GOLDEN["images"].astype(dtype)
    warp.warp(canvas(images), GOLDEN["maps"], fill)
    np.testing.assert_allclose(images, GOLDEN[f"warped.{fill}"], rtol=0, atol=close)


@pytest.mark.usefixtures("blocks")
@pytest.mark.parametrize("fill", FILLS)
def test_rotations_as_scipys(fill: Any) -> None:
    images = GOLDEN["images"].copy()
    turn(canvas(images), np.deg2rad(GOLDEN["angles"]), fill)
    np.testing.assert_allclose(images, GOLDEN[f"turned.{fill}"], rtol=0, atol=1e-12)


def test_places_that_float32_cannot_tell_apart_are_computed_in_float64(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if its whole numbers ended early: the same pixels are found."""
    monkeypatch.setattr(warp, "EXACT", 1)
    images = GOLDEN["images"].astype(np.float32)
    warp.warp(canvas(images), GOLDEN["maps"], "black")
    np.testing.assert_allclose(images, GOLDEN["warped.black"], rtol=0, atol=1e-6)


@pytest.mark.parametrize("fill", FILLS)
@pytest.mark.parametrize("quarters", [-2, -1, 0, 1, 2, 3])
def test_quarters_of_a_turn_are_numpy_rot90(fill: Any, quarters: int) -> None:
    images = np.random.default_rng(0).normal(size=(3, 7, 7, 2))
    made = images.copy()
    turn(canvas(made), np.full(3, quarters * np.pi / 2), fill)
    np.testing.assert_allclose(made, np.rot90(images, quarters, (1, 2)), rtol=0, atol=1e-13)
    if quarters == 0:
        np.testing.assert_array_equal(made, images)


@pytest.mark.usefixtures("blocks")
@pytest.mark.parametrize("fill", FILLS)
def test_angles_are_drawn_up_to_the_largest(apply: Any, fill: str) -> None:
    images = GOLDEN["images"].repeat(20, axis=0)
    made, mix = apply({"type": "rotate", "degrees": 30.0, "fill": fill}, images, seed=5)
    angles = np.deg2rad(np.random.default_rng(5).uniform(-30, 30, 100))
    expected = images.copy()
    fills = Fills(np.full(2, -0.5), np.full(2, 0.25))
    turn(Canvas.of(expected, Scratch(), fills), angles, fill)  # type: ignore[arg-type]
    np.testing.assert_array_equal(made, expected)
    assert mix is None


def test_twice_as_large_and_half_as_large(apply: Any) -> None:
    """By hand: pixel 3 of 4 is 1.5 from the centre, its source at 2 of it 0.75 from it, at 2.25."""
    image = np.array([0.0, 4.0, 8.0, 16.0]).repeat(4).reshape(1, 4, 4, 1).swapaxes(1, 2)
    larger, _ = apply({"type": "zoom", "lowest": 2.0, "highest": 2.0, "fill": "edge"}, image)
    np.testing.assert_allclose(larger[0, :, :, 0], [[3.0, 5.0, 7.0, 10.0]] * 4, rtol=1e-14)
    smaller, _ = apply({"type": "zoom", "lowest": 0.5, "highest": 0.5}, image, black=-2.0)
    inner = [-2.0, 2.0, 12.0, -2.0]  # sources -1.5, 0.5, 2.5 and 4.5: beyond the border is only black
    np.testing.assert_allclose(smaller[0, 1:3, :, 0], [inner] * 2, rtol=1e-14)
    np.testing.assert_array_equal(smaller[0, [0, 3]], np.full((2, 4, 1), -2.0))


def test_factors_are_drawn_in_their_range(apply: Any) -> None:
    images = GOLDEN["images"].repeat(20, axis=0)
    made, _ = apply({"type": "zoom", "lowest": 0.6, "highest": 1.4, "fill": "reflect"}, images, seed=6)
    expected = images.copy()
    maps = np.zeros((100, 2, 3))
    maps[:, 0, 0] = maps[:, 1, 1] = 1 / np.random.default_rng(6).uniform(0.6, 1.4, 100)
    maps[:, :, 2] = 2.5, 4.0
    warp.warp(canvas(expected), maps, "reflect")
    np.testing.assert_array_equal(made, expected)


def test_a_box_is_stretched_to_the_size_of_the_image(apply: Any) -> None:
    """On a plane z = 10 i + j, which bilinear values keep, each pixel tells where it comes from."""
    height, width, count = 20, 30, 200
    plane = 10.0 * np.arange(height)[:, None] + np.arange(width)
    images = plane[None, :, :, None].repeat(count, axis=0)
    made, _ = apply({"type": "resized_crop", "smallest": 0.3, "stretch": 1.2}, images, seed=8)
    rng = np.random.default_rng(8)
    area = rng.uniform(0.3, 1, count)
    stretch = np.exp(rng.uniform(-np.log(1.2), np.log(1.2), count))
    high = np.minimum(1, np.sqrt(area / stretch)) * height
    wide = np.minimum(1, np.sqrt(area * stretch)) * width
    top, left = rng.random(count) * (height - high), rng.random(count) * (width - wide)
    rows = np.clip(top[:, None] + (np.arange(height) + 0.5) * high[:, None] / height - 0.5, 0, height - 1)
    columns = np.clip(left[:, None] + (np.arange(width) + 0.5) * wide[:, None] / width - 0.5, 0, width - 1)
    np.testing.assert_allclose(made[..., 0], 10 * rows[:, :, None] + columns[:, None, :], rtol=0, atol=1e-10)
    assert (high / height).min() < 0.6 < 0.95 < (high / height).max()
