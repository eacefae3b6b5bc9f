"""Rows of the pooling layers."""

from __future__ import annotations

from scratchnn.nn.cases.rows import LayerCase
from scratchnn.nn.layers.global_pooling import GlobalAvgPool1D, GlobalAvgPool2D, GlobalMaxPool1D, GlobalMaxPool2D
from scratchnn.nn.layers.pooling import AvgPool1D, AvgPool2D, MaxPool1D, MaxPool2D, Pool1D, Pool2D


def _images(pool: type[Pool2D]) -> tuple[LayerCase, ...]:
    return (
        LayerCase(pool(), (4, 6, 3), 1),
        LayerCase(pool(), (5, 7, 2), 3),
        LayerCase(pool(pool_size=1, stride=2), (3, 4, 2), 2),
        LayerCase(pool(pool_size=3, stride=[1, 2]), (5, 6, 2), 2),
        LayerCase(pool(pool_size=[3, 2], padding="same"), (5, 7, 1), 3),
        LayerCase(pool(pool_size=[2, 4], stride=[3, 1], padding="same"), (7, 3, 2), 2),
    )


def _sequences(pool: type[Pool1D]) -> tuple[LayerCase, ...]:
    return (
        LayerCase(pool(), (4, 3), 1),
        LayerCase(pool(pool_size=3, stride=1), (6, 2), 3),
        LayerCase(pool(pool_size=3, stride=2, padding="same"), (6, 2), 2, masked=True),
        LayerCase(pool(pool_size=2, stride=3), (8, 1), 4, masked=True),
    )


LAYERS: tuple[LayerCase, ...] = (
    *_images(MaxPool2D),
    *_images(AvgPool2D),
    *_sequences(MaxPool1D),
    *_sequences(AvgPool1D),
    LayerCase(GlobalMaxPool2D(), (1, 1, 2), 1),
    LayerCase(GlobalMaxPool2D(), (3, 5, 2), 2),
    LayerCase(GlobalMaxPool2D(), (4, 2, 3), 3),
    LayerCase(GlobalAvgPool2D(), (1, 1, 2), 1),
    LayerCase(GlobalAvgPool2D(), (3, 5, 2), 2),
    LayerCase(GlobalAvgPool2D(), (4, 2, 3), 3),
    LayerCase(GlobalMaxPool1D(), (1, 2), 1),
    LayerCase(GlobalMaxPool1D(), (5, 3), 3),
    LayerCase(GlobalMaxPool1D(), (4, 2), 6, masked=True),
    LayerCase(GlobalAvgPool1D(), (1, 2), 1),
    LayerCase(GlobalAvgPool1D(), (5, 3), 3),
    LayerCase(GlobalAvgPool1D(), (4, 2), 6, masked=True),
)
