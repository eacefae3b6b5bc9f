"""Rows of the convolutions."""

from __future__ import annotations

from scratchnn.nn.activations import GELU, ReLU, Tanh
from scratchnn.nn.cases.rows import LayerCase
from scratchnn.nn.layers.convolution import Conv1D, Conv2D, Conv2DTranspose
from scratchnn.nn.layers.depthwise import DepthwiseConv2D, SeparableConv2D

LAYERS: tuple[LayerCase, ...] = (
    LayerCase(Conv2D(filters=1, kernel_size=1), (1, 1, 1), 1),
    LayerCase(Conv2D(filters=3, kernel_size=3, activation=ReLU()), (6, 5, 1), 2),
    LayerCase(Conv2D(filters=2, kernel_size=1, bias=False), (3, 2, 4), 3),
    LayerCase(Conv2D(filters=3, kernel_size=[3, 2], padding="same", activation=GELU()), (5, 4, 2), 2),
    LayerCase(Conv2D(filters=2, kernel_size=2, stride=3, padding="same"), (7, 5, 2), 3),
    LayerCase(Conv2D(filters=2, kernel_size=3, stride=[2, 1], dilation=[1, 2]), (7, 6, 2), 1),
    LayerCase(Conv2D(filters=4, kernel_size=3, groups=2, padding=1, activation=Tanh()), (4, 5, 6), 2),
    LayerCase(Conv2D(filters=4, kernel_size=2, groups=2, stride=2, padding=[2, 1]), (5, 4, 2), 2),
    LayerCase(Conv2D(filters=2, kernel_size=2, padding=3, l2=0.1), (2, 3, 9), 2),
    LayerCase(Conv1D(filters=2, kernel_size=1), (4, 3), 1),
    LayerCase(Conv1D(filters=3, kernel_size=3, padding="causal", dilation=2, activation=ReLU()), (5, 2), 3),
    LayerCase(Conv1D(filters=4, kernel_size=2, stride=3, groups=2), (8, 4), 2),
    LayerCase(Conv1D(filters=2, kernel_size=3, padding="same", bias=False), (5, 6), 3, masked=True),
    LayerCase(Conv1D(filters=2, kernel_size=2, stride=2, padding=1), (6, 3), 4, masked=True),
    LayerCase(Conv2DTranspose(filters=2, kernel_size=1), (1, 1, 3), 1),
    LayerCase(Conv2DTranspose(filters=2, kernel_size=3, activation=Tanh()), (3, 4, 2), 2),
    LayerCase(Conv2DTranspose(filters=3, kernel_size=2, stride=3, output_padding=[2, 1], bias=False), (2, 3, 1), 2),
    LayerCase(Conv2DTranspose(filters=2, kernel_size=[3, 4], stride=2, padding="same"), (3, 2, 2), 3),
    LayerCase(Conv2DTranspose(filters=4, kernel_size=3, stride=2, dilation=2, padding=1, groups=2), (3, 2, 2), 2),
    LayerCase(DepthwiseConv2D(kernel_size=1), (2, 3, 2), 1),
    LayerCase(DepthwiseConv2D(kernel_size=[3, 2], padding="same", activation=ReLU()), (5, 4, 3), 3),
    LayerCase(DepthwiseConv2D(kernel_size=[2, 3], stride=2, bias=False), (5, 4, 2), 3),
    LayerCase(DepthwiseConv2D(kernel_size=2, stride=3, dilation=2, padding=1, depth_multiplier=3), (6, 7, 2), 2),
    LayerCase(SeparableConv2D(filters=2, kernel_size=1, bias=False), (2, 3, 3), 1),
    LayerCase(SeparableConv2D(filters=3, kernel_size=3, padding="same", activation=Tanh(), l2=0.1), (4, 5, 2), 2),
    LayerCase(SeparableConv2D(filters=2, kernel_size=2, stride=2, depth_multiplier=2), (5, 4, 2), 3),
    LayerCase(SeparableConv2D(filters=2, kernel_size=2, stride=3, dilation=[2, 1], padding=1), (7, 5, 3), 2),
)
