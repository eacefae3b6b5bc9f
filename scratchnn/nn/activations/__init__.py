"""Activation functions: the common ones first, then those of straight lines, of curves, and those of whole rows.

An activation is hosted by a layer (`dense`, `activation`) and plans its memory as a layer does. All work in place, and
none but `exponential` overflows for |z| up to 1e9 in float32. z and y are `(B, ..., F)`.
"""

from scratchnn.nn.activations.common import (
    ELU,
    GELU,
    SELU,
    SELU_ALPHA,
    SELU_SCALE,
    Activation,
    GELUTanh,
    LeakyReLU,
    Linear,
    ReLU,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Tanh,
    sigmoid,
)
from scratchnn.nn.activations.curves import CELU, Exponential, LogSigmoid, Mish, Softsign, Squareplus, TanhShrink
from scratchnn.nn.activations.piecewise import (
    HardShrink,
    HardSigmoid,
    HardSwish,
    HardTanh,
    ReLU6,
    SoftShrink,
    Threshold,
)
from scratchnn.nn.activations.rows import LogSoftmax, Sparsemax

__all__ = [
    "CELU",
    "ELU",
    "GELU",
    "SELU",
    "SELU_ALPHA",
    "SELU_SCALE",
    "Activation",
    "Exponential",
    "GELUTanh",
    "HardShrink",
    "HardSigmoid",
    "HardSwish",
    "HardTanh",
    "LeakyReLU",
    "Linear",
    "LogSigmoid",
    "LogSoftmax",
    "Mish",
    "ReLU",
    "ReLU6",
    "SiLU",
    "Sigmoid",
    "SoftShrink",
    "Softmax",
    "Softplus",
    "Softsign",
    "Sparsemax",
    "Squareplus",
    "Tanh",
    "TanhShrink",
    "Threshold",
    "sigmoid",
]
