"""Rows of the layers that change shapes and sizes."""

from __future__ import annotations

from scratchnn.nn.cases.rows import LayerCase
from scratchnn.nn.layers.resizing import Upsample2D, UpsampleBilinear2D, ZeroPad2D
from scratchnn.nn.layers.shape import Permute, Reshape

LAYERS: tuple[LayerCase, ...] = (
    LayerCase(Reshape(shape=[1]), (1,), 1),
    LayerCase(Reshape(shape=[2, 3, 1]), (6,), 3),
    LayerCase(Reshape(shape=[-1, 2]), (4, 3), 2, masked=True),
    LayerCase(Permute(order=[0]), (3,), 1),
    LayerCase(Permute(order=[1, 0]), (3, 2), 4, masked=True),
    LayerCase(Permute(order=[2, 0, 1]), (2, 3, 4), 3),
    LayerCase(ZeroPad2D(), (1, 2, 1), 1),
    LayerCase(ZeroPad2D(padding=[0, 2]), (3, 2, 2), 3),
    LayerCase(ZeroPad2D(padding=[1, 0, 2, 3]), (2, 3, 1), 2),
    LayerCase(Upsample2D(), (1, 1, 1), 1),
    LayerCase(Upsample2D(factor=[1, 3]), (3, 2, 2), 3),
    LayerCase(Upsample2D(factor=[3, 2]), (2, 3, 1), 2),
    LayerCase(UpsampleBilinear2D(), (1, 1, 1), 1),
    LayerCase(UpsampleBilinear2D(factor=[1, 3]), (3, 2, 2), 3),
    LayerCase(UpsampleBilinear2D(factor=[3, 2]), (2, 5, 1), 2),
)
