"""Optimizers, in files of growing complexity: momentum, signs, adaptive, adam, adam_variants,
layerwise, factored, quasi_newton (with line_search).

Each is a few in-place passes over slices of flat vectors. p: parameters, g: gradient, lr: learning rate, t: the step,
from 1. Each follows PyTorch where PyTorch has it, else the paper. `weight_decay` is coupled (g += weight_decay * p,
before all else) unless the class says otherwise; it touches decayed parameters only: weights, not biases or gains.
"""

from __future__ import annotations

from scratchnn.nn.optimizers.adam import Adam, AdamW, AMSGrad
from scratchnn.nn.optimizers.adam_variants import AdaMax, NAdam, RAdam, ScheduleFreeAdamW
from scratchnn.nn.optimizers.adaptive import FTRL, AdaDelta, AdaGrad, RMSProp
from scratchnn.nn.optimizers.base import (
    Lookahead,
    Optimizer,
    ParameterGroup,
    ParameterwiseOptimizer,
    SearchingOptimizer,
)
from scratchnn.nn.optimizers.factored import Adafactor, Muon
from scratchnn.nn.optimizers.layerwise import LAMB, LARS
from scratchnn.nn.optimizers.momentum import SGD, Nesterov
from scratchnn.nn.optimizers.quasi_newton import LBFGS
from scratchnn.nn.optimizers.signs import Lion, Rprop

__all__ = [
    "FTRL",
    "LAMB",
    "LARS",
    "LBFGS",
    "SGD",
    "AMSGrad",
    "AdaDelta",
    "AdaGrad",
    "AdaMax",
    "Adafactor",
    "Adam",
    "AdamW",
    "Lion",
    "Lookahead",
    "Muon",
    "NAdam",
    "Nesterov",
    "Optimizer",
    "ParameterGroup",
    "ParameterwiseOptimizer",
    "RAdam",
    "RMSProp",
    "Rprop",
    "ScheduleFreeAdamW",
    "SearchingOptimizer",
]
