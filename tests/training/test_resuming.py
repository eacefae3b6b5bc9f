"""A training that goes on from a checkpoint is bit for bit the training that never stopped."""

from __future__ import annotations

import numpy as np
import pytest

import scratchnn.training.trainer as module
from scratchnn.errors import ConfigError, ModelError
from scratchnn.nn.layers.activity import ActivityPenalty
from scratchnn.nn.layers.dense import Dense
from scratchnn.training.checkpoint import Checkpoints
from scratchnn.training.events import EpochEnd, Finished, Progress

EARLY = {"patience": 2, "min_delta": 0.02}
TRAININGS = {
    "adam": {"optimizer": {"type": "adam", "learning_rate": 0.03}, "early_stopping": EARLY, "epochs": 9},
    "momentum": {
        "optimizer": {"type": "sgd", "learning_rate": 0.1, "momentum": 0.9, "weight_decay": 0.01},
        "schedule": {"type": "cosine", "warmup_epochs": 1.5},
        "regularization": {"l1": 0.01, "l2": 0.01, "clip_norm": 0.5},
    },
    "early": {
        "optimizer": {"type": "adam", "learning_rate": 0.1},
        "early_stopping": {"patience": 3},
        "layers": [Dense(units=3)],
        "epochs": 30,
    },
    "numbers that are carried": {
        "optimizer": {"type": "nadam", "groups": [{"match": "*.bias", "weight_decay": 0.1}], "lookahead": {"every": 4}},
    },
    "plateau": {
        "optimizer": {"type": "sgd", "learning_rate": 0.3},
        "schedule": {"type": "reduce_on_plateau", "patience": 0, "gamma": 0.5, "threshold": 0.05},
        "epochs": 6,
    },
    "one cycle": {
        "optimizer": "amsgrad",
        "schedule": {"type": "one_cycle", "momentum_cycle": {}},
    },
    "accumulated": {
        "batch_size": 3,
        "accumulate": 3,
        "optimizer": "lamb",
        "regularization": {"constraints": [{"match": "*.weight", "constraint": "max_norm"}], "clip_adaptive": 0.1},
    },
    "moving average": {"averaging": {"type": "ema", "decay": 0.9}, "early_stopping": {"patience": 3}},
    "weight averaging": {"averaging": {"type": "swa", "start": 0.5}, "epochs": 5},
    "schedule free": {"optimizer": {"type": "schedule_free_adamw", "learning_rate": 0.02}, "early_stopping": EARLY},
    "a layer's own constraint": {
        "optimizer": {"type": "adam", "learning_rate": 0.3},
        "layers": [Dense(units=4, constraint="max_norm"), Dense(units=3, constraint="non_negative")],
    },
    "an activity penalty": {"layers": [Dense(units=4), ActivityPenalty(l1=0.1, l2=0.1), Dense(units=3)]},
    "searching": {"optimizer": {"type": "lbfgs", "iterations": 3, "history": 4}, "regularization": {"l2": 0.01}},
    "searching in one batch": {
        "optimizer": {"type": "lbfgs", "iterations": 2, "history": 2},
        "batch_size": "all",
        "averaging": {"type": "ema"},
        "early_stopping": {"patience": 5},
        "epochs": 6,
    },
    "oversampled": {
        "sampling": {"type": "oversample", "ratio": 0.9},
        "batch_size": 7,
        "early_stopping": {"patience": 9},
        "epochs": 3,
    },
    "undersampled": {"sampling": "undersample", "accumulate": 2, "batch_size": 3},
    "sampled in order": {"sampling": "undersample", "shuffle": False, "batch_size": 5},
    "mixed": {"augmentation": [{"type": "mixup", "alpha": 0.7}], "batch_size": 3, "accumulate": 2, "epochs": 3},
    "in order": {"shuffle": False, "validation": None, "monitor": "train.loss"},
}


@pytest.fixture(autouse=True)
def _every_batch(monkeypatch):
    monkeypatch.setattr(module, "PROGRESS_SECONDS", -1.0)


def state(made):
    snapshot = made.trainer.snapshot()
    return snapshot.numbers, {name: array.tobytes() for name, array in snapshot.arrays.items()}


def told(events):
    return [event for event in events if isinstance(event, EpochEnd | Finished | Progress)]


@pytest.mark.parametrize("name", TRAININGS)
def test_from_every_batch_and_every_epoch(make, tmp_path, name):
    settings = TRAININGS[name]
    whole = make(**settings)
    checkpoints = Checkpoints(tmp_path / "checkpoints", keep=10_000, identity={})
    events, paths = [], []
    for event in whole.trainer.events():
        events.append(event)
        if not isinstance(event, Finished):
            paths.append(checkpoints.save(whole.trainer.snapshot()))
            paths[-1] = paths[-1].rename(paths[-1].with_suffix(f".{len(events)}"))
    if name in ("adam", "early"):
        assert events[-1].status == "stopped_early"
    for place, path in enumerate(paths):
        folder = tmp_path / f"from-{place}"
        folder.mkdir()
        path.rename(folder / "000000-000000.safetensors")
        made = make(**settings, seed=5)
        made.trainer.load(Checkpoints(folder, keep=1, identity={}).newest())
        rest = list(made.trainer.events())
        assert told(rest) == told(events[place + 1 :])
        assert state(made) == state(whole)


@pytest.mark.parametrize("batch", [0, 1])
def test_a_loaded_trainer_still_knows_the_last_good_epoch(make, monkeypatch, batch):
    settings = {"optimizer": "sgd", "validation": None, "monitor": "train.loss"}
    made, loaded = make(**settings), make(**settings)
    for event in made.trainer.events():
        if isinstance(event, EpochEnd):
            good = made.network.arena.parameters.copy()
        if isinstance(event, Progress if batch else EpochEnd) and made.trainer.samples_seen == 23 + 8 * batch:
            break
    loaded.trainer.load(made.trainer.snapshot())
    monkeypatch.setattr(loaded.trainer, "_step", lambda rows, rate: (np.nan, 1.0))
    loaded.network.arena.parameters[...] += 1
    *_, last = loaded.trainer.events()
    assert (last.status, last.epochs) == ("diverged", 1)
    np.testing.assert_array_equal(loaded.network.arena.parameters, good)


def test_more_epochs_go_on_where_fewer_ended(make):
    settings = {"optimizer": {"type": "adam", "learning_rate": 0.03}}
    short, long = make(epochs=2, **settings), make(epochs=5, **settings)
    list(short.trainer.events())
    events = list(long.trainer.events())
    longer = make(epochs=5, **settings)
    longer.trainer.load(short.trainer.snapshot())
    rest = list(longer.trainer.events())
    assert [event.epoch for event in rest if isinstance(event, EpochEnd)] == [3, 4, 5]
    assert told(rest) == told(events[-len(rest) + 1 :])
    assert state(longer) == state(long)


def test_fewer_epochs_than_were_trained_are_refused(make):
    made = make(epochs=4)
    list(made.trainer.events())
    with pytest.raises(ConfigError, match=r"4 epochs are trained already, training\.epochs is 3"):
        make(epochs=3).trainer.load(made.trainer.snapshot())
    make(epochs=4).trainer.load(made.trainer.snapshot())


def test_a_finished_training_has_nothing_left_to_do(make):
    made = make(early_stopping={"patience": 2}, epochs=30, layers=[Dense(units=3)])
    *_, last = made.trainer.events()
    again = make(early_stopping={"patience": 2}, epochs=30, layers=[Dense(units=3)])
    snapshot = made.trainer.snapshot()
    again.trainer.load(snapshot)
    assert list(again.trainer.events())[1:] == [last]
    np.testing.assert_array_equal(again.network.arena.parameters, made.network.arena.parameters)


@pytest.mark.parametrize("damage", ["name", "shape", "numbers", "stream", "augmentation"])
def test_a_snapshot_of_another_network_is_refused(make, damage):
    made = make()
    snapshot = make().trainer.snapshot()
    if damage == "name":
        del snapshot.arrays["state"]
    if damage == "shape":
        snapshot.arrays["parameters"] = np.zeros(3, np.float32)
    if damage == "numbers":
        del snapshot.numbers["watch"]
    if damage == "stream":
        snapshot.numbers["streams"]["dropout"]["state"] = "x"
    if damage == "augmentation":
        snapshot.numbers["streams"]["augmentation"]["state"] = "x"
    with pytest.raises(ModelError, match="does not fit this training"):
        made.trainer.load(snapshot)
