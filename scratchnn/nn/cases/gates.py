"""Rows of the layers in which inputs weigh each other."""

from __future__ import annotations

from scratchnn.nn.activations import SiLU, Tanh
from scratchnn.nn.cases.rows import LayerCase
from scratchnn.nn.initializers import Uniform
from scratchnn.nn.layers.gates import GEGLU, GLU, Maxout, PReLU, SqueezeExcite, SwiGLU

LAYERS: tuple[LayerCase, ...] = (
    LayerCase(PReLU(), (5,), 1),
    LayerCase(PReLU(shared=False), (3, 4), 5),
    LayerCase(PReLU(shared=False, slope_init=Uniform(low=-1, high=2)), (7,), 4),
    LayerCase(PReLU(), (2, 3, 4), 3),
    LayerCase(Maxout(), (6,), 1),
    LayerCase(Maxout(pieces=3), (2, 6), 5),
    LayerCase(Maxout(pieces=5), (2, 2, 5), 3),
    *(LayerCase(layer, (2,), 1) for layer in (GLU(), GEGLU(), SwiGLU())),
    *(LayerCase(layer, (3, 6), 5) for layer in (GLU(), GEGLU(), SwiGLU())),
    *(LayerCase(layer, (2, 3, 4), 3) for layer in (GLU(), GEGLU(), SwiGLU())),
    LayerCase(SqueezeExcite(), (3, 4), 1),
    LayerCase(SqueezeExcite(ratio=2), (2, 3, 5), 3),
    LayerCase(SqueezeExcite(ratio=1, activation=SiLU(), gate=Tanh()), (4, 3), 5),
    LayerCase(SqueezeExcite(ratio=2), (4, 3), 5, masked=True),
)
