"""Which weights a training with an average goes on with, judges, keeps and hands over."""

from __future__ import annotations

import numpy as np
import pytest

import scratchnn.training.trainer as module
from scratchnn.training.events import EpochEnd, Finished, Progress, StopRequest


@pytest.fixture(autouse=True)
def _every_batch(monkeypatch):
    monkeypatch.setattr(module, "PROGRESS_SECONDS", -1.0)


def followed(made):
    """The weights and running statistics after each step, and the events."""
    steps, events = [], []
    arena = made.network.arena
    for event in made.trainer.events():
        events.append(event)
        if isinstance(event, Progress):
            steps.append(np.concatenate([arena.parameters, arena.state]))
    return np.array(steps, np.float64), events


def final(made):
    return np.concatenate([made.network.arena.parameters, made.network.arena.state])


def test_training_itself_is_the_same_with_and_without_an_average(make):
    plain, _ = followed(make())
    for averaging in ("ema", "swa"):
        np.testing.assert_array_equal(followed(make(averaging=averaging))[0], plain)


def test_swa_hands_over_the_mean_of_the_last_epochs(make):
    made = make(averaging={"type": "swa", "start": 0.5})
    steps, events = followed(made)
    np.testing.assert_allclose(final(made), (steps[8] + steps[11]) / 2, rtol=1e-5, atol=1e-7)
    ends = [event for event in events if isinstance(event, EpochEnd)]
    assert ends[-1].validation == made.evaluator.evaluate(made.validation)
    plain = [event for event in followed(make())[1] if isinstance(event, EpochEnd)]
    assert [end.validation for end in ends[:3]] == [end.validation for end in plain[:3]]
    assert ends[3].validation != plain[3].validation
    assert [end.train for end in ends] == [end.train for end in plain]


def test_ema_hands_over_the_moving_average_of_the_steps(make):
    made = make(averaging={"type": "ema", "decay": 0.7, "warmup": False})
    steps, events = followed(made)
    expected = steps[0]
    for step in steps[1:]:
        expected = 0.7 * expected + 0.3 * step
    np.testing.assert_allclose(final(made), expected, rtol=1e-5, atol=1e-7)
    assert events[-2].validation == made.evaluator.evaluate(made.validation)


def test_the_best_epoch_is_that_of_the_average(make):
    made = make(
        averaging={"type": "ema", "decay": 0.8},
        optimizer={"type": "adam", "learning_rate": 0.2},
        early_stopping={"patience": 2},
        epochs=12,
    )
    _, events = followed(made)
    best = next(event for event in events if isinstance(event, EpochEnd) and event.epoch == events[-1].best_epoch)
    assert made.evaluator.evaluate(made.validation) == best.validation


@pytest.mark.parametrize("settings", [{"averaging": "ema"}, {"optimizer": "schedule_free_adamw"}])
def test_an_interrupted_training_shows_the_average_but_keeps_the_weights(make, settings):
    whole, stopped = make(**settings), make(stop=(stop := StopRequest()), **settings)
    for event in stopped.trainer.events():
        if isinstance(event, Progress) and event.epoch == 2:
            stop.requested = True
            raw = stopped.network.arena.parameters.copy()
    assert isinstance(event, Finished)
    assert event.status == "interrupted"
    assert not np.array_equal(stopped.network.arena.parameters, raw)
    np.testing.assert_array_equal(stopped.trainer.snapshot().arrays["parameters"], raw)
    resumed = make(**settings)
    resumed.trainer.load(stopped.trainer.snapshot())
    list(whole.trainer.events())
    list(resumed.trainer.events())
    np.testing.assert_array_equal(final(resumed), final(whole))


def test_schedule_free_judges_and_hands_over_x_not_y(make):
    made = make(optimizer={"type": "schedule_free_adamw", "learning_rate": 0.05})
    steps, events = followed(made)
    z = made.trainer.snapshot().arrays["slots.leaders"]
    y = steps[-1][: z.size]
    np.testing.assert_allclose(made.network.arena.parameters, y + (1 - 1 / 0.9) * (z - y), rtol=1e-5, atol=1e-6)
    assert events[-2].validation == made.evaluator.evaluate(made.validation)


def test_a_loaded_trainer_falls_back_to_the_average_of_the_last_good_epoch(make, monkeypatch):
    made, loaded = make(averaging="ema"), make(averaging="ema")
    for event in made.trainer.events():
        if isinstance(event, EpochEnd) and event.epoch == 2:
            break
    loaded.trainer.load(made.trainer.snapshot())
    assert loaded.trainer.snapshot().numbers["averaged"] == 6
    expected = loaded.trainer.snapshot().arrays["average.parameters"].copy()
    monkeypatch.setattr(loaded.trainer, "_step", lambda rows, rate: (np.nan, 1.0))
    *_, last = loaded.trainer.events()
    assert last.status == "diverged"
    np.testing.assert_array_equal(loaded.network.arena.parameters, expected)
