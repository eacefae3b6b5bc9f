"""Schedules against PyTorch's over 200 steps (tests/fixtures/make_torch_optimizers.py names the version)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from scratchnn.errors import ConfigError
from scratchnn.nn.schedules import Schedule, Span

with np.load(Path(__file__).parents[2] / "fixtures" / "torch_optimizers.npz", allow_pickle=False) as archive:
    TORCH = {name: archive[name] for name in archive.files}
SPAN = Span(steps_per_epoch=10, epochs=20)
COMPARED = {
    "multi_step": {"type": "multi_step", "milestones": [3, 4, 11], "gamma": 0.3},
    "multi_step_steps": {"type": "multi_step", "milestones": [3, 40, 111], "gamma": 0.3, "by": "step"},
    "exponential_steps": {"type": "exponential", "gamma": 0.99, "by": "step"},
    "linear": {"type": "linear", "first": 0.9, "final": 0.2},
    "linear_epochs": {"type": "linear", "first": 0.9, "final": 0.2, "by": "epoch"},
    "polynomial": {"type": "polynomial", "power": 2.5},
    "cosine_epochs": {"type": "cosine", "final": 0.1, "by": "epoch"},
    "cosine_restarts": {"type": "cosine_restarts", "period": 23, "growth": 2, "final": 0.05, "by": "step"},
    "cosine_restarts_even": {"type": "cosine_restarts", "period": 3, "final": 0.05},
    "one_cycle": {"type": "one_cycle", "momentum_cycle": {}},
    "one_cycle_linear": {
        "type": "one_cycle",
        "rise": 0.21,
        "curve": "linear",
        "first": 0.1,
        "final": 0.01,
        "momentum_cycle": {"low": 0.7, "high": 0.9},
    },
    "cyclic": {"type": "cyclic", "up": 13, "down": 20, "momentum_cycle": {"low": 0.8, "high": 0.9}},
    "cyclic_2": {"type": "cyclic", "up": 20, "mode": "triangular2", "momentum_cycle": {"low": 0.8, "high": 0.9}},
    "cyclic_exp": {
        "type": "cyclic",
        "up": 20,
        "mode": "exp_range",
        "gamma": 0.99,
        "momentum_cycle": {"low": 0.8, "high": 0.9},
    },
    "sequence": {
        "type": "sequence",
        "parts": [
            {"schedule": {"type": "linear", "first": 0.1, "final": 1.0}, "steps": 30},
            {"schedule": {"type": "cosine", "final": 0.2}, "epochs": 7},
            {"schedule": {"type": "exponential", "gamma": 0.98, "by": "step"}},
        ],
    },
}
PLATEAU = {
    "relative": {"gamma": 0.5, "patience": 3, "threshold": 0.01, "cooldown": 2, "floor": 0.01},
    "absolute": {"gamma": 0.3, "patience": 0, "threshold": 0.02, "mode": "absolute"},
    "max": {"gamma": 0.5, "patience": 5, "threshold": 0.05},
}
BY_HAND = {"inverse_time", "inverse_sqrt", "warmup_stable_decay"}


def factors(settings: object, span: Span = SPAN) -> list[float]:
    schedule = Schedule.parse(settings)
    return [schedule.factor(step, span) for step in range(span.steps)]


def test_every_schedule_is_compared():
    elsewhere = {"constant", "step", "exponential", "cosine", "reduce_on_plateau"}
    assert {settings["type"] for settings in COMPARED.values()} | BY_HAND | elsewhere == set(Schedule.members())


@pytest.mark.parametrize("name", COMPARED)
def test_equals_pytorch(name):
    np.testing.assert_allclose(factors(COMPARED[name]), TORCH[f"schedule.{name}"], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", [name for name in COMPARED if f"momentum.{name}" in TORCH])
def test_momentum_equals_pytorch(name):
    schedule = Schedule.parse(COMPARED[name])
    assert schedule.cycles_momentum
    made = [schedule.momentum(step, SPAN) for step in range(200)]
    np.testing.assert_allclose(made, TORCH[f"momentum.{name}"], rtol=1e-9)


@pytest.mark.parametrize("name", PLATEAU)
def test_reduce_on_plateau_equals_pytorch(name):
    schedule = Schedule.parse({"type": "reduce_on_plateau", **PLATEAU[name]})
    state, made = schedule.start(), []
    for epoch, figure in enumerate(TORCH["figures"]):
        made.append(schedule.factor(epoch, SPAN, state))
        state = schedule.observe(state, float(figure), name == "max")
    np.testing.assert_allclose(made, TORCH[f"plateau.{name}"], rtol=1e-12)
    assert len(set(made)) > 3


def test_a_figure_that_is_not_finite_is_no_improvement():
    schedule = Schedule.parse({"type": "reduce_on_plateau", "patience": 1, "gamma": 0.5})
    state = schedule.start()
    for figure in (float("nan"), float("nan"), float("-inf")):
        state = schedule.observe(state, figure, False)
    assert state == {"best": None, "waited": 1, "cooling": 0, "factor": 0.5}


def test_inverse_time_by_hand():
    """Keras' InverseTimeDecay: 1 / (1 + rate k)."""
    assert factors({"type": "inverse_time", "rate": 0.5}, Span(2, 3)) == [1, 1, 1 / 1.5, 1 / 1.5, 0.5, 0.5]
    made = factors({"type": "inverse_time", "rate": 1, "by": "step"}, Span(2, 2))
    np.testing.assert_allclose(made, [1, 1 / 2, 1 / 3, 1 / 4], rtol=1e-15)


def test_inverse_sqrt_with_its_warmup_is_noam():
    """Vaswani et al. 2017, equation 3, over its value at the end of the warm-up."""
    made = factors({"type": "inverse_sqrt", "scale": 40, "warmup_steps": 40})
    noam = [min(step**-0.5, step * 40**-1.5) for step in range(1, 201)]
    np.testing.assert_allclose(made, np.array(noam) / 40**-0.5, rtol=1e-12)


@pytest.mark.parametrize(
    ("curve", "fall"),
    [("linear", [1, 0.75, 0.5, 0.25]), ("sqrt", [1, 0.5, 1 - 0.5**0.5, 1 - 0.75**0.5]), ("cosine", None)],
)
def test_warmup_stable_decay_by_hand(curve, fall):
    """Two steps of warm-up, four of eight flat, four that fall."""
    settings = {"type": "warmup_stable_decay", "decay": 0.5, "curve": curve, "final": 0.0}
    fall = fall or [1, 0.5 + 0.5**1.5, 0.5, 0.5 - 0.5**1.5]
    np.testing.assert_allclose(factors(settings, Span(2, 5)), [0.5, 1, 1, 1, 1, 1, *fall], rtol=1e-12)
    lifted = factors({**settings, "final": 0.2}, Span(2, 5))
    np.testing.assert_allclose(lifted[6:], 0.2 + 0.8 * np.array(fall), rtol=1e-12)


@pytest.mark.parametrize("rise", [0.0, 1.0, 0.3])
@pytest.mark.parametrize("steps", [1, 2, 3])
def test_one_cycle_of_very_short_trainings_is_defined(rise, steps):
    made = factors({"type": "one_cycle", "rise": rise}, Span(steps, 1))
    assert all(0 < factor <= 1 for factor in made)


def test_parts_of_a_sequence_warm_up_for_themselves():
    parts = [
        {"schedule": {"type": "constant", "warmup_steps": 2}, "epochs": 1},
        {"schedule": {"type": "linear", "by": "epoch"}},
    ]
    made = factors({"type": "sequence", "parts": parts, "warmup_steps": 1}, Span(3, 3))
    assert made == [1, 0.5, 1, 1, 1, 1, 1, 0.5, 0.5]


@pytest.mark.parametrize(
    "settings",
    [
        {"type": "multi_step", "milestones": []},
        {"type": "multi_step", "milestones": [3, 3]},
        {"type": "multi_step", "milestones": [0, 3]},
        {"type": "cyclic", "up": 0},
        {"type": "one_cycle", "momentum_cycle": {"low": 0.9, "high": 0.8}},
        {"type": "sequence", "parts": []},
        {"type": "sequence", "parts": [{"schedule": "cosine"}, {"schedule": "constant"}]},
        {"type": "sequence", "parts": [{"schedule": "cosine", "steps": 3}]},
        {"type": "sequence", "parts": [{"schedule": "reduce_on_plateau", "steps": 3}, {"schedule": "constant"}]},
        {"type": "reduce_on_plateau", "gamma": 1.0},
    ],
)
def test_settings_out_of_range(settings):
    with pytest.raises(ConfigError):
        Schedule.parse(settings)
