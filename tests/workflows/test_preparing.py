"""Trainings on tables whose encoded rows stay beside the runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from scratchnn.errors import DataError
from scratchnn.workflows.evaluate import evaluate
from scratchnn.workflows.session import Preparing, Told
from scratchnn.workflows.train import resume, train

CONFIG = """
data: {source: t.csv, target: label, cache: always, features: {color: {type: category, encode: target}}}
model: {layers: [{type: dense, units: 8, activation: relu}, {type: dense, units: auto}]}
optimizer: {type: adam, learning_rate: 1e-2}
training: {epochs: 4, batch_size: 16, early_stopping: {patience: 5}}
"""

PEAK = """
import resource, subprocess, sys
subprocess.run([sys.executable, "-c", "from scratchnn.cli.app import main; main()", *sys.argv[1:]], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def write(path: Path, count: int) -> None:
    rng = np.random.default_rng(0)
    with path.open("w") as file:
        file.write("x,y,color,label\n")
        for _ in range(count // 100):
            block = rng.normal(size=(100, 2))
            colors = rng.integers(0, 3, 100)
            file.writelines(
                f"{x:.5g},{y:.5g},{'rgb'[c]},{'yes' if x + y + c > 1 else 'no'}\n"
                for (x, y), c in zip(block.tolist(), colors.tolist(), strict=True)
            )


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write(Path("t.csv"), 600)
    Path("c.yaml").write_text(CONFIG)
    return Path("c.yaml")


def test_the_training_is_that_of_a_table_in_memory(config: Path) -> None:
    told: list[Told] = []
    held = train(config, overrides=["data.cache=never"], run_dir="held", listener=told.append)
    assert not [event for event in told if isinstance(event, Preparing)]
    kept = train(config, run_dir="kept", listener=told.append)
    assert len([event for event in told if isinstance(event, Preparing)]) == 1
    assert kept.metrics == held.metrics
    assert kept.metrics["test"]["accuracy"] > 0.9
    assert len(list(Path(".cache").iterdir())) == 1
    train(config, run_dir="again", listener=told.append)
    assert len([event for event in told if isinstance(event, Preparing)]) == 1


def test_it_is_judged_and_goes_on_with_and_without_what_was_kept(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = train(config)
    train(config, overrides=["training.epochs=2"])
    resumed = resume("runs/c-2", overrides=["training.epochs=4"])
    assert resumed.metrics == whole.metrics
    for part in ("train", "validation", "test"):
        assert evaluate("runs/c", split=part).metrics["loss"] == whole.metrics[part]["loss"]
    [made] = Path("runs/.cache").iterdir()
    for path in made.iterdir():
        path.unlink()
    made.rmdir()  # safe to delete
    assert evaluate("runs/c", split="train").metrics["loss"] == whole.metrics["train"]["loss"]
    assert resume("runs/c-2").metrics == whole.metrics
    monkeypatch.setattr("scratchnn.workflows.preparing.is_large", lambda settings, base: False)
    assert evaluate("runs/c").metrics["loss"] == whole.metrics["test"]["loss"]  # a machine with more memory
    assert resume("runs/c-2", overrides=["data.cache=never"]).metrics == whole.metrics
    with Path("t.csv").open("a") as file:
        file.write("1,2,r,yes\n")
    with pytest.raises(DataError, match="rows are not those of the training"):
        evaluate("runs/c")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the unit of ru_maxrss is that of Linux")
def test_memory_hardly_grows_with_the_rows(config: Path) -> None:
    peaks = []
    for count in (500_000, 2_500_000):
        write(Path("t.csv"), count)
        words = ["train", str(config), "--quiet", "--set", "training.epochs=1", "--set", "training.batch_size=4096"]
        environment = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
        done = subprocess.run([sys.executable, "-c", PEAK, *words], capture_output=True, env=environment, check=True)
        peaks.append(int(done.stdout))
    assert peaks[1] < 500 << 10
    assert (peaks[1] - peaks[0]) * 1024 < 120 * 2_000_000  # bytes for each more row: its target, its place in a part
