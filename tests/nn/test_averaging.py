"""Averages against PyTorch's AveragedModel (tests/fixtures/make_torch_optimizers.py names the version) and by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from scratchnn.errors import ConfigError
from scratchnn.nn.arena import Arena
from scratchnn.nn.averaging import Average, Averaging
from scratchnn.nn.initializers import Normal
from scratchnn.nn.layer import InputSpec, Param, Plan
from scratchnn.nn.memory import Buffer

with np.load(Path(__file__).parents[1] / "fixtures" / "torch_optimizers.npz", allow_pickle=False) as archive:
    TORCH = {name: archive[name] for name in archive.files}


def arena_of(shape: tuple[int, ...]) -> Arena:
    state = {"running_mean": Buffer((2,), per_sample=False, fill=0.0)}
    params = {"weight": Param(shape, None, Normal(), (1, 1))}
    return Arena(Plan(InputSpec((1,)), params=params, state=state), np.dtype("float64"))


@pytest.mark.parametrize(
    ("name", "settings"), [("ema", {"type": "ema", "decay": 0.9, "warmup": False}), ("swa", {"type": "swa"})]
)
def test_equals_pytorch(name, settings):
    arena = arena_of((5, 3))
    average = Average(Averaging.parse(settings), arena)
    slot = arena.slots["weight"]
    for noise, expected in zip(TORCH["weight.noise"], TORCH[f"average.{name}"], strict=False):
        slot.view(arena.parameters)[...] = noise
        average.add()
        np.testing.assert_allclose(slot.view(average.arrays["parameters"]), expected, rtol=1e-12, atol=1e-14)


def test_the_warmup_follows_faster_at_first():
    """Shares kept: 2/11 at the second average, 3/12 at the third, and so on up to `decay`."""
    ema = Averaging.parse({"type": "ema", "decay": 0.5})
    np.testing.assert_allclose(
        [1 - ema.share(count) for count in (1, 2, 7, 8, 100)], [2 / 11, 3 / 12, 8 / 17, 0.5, 0.5]
    )


def test_running_statistics_are_averaged_too_and_shown():
    arena = arena_of((2,))
    average = Average(Averaging.parse("swa"), arena)
    arena.parameters[...] = 7
    average.show()
    np.testing.assert_array_equal(arena.parameters, 7)
    for value in (1.0, 2.0, 6.0):
        arena.parameters[...] = value
        arena.state[...] = 10 * value
        average.add()
    average.show()
    np.testing.assert_allclose(arena.parameters, 3, rtol=1e-15)
    np.testing.assert_allclose(arena.state, 30, rtol=1e-15)


@pytest.mark.parametrize("settings", [{"type": "ema", "decay": 1.0}, {"type": "swa", "start": 1.0}])
def test_settings_out_of_range(settings):
    with pytest.raises(ConfigError):
        Averaging.parse(settings)
