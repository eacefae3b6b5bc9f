"""The `lsuv` start in whole trainings: once, before the first step, on the training rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from scratchnn.nn.network import Network
from scratchnn.training.model_file import ModelFile
from scratchnn.workflows.session import Session
from scratchnn.workflows.train import load, resume, train

DIGITS = Path(__file__).parents[2] / "configs" / "digits.yaml"
INIT = {"model": {"init": "lsuv"}}


@pytest.fixture
def calls(monkeypatch):
    """The rows that each calibration was given."""
    seen = []
    calibrate = Network.calibrate
    monkeypatch.setattr(Network, "calibrate", lambda self, x, **more: seen.append(x) or calibrate(self, x, **more))
    return seen


def test_digits(calls):
    overrides = ["training.epochs=2", "model.init={type: lsuv, samples: 128}"]
    result = train(DIGITS, overrides=overrides)
    assert result.metrics["validation"]["accuracy"] > 0.85
    session = Session(load(DIGITS, overrides, ()))
    assert len(calls) == 1  # only `run` calibrates
    np.testing.assert_array_equal(calls[0], session.data.train.inputs)
    network = session.built.network
    network.calibrate(session.data.train.inputs)
    first = network.arena.named_arrays()
    hidden = session.data.train.inputs[:128] @ first["0.weight"]
    assert hidden.std() == pytest.approx(1, abs=0.01)
    again = np.maximum(hidden, 0) @ first["2.weight"]
    assert again.std() == pytest.approx(1, abs=0.01)


def test_a_run_that_goes_on_is_not_calibrated_again(config, stopping, calls):
    path = config(**INIT)
    whole = train(path).run
    part = train(path, run_dir="runs/part", **stopping(2))
    assert (part.status, len(calls)) == ("interrupted", 2)
    resume(part.run)
    assert len(calls) == 2
    arrays = [ModelFile.read(run / "model.safetensors").arrays for run in (whole, part.run)]
    assert {name: array.tobytes() for name, array in arrays[0].items()} == {
        name: array.tobytes() for name, array in arrays[1].items()
    }


def test_a_run_that_was_stopped_before_its_first_checkpoint_starts_the_same(config, stopping, calls):
    path = config(**INIT)
    whole = train(path).run
    part = train(path, run_dir="runs/part", **stopping(1)).run
    (part / "model.safetensors").unlink()
    for checkpoint in (part / "checkpoints").iterdir():
        checkpoint.unlink()
    resume(part)
    assert len(calls) == 3
    assert (whole / "metrics.jsonl").read_bytes() == (part / "metrics.jsonl").read_bytes()
