"""What a resumed run refuses, adds up and says."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from scratchnn.errors import ConfigError, DataError, ModelError, StorageError
from scratchnn.training.storage import refusals
from scratchnn.workflows.evaluate import evaluate
from scratchnn.workflows.train import resume, train


def test_a_model_without_a_checkpoint_is_not_trained_anew(config):
    run = train(config()).run
    shutil.rmtree(run / "checkpoints")
    before = {path.name: path.read_bytes() for path in run.iterdir() if path.is_file()}
    with pytest.raises(ModelError, match=r"runs/small: has a model, but no checkpoint to go on from\. Start a new run"):
        resume(run, overrides=["training.epochs=1"])
    assert {path.name: path.read_bytes() for path in run.iterdir() if path.is_file()} == before


def test_fewer_epochs_than_are_done_are_refused(config):
    run = train(config()).run
    before = {path.name: path.read_bytes() for path in run.iterdir() if path.is_file()}
    with pytest.raises(ConfigError, match="5 epochs are trained already") as caught:
        resume(run, overrides=["training.epochs=2"])
    assert caught.value.exit_code == 2
    assert {path.name: path.read_bytes() for path in run.iterdir() if path.is_file()} == before


def test_the_seconds_of_all_legs_are_added(config, stopping, monkeypatch):
    clock = iter(float(second) for second in range(10**6))
    monkeypatch.setattr("scratchnn.workflows.session.time.perf_counter", lambda: next(clock))
    part = train(config(), **stopping(2))
    rest = resume(part.run)
    assert 0 < part.seconds < rest.seconds
    assert rest.samples_per_second == pytest.approx(5 * 36 / rest.seconds)
    again = resume(part.run)  # nothing is left to do
    assert rest.seconds <= again.seconds + 3
    assert again.samples_per_second > 0.5 * rest.samples_per_second
    assert json.loads((part.run / "summary.json").read_text())["samples_per_second"] > 0


def test_a_full_disk_says_how_to_go_on(config, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("scratchnn.training.run_directory.RunDirectory.append_metrics", lambda *_: refuse())

        def refuse():
            with refusals(Path("x")):
                fail()

        with pytest.raises(StorageError) as caught:
            train(config())
    assert caught.value.hint == "Free some space. Then go on with: scratchnn train --resume runs/small"


def test_a_run_that_was_moved_to_another_depth_says_why_its_data_is_missing(config):
    run = train(config()).run
    Path("deep/er").mkdir(parents=True)
    moved = shutil.move(run, "deep/er/small")
    for call in (resume, evaluate):
        with pytest.raises(DataError, match="there is no such file") as caught:
            call(moved)
        assert "start at the run directory" in caught.value.hint
