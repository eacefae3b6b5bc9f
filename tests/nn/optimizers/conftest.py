"""The fixture of PyTorch's optimizers, and our own run of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from scratchnn.nn.arena import Arena
from scratchnn.nn.initializers import Normal, Zeros
from scratchnn.nn.layer import InputSpec, Param, Plan
from scratchnn.nn.optimizers import Optimizer
from scratchnn.nn.updater import Updater

Walk = Callable[[object], np.ndarray]

with np.load(Path(__file__).parents[2] / "fixtures" / "torch_optimizers.npz", allow_pickle=False) as archive:
    TORCH = {name: archive[name] for name in archive.files}


def make_arena(dtype: str = "float64") -> Arena:
    """The weight and the bias of the fixture."""
    weight, bias = TORCH["weight"], TORCH["bias"]
    params = {
        "weight": Param(weight.shape, None, Normal(), weight.shape),
        "bias": Param(bias.shape, None, Zeros(), (1, 1), decay=False),
    }
    arena = Arena(Plan(InputSpec((1,)), params=params), np.dtype(dtype))
    for name, slot in arena.slots.items():
        slot.view(arena.parameters)[...] = TORCH[name]
    return arena


@pytest.fixture
def torch() -> dict[str, np.ndarray]:
    return TORCH


@pytest.fixture
def arena() -> Arena:
    return make_arena()


@pytest.fixture
def walk() -> Walk:
    """The parameters after each of the first 3 and then every tenth step, as in the fixture."""

    def walked(settings: object) -> np.ndarray:
        arena = make_arena()
        updater = Updater(Optimizer.parse(settings), arena)
        path = []
        for step, rate in enumerate(TORCH["rates"]):
            for name, slot in arena.slots.items():
                slot.view(arena.gradients)[...] = 0.5 * slot.view(arena.parameters) + TORCH[f"{name}.noise"][step]
            updater.step(float(rate))
            if step < 3 or step % 10 == 9:
                path.append(np.concatenate([slot.view(arena.parameters).ravel() for slot in arena.slots.values()]))
        return np.array(path)

    return walked
