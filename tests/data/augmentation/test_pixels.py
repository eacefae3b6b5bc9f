from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from scratchnn.data.array_inputs import ArrayInputs
from scratchnn.data.augmentation import Augmentation, Augmenter, Pixels, fills_of
from scratchnn.data.encoder import Encoder, TableInputs
from scratchnn.data.features.bent import LogColumn
from scratchnn.data.features.number_column import NumberColumn
from scratchnn.data.targets import Classes

TARGET = Classes(names=["y"], classes=["a", "b"])


def number(place: int, **changes: Any) -> NumberColumn:
    return NumberColumn(**{"name": f"p{place}", "offset": 2.0, "scale": 4.0} | changes)


def table(*columns: Any) -> Encoder:
    return Encoder(inputs=TableInputs(columns=list(columns)), target=TARGET)


def array(shape: list[int], *pairs: tuple[float, float]) -> Encoder:
    offset, scale = zip(*pairs, strict=True)
    return Encoder(inputs=ArrayInputs(shape=shape, offset=list(offset), scale=list(scale)), target=TARGET)


SIX = [number(place) for place in range(6)]
COLORS = [(1.0, 2.0), (3.0, 4.0), (5.0, 6.0)]
FLAT, UNEVEN = Pixels((6,)), Pixels((6,), uneven=True)


@pytest.mark.parametrize(
    ("encoder", "reshaped", "expected"),
    [
        (array([4, 5, 3], *COLORS), (), Pixels((4, 5, 3), (1.0, 3.0, 5.0), (2.0, 4.0, 6.0))),
        (array([4, 5], (1.0, 2.0)), (), Pixels((4, 5), (1.0,), (2.0,))),
        (array([4, 3], *COLORS), (), Pixels((4, 3), (1.0, 3.0, 5.0), (2.0, 4.0, 6.0), uneven=True)),
        (array([6], (1.0, 2.0)), (2, 3), Pixels((2, 3), (1.0,), (2.0,))),
        (array([6], *[(1.0, 2.0)] * 6), (1, 2, 3), Pixels((1, 2, 3), (1.0,), (2.0,))),
        (array([6], *COLORS, *COLORS), (2, 3), UNEVEN),
        (array([6], (1.0, 2.0)), (), FLAT),
        (array([6], (1.0, 2.0)), (3, 3), FLAT),
        (array([6], (1.0, 2.0)), (6,), FLAT),
        (table(*SIX), (2, 3, 1), Pixels((2, 3, 1), (2.0,), (4.0,))),
        (table(*SIX), (), FLAT),
        (table(*SIX[1:], number(9, scale=3.0)), (2, 3), UNEVEN),
        (table(*SIX[1:], number(9, clip=[-1.0, 1.0])), (2, 3), FLAT),
        (table(*SIX[1:], LogColumn(name="l", offset=2.0, scale=4.0)), (2, 3), FLAT),
        (table(*SIX[2:], number(9, fill=0.0, indicator=True)), (2, 3), FLAT),
    ],
)
def test_which_samples_are_images(encoder: Encoder, reshaped: tuple[int, ...], expected: Pixels) -> None:
    assert Pixels.of(encoder, reshaped) == expected


def test_flat_samples_change_as_images_do() -> None:
    members = [Augmentation.parse({"type": "shift", "largest": 1}), Augmentation.parse({"type": "rotate"})]
    encoder = array([24], (3.0, 2.0))
    images = np.random.default_rng(0).normal(size=(9, 4, 3, 2))
    flat = images.reshape(9, 24).copy()
    pixels = Pixels.of(encoder, (4, 3, 2))
    fills = fills_of(members, flat, pixels)
    assert fills.black.tolist() == [-1.5, -1.5]
    Augmenter(members, fills, np.random.default_rng(1), pixels.shape)(flat)
    Augmenter(members, fills, np.random.default_rng(1))(images)
    np.testing.assert_array_equal(flat, images.reshape(9, 24))
