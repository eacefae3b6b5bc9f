from __future__ import annotations

from typing import Any

import numpy as np

IMAGES = np.random.default_rng(1).normal(size=(50, 3, 4, 2))


def test_brightness_multiplies_the_distance_from_black(apply: Any) -> None:
    made, mix = apply({"type": "brightness", "amount": 0.4}, IMAGES, seed=1, black=(-1.0, 0.5))
    factors = np.random.default_rng(1).uniform(0.6, 1.4, 50)[:, None, None, None]
    black = np.array([-1.0, 0.5])
    np.testing.assert_allclose(made, black + factors * (IMAGES - black), rtol=0, atol=1e-14)
    assert mix is None


def test_contrast_keeps_the_mean_of_each_channel(apply: Any) -> None:
    made, _ = apply({"type": "contrast", "amount": 0.4}, IMAGES, seed=1)
    factors = np.random.default_rng(1).uniform(0.6, 1.4, 50)
    np.testing.assert_allclose(made.mean(axis=(1, 2)), IMAGES.mean(axis=(1, 2)), rtol=0, atol=1e-14)
    np.testing.assert_allclose(made.std(axis=(1, 2)), factors[:, None] * IMAGES.std(axis=(1, 2)), rtol=1e-12)
