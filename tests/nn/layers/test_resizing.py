from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from scratchnn.errors import ConfigError, ShapeError
from scratchnn.nn.layer import InputSpec, Layer
from scratchnn.nn.layers.resizing import Upsample2D, UpsampleBilinear2D, ZeroPad2D
from scratchnn.nn.network import Network


@pytest.mark.parametrize(
    ("case", "layer"),
    [
        ("upsample2d", Upsample2D(factor=[2, 3])),
        ("upsample_bilinear2d", UpsampleBilinear2D(factor=[2, 3])),
        ("upsample_bilinear2d_thin", UpsampleBilinear2D(factor=[1, 2])),
        ("zero_pad2d", ZeroPad2D(padding=[1, 0, 2, 3])),
    ],
)
def test_it_agrees_with_torch(case: str, layer: Layer, agree: Callable[..., None]) -> None:
    agree(case, [layer])


@pytest.mark.parametrize(
    ("padding", "rows", "columns"), [(1, (1, 1), (1, 1)), ([2, 1], (2, 2), (1, 1)), ([0, 1, 2, 3], (0, 1), (2, 3))]
)
def test_borders(padding: int | list[int], rows: tuple[int, int], columns: tuple[int, int]) -> None:
    x = np.arange(1.0, 7.0).reshape(1, 2, 3, 1)
    outputs = Network([ZeroPad2D(padding=padding)], InputSpec((2, 3, 1)), dtype="float64").predict(x)
    np.testing.assert_array_equal(outputs, np.pad(x, ((0, 0), rows, columns, (0, 0))))


@pytest.mark.parametrize("layer", [ZeroPad2D(), Upsample2D(), UpsampleBilinear2D()])
def test_only_images(layer: Layer) -> None:
    with pytest.raises(ShapeError, match=r"expects input of shape \(height, width, channels\), got \(4, 2\)\. Add"):
        Network([layer], InputSpec((4, 2)))


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "zero_pad2d", "padding": [1, 2, 3]},
        {"type": "zero_pad2d", "padding": -1},
        {"type": "upsample2d", "factor": 0},
    ],
)
def test_wrong_settings(fields: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=r"padding|factor"):
        Layer.parse(fields)
