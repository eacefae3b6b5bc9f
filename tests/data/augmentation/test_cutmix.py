from __future__ import annotations

from typing import Any

import numpy as np
import pytest


@pytest.mark.parametrize("alpha", [0.5, 1.0])
def test_each_image_has_a_box_of_its_partner_and_the_share_that_is_left(apply: Any, alpha: float) -> None:
    height, width, count = 7, 10, 50
    images = np.arange(count * height * width * 2, dtype=np.float64).reshape(count, height, width, 2)
    made, mix = apply({"type": "cutmix", "alpha": alpha}, images, seed=4)
    rng = np.random.default_rng(4)
    side = np.sqrt(1 - rng.beta(alpha, alpha, count))
    partners = rng.permutation(count)
    rows, columns = rng.integers(height, size=count), rng.integers(width, size=count)
    np.testing.assert_array_equal(mix.partners, partners)
    for place in range(count):
        inside = np.zeros((height, width), bool)
        down, right = int(side[place] * height), int(side[place] * width)
        top, left = rows[place] - down // 2, columns[place] - right // 2
        inside[max(top, 0) : top + down, max(left, 0) : left + right] = True
        expected = np.where(inside[:, :, None], images[partners[place]], images[place])
        np.testing.assert_array_equal(made[place], expected)
        assert mix.shares[place] == pytest.approx(1 - inside.mean(), abs=1e-15)
    assert 0.3 < mix.shares.mean() < 0.8


def test_images_without_a_channel_axis(apply: Any) -> None:
    images = np.random.default_rng(0).normal(size=(8, 5, 6)).astype(np.float32)
    flat, mix = apply("cutmix", images, seed=1)
    whole, same = apply("cutmix", images[..., None], seed=1)
    np.testing.assert_array_equal(flat, whole[..., 0])
    np.testing.assert_array_equal(mix.shares, same.shares)
