"""How the learning rate changes while training, in files of growing complexity: decays, cycles, composed."""

from __future__ import annotations

from scratchnn.nn.schedules.base import CountedSchedule, Schedule, Span, State
from scratchnn.nn.schedules.composed import Part, ReduceOnPlateau, Sequence
from scratchnn.nn.schedules.cycles import CosineRestarts, Cyclic, MomentumCycle, OneCycle
from scratchnn.nn.schedules.decays import (
    Constant,
    Cosine,
    Exponential,
    InverseSqrt,
    InverseTime,
    Linear,
    MultiStep,
    Polynomial,
    Step,
    WarmupStableDecay,
)

__all__ = [
    "Constant",
    "Cosine",
    "CosineRestarts",
    "CountedSchedule",
    "Cyclic",
    "Exponential",
    "InverseSqrt",
    "InverseTime",
    "Linear",
    "MomentumCycle",
    "MultiStep",
    "OneCycle",
    "Part",
    "Polynomial",
    "ReduceOnPlateau",
    "Schedule",
    "Sequence",
    "Span",
    "State",
    "Step",
    "WarmupStableDecay",
]
