from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

IMAGES = np.random.default_rng(1).normal(size=(40, 3, 5, 2)).astype(np.float32)


@pytest.mark.usefixtures("blocks")
@pytest.mark.parametrize(("direction", "axes"), [("horizontal", (2,)), ("vertical", (1,)), ("both", (1, 2))])
def test_every_image_is_mirrored_where_it_is_certain(apply: Any, direction: str, axes: tuple[int, ...]) -> None:
    made, mix = apply({"type": "flip", "direction": direction, "probability": 1.0}, IMAGES)
    np.testing.assert_array_equal(made, np.flip(IMAGES, axes))
    assert mix is None


@pytest.mark.usefixtures("blocks")
def test_the_images_that_are_drawn_are_mirrored_and_no_others(apply: Any) -> None:
    made, _ = apply({"type": "flip", "direction": "both", "probability": 0.3}, IMAGES, seed=3)
    rng = np.random.default_rng(3)
    left, top = rng.random(40) < 0.3, rng.random(40) < 0.3
    assert {(bool(a), bool(b)) for a, b in zip(left, top, strict=True)} == {(a, b) for a in (0, 1) for b in (0, 1)}
    for image, before, across, down in zip(made, IMAGES, left, top, strict=True):
        before = before[:, ::-1] if across else before
        np.testing.assert_array_equal(image, before[::-1] if down else before)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
@given(
    shape=st.tuples(st.integers(1, 5), st.integers(1, 6), st.integers(1, 6), st.integers(1, 3)),
    direction=st.sampled_from(["horizontal", "vertical", "both"]),
    seed=st.integers(0, 1000),
)
def test_twice_the_same_flip_is_none(apply: Any, shape: tuple[int, ...], direction: str, seed: int) -> None:
    images = np.random.default_rng(seed).normal(size=shape)
    flip = {"type": "flip", "direction": direction}
    once, _ = apply(flip, images, seed)
    again, _ = apply(flip, once, seed)
    np.testing.assert_array_equal(again, images)


def test_images_without_a_channel_axis(apply: Any) -> None:
    made, _ = apply({"type": "flip", "probability": 1.0}, IMAGES[..., 0])
    np.testing.assert_array_equal(made, IMAGES[:, :, ::-1, 0])
