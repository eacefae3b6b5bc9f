"""Rows of the layers that normalize."""

from __future__ import annotations

from scratchnn.nn.cases.rows import LayerCase
from scratchnn.nn.layers.group_normalization import GroupNorm, InstanceNorm
from scratchnn.nn.layers.row_normalization import L2Normalize, LayerNorm, RMSNorm

LAYERS: tuple[LayerCase, ...] = (
    LayerCase(L2Normalize(), (4,), 1),
    LayerCase(L2Normalize(epsilon=2.0), (3, 5), 4),
    LayerCase(L2Normalize(), (2, 3, 2), 3),
    LayerCase(RMSNorm(), (4,), 1),
    LayerCase(RMSNorm(epsilon=0.1), (3, 5), 4),
    LayerCase(RMSNorm(scale=False), (2, 3, 4), 3),
    LayerCase(LayerNorm(), (4,), 1),
    LayerCase(LayerNorm(epsilon=0.1), (3, 5), 4),
    LayerCase(LayerNorm(axes=2, scale=False), (2, 3, 4), 3),
    LayerCase(LayerNorm(axes=3, center=False), (2, 3, 3), 2),
    LayerCase(LayerNorm(axes=2), (3, 2), 5),
    LayerCase(LayerNorm(scale=False, center=False), (7,), 3),
    LayerCase(GroupNorm(groups=2), (6,), 1),
    LayerCase(GroupNorm(groups=3, epsilon=0.1), (5, 6), 4),
    LayerCase(GroupNorm(groups=1, scale=False), (2, 3, 4), 3),
    LayerCase(GroupNorm(groups=2, center=False), (3, 1, 4), 2),
    LayerCase(GroupNorm(groups=2, scale=False, center=False), (3, 4), 3),
    LayerCase(InstanceNorm(), (4, 3), 1),
    LayerCase(InstanceNorm(epsilon=0.1, scale=True, center=True), (5, 3), 4),
    LayerCase(InstanceNorm(scale=True), (3, 2, 2), 3),
    LayerCase(InstanceNorm(center=True), (7, 1), 2),
)
