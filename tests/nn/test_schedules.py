"""Schedules against PyTorch's over 200 steps (tests/fixtures/make_torch_training.py names the version)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scratchnn.errors import ConfigError
from scratchnn.nn.schedules import Schedule, Span

with np.load(Path(__file__).parents[1] / "fixtures" / "torch_training.npz", allow_pickle=False) as archive:
    TORCH = {name: archive[name] for name in archive.files}
SPAN = Span(steps_per_epoch=10, epochs=20)
COMPARED = {
    "constant": {"type": "constant"},
    "step": {"type": "step", "epochs_per_step": 3, "gamma": 0.4},
    "exponential": {"type": "exponential", "gamma": 0.9},
    "cosine": {"type": "cosine", "final": 0.1},
    "cosine_warmup": {"type": "cosine", "final": 0.1, "warmup_steps": 25, "warmup_from": 0.2},
    "step_warmup": {"type": "step", "epochs_per_step": 3, "gamma": 0.4, "warmup_epochs": 2, "warmup_from": 0.5},
}
FALLING: dict[str, dict[str, object]] = {
    "constant": {},
    "exponential": {},
    "step": {},
    "cosine": {},
    "multi_step": {"milestones": [2, 5]},
    "linear": {},
    "polynomial": {},
    "inverse_time": {},
    "inverse_sqrt": {},
    "warmup_stable_decay": {},
    "reduce_on_plateau": {},
}


def factors(settings: object, span: Span = SPAN) -> list[float]:
    schedule = Schedule.parse(settings)
    return [schedule.factor(step, span) for step in range(span.steps)]


@pytest.mark.parametrize("name", COMPARED)
def test_equals_pytorch(name):
    np.testing.assert_allclose(factors(COMPARED[name]), TORCH[f"schedule.{name}"], rtol=1e-12)


def test_changes_come_at_the_end_of_epochs():
    assert factors({"type": "step", "epochs_per_step": 2, "gamma": 0.5}, Span(2, 5)) == [1] * 4 + [0.5] * 4 + [0.25] * 2
    assert factors({"type": "exponential", "gamma": 0.5}, Span(3, 2)) == [1, 1, 1, 0.5, 0.5, 0.5]


def test_cosine_by_hand():
    np.testing.assert_allclose(factors("cosine", Span(4, 1)), [1, 0.5 + 0.5**1.5, 0.5, 0.5 - 0.5**1.5], rtol=1e-15)


@pytest.mark.parametrize(
    "warmup", [{"warmup_steps": 4}, {"warmup_epochs": 2}, {"warmup_epochs": 0.5, "warmup_steps": 3}]
)
def test_warmup_rises_evenly_and_loses_no_step(warmup):
    made = factors({"type": "exponential", "gamma": 0.5, **warmup}, Span(2, 4))
    assert made == [0.25, 0.5, 0.75, 1, 1, 1, 0.5, 0.5]


def test_a_warmup_longer_than_the_training_ends_early():
    assert factors({"type": "cosine", "warmup_steps": 10}, Span(2, 2)) == [0.1, 0.2, 0.3, 0.4]
    assert factors({"type": "cosine", "warmup_steps": 4}, Span(2, 2)) == [0.25, 0.5, 0.75, 1]


@given(
    st.sampled_from(sorted(FALLING)),
    st.integers(1, 30),
    st.integers(1, 20),
    st.integers(0, 40),
    st.floats(0, 1),
    st.floats(0, 3),
)
def test_factors_stay_between_0_and_1_and_never_rise_after_the_warmup(tag, per_epoch, epochs, steps, start, more):
    settings = {"type": tag, **FALLING[tag], "warmup_steps": steps, "warmup_epochs": more, "warmup_from": start}
    span = Span(per_epoch, epochs)
    made = np.array(factors(settings, span))
    warmup = steps + round(more * per_epoch)
    assert ((made >= 0) & (made <= 1 + 1e-12)).all()
    assert (np.diff(made[:warmup]) >= -1e-12).all()
    assert (np.diff(made[warmup:]) <= 1e-12).all()
    assert Schedule.parse(settings).factor(span.steps + 5, span) >= 0


@pytest.mark.parametrize(
    "settings",
    [
        {"type": "step", "epochs_per_step": 0},
        {"type": "exponential", "gamma": 1.1},
        {"type": "cosine", "final": -0.1},
        {"type": "constant", "warmup_epochs": float("inf")},
    ],
)
def test_settings_out_of_range(settings):
    with pytest.raises(ConfigError):
        Schedule.parse(settings)
