"""Rows of the layers that draw."""

from __future__ import annotations

from scratchnn.nn.cases.rows import LayerCase
from scratchnn.nn.layers.noise import AlphaDropout, DropPath, GaussianNoise, SpatialDropout

LAYERS: tuple[LayerCase, ...] = (
    LayerCase(GaussianNoise(), (5,), 1),
    LayerCase(GaussianNoise(deviation=2.0), (3, 4), 5),
    LayerCase(GaussianNoise(deviation=0.0), (2, 3, 4), 3),
    LayerCase(SpatialDropout(), (5,), 1),
    LayerCase(SpatialDropout(rate=0.3), (3, 7), 5),
    LayerCase(SpatialDropout(rate=0.8), (2, 3, 4), 3),
    LayerCase(SpatialDropout(rate=0.0), (3, 4), 3),
    LayerCase(AlphaDropout(), (5,), 1),
    LayerCase(AlphaDropout(rate=0.5), (3, 4), 5),
    LayerCase(AlphaDropout(rate=0.0), (2, 3, 4), 3),
    LayerCase(DropPath(rate=0.5), (5,), 9),
    LayerCase(DropPath(), (3, 4), 1),
    LayerCase(DropPath(rate=0.3), (2, 3, 4), 7),
    LayerCase(DropPath(rate=0.0), (3,), 2),
)
