"""Training on arrays that stay in their file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scratchnn.errors import DataError
from scratchnn.workflows.audit import audit
from scratchnn.workflows.evaluate import evaluate
from scratchnn.workflows.train import resume, train

CONFIG = """
data:
  source: {type: npy, path: x.npy, targets: y.npy}
  split: {type: random, validation: 0.1, test: 0.1}
model: {layers: [{type: dense, units: 8, activation: relu}, {type: dense, units: auto}]}
optimizer: {type: adam, learning_rate: 1e-2}
training: {epochs: 3, batch_size: 16}
"""

PEAK = """
import resource, subprocess, sys
subprocess.run([sys.executable, "-c", "from scratchnn.cli.app import main; main()", *sys.argv[1:]], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    x = np.random.default_rng(0).integers(-50, 50, (300, 6)).astype(np.float64)
    np.save("x.npy", x)
    np.save("y.npy", (x[:, 0] + x[:, 1] > 0).astype(np.int8))
    Path("c.yaml").write_text(CONFIG)
    return Path("c.yaml")


def stay_in_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scratchnn.data.npy.LARGE", 1)
    monkeypatch.setattr("scratchnn.data.samples.BLOCK_BYTES", 1000)


def test_the_training_is_that_of_an_array_in_memory(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held = train(config, overrides=["data.input_scale=none"])
    stay_in_files(monkeypatch)
    stored = train(config, overrides=["data.input_scale=none"])
    assert stored.metrics == held.metrics
    scaled = train(config)
    assert scaled.metrics["test"]["accuracy"] > 0.9


def test_it_goes_on_and_is_judged_as_another_is(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stay_in_files(monkeypatch)
    whole = train(config, run_dir="whole")
    train(config, run_dir="halves", overrides=["training.epochs=1"])
    halves = resume("halves", overrides=["training.epochs=3"])
    assert halves.metrics == whole.metrics
    assert Path("halves/model.safetensors").read_bytes() == Path("whole/model.safetensors").read_bytes()
    assert evaluate("whole").metrics["accuracy"] == whole.metrics["test"]["accuracy"]
    np.save("x.npy", np.load("x.npy") + 1)
    with pytest.raises(DataError, match="rows are not those of the training"):
        evaluate("whole")


def test_an_audit_looks_at_a_part_of_a_large_file(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stay_in_files(monkeypatch)
    assert "thinned" not in {finding.code for finding in audit(config).findings}
    monkeypatch.setattr("scratchnn.data.audit.reading.MOST_BYTES", 5000)
    found = audit(config)
    assert "thinned" in {finding.code for finding in found.findings}
    assert found.rows == {"train": 80, "validation": 10, "test": 10}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the unit of ru_maxrss is that of Linux")
def test_four_gigabytes_are_trained_on_in_half_a_gigabyte(tmp_path: Path) -> None:
    count, width = 1 << 20, 1 << 10
    x = np.lib.format.open_memmap(tmp_path / "x.npy", "w+", np.float32, (count, width))
    y = np.empty(count, np.int8)
    block = np.random.default_rng(0).random((1 << 14, width), np.float32) - np.float32(0.5)
    for start in range(0, count, len(block)):
        own: np.ndarray[Any, Any] = np.roll(block, start >> 14, axis=1)
        x[start : start + len(block)] = own
        y[start : start + len(block)] = own[:, :8].sum(axis=1) > 0
    x.flush()
    del x
    np.save(tmp_path / "y.npy", y)
    assert (tmp_path / "x.npy").stat().st_size > 4 << 30
    (tmp_path / "c.yaml").write_text(CONFIG)
    words = ["train", str(tmp_path / "c.yaml"), "--run-dir", str(tmp_path / "run"), "--quiet"]
    words += ["--set", "training.epochs=1", "--set", "training.batch_size=1024"]
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    try:
        done = subprocess.run([sys.executable, "-c", PEAK, *words], capture_output=True, env=environment, check=True)
    finally:
        (tmp_path / "x.npy").unlink()
    assert int(done.stdout) < 500 << 10
    assert json.loads((tmp_path / "run/summary.json").read_text())["metrics"]["test"]["accuracy"] > 0.9
