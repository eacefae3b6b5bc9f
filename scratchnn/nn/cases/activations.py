"""Rows of the activations."""

from __future__ import annotations

from scratchnn.nn.activations import (
    ELU,
    GELU,
    SELU,
    GELUTanh,
    LeakyReLU,
    Linear,
    ReLU,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Tanh,
)
from scratchnn.nn.cases.rows import LayerCase, elementwise

ACTIVATIONS: tuple[LayerCase, ...] = (
    *elementwise(Linear()),
    *elementwise(ReLU()),
    *elementwise(LeakyReLU()),
    *elementwise(LeakyReLU(slope=0.3)),
    *elementwise(LeakyReLU(slope=0.0)),
    *elementwise(Sigmoid()),
    *elementwise(Tanh()),
    *elementwise(Softplus()),
    *elementwise(ELU()),
    *elementwise(ELU(alpha=0.3)),
    *elementwise(SELU()),
    *elementwise(SiLU()),
    *elementwise(GELUTanh()),
    *elementwise(GELU()),
    *elementwise(Softmax()),
    LayerCase(Softmax(), (1,), 3),
)
