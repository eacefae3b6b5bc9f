"""`python -m benchmarks`, as a process: peers are left out, they may not be installed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import scratchnn

ROOT = Path(__file__).parents[2]


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "new" / "results.json"


# Mean loss of the first 20 batches, made with benchmarks/libraries/eager_torch.py and torch 2.13.0.
FIRST_LOSS = {"iris": 1.4074557662, "digits": 2.2779361784}


@pytest.mark.parametrize("workload", ["iris", "digits"])
def test_steps_of_scratchnn(workload: str, file: Path):
    options = ["--workload", workload, "--library", "scratchnn", "--rounds", "2", "--seconds", "0.02"]
    done = run("-m", "benchmarks", *options, "--json", str(file))
    assert done.returncode == 0, done.stderr
    results = json.loads(file.read_text())
    assert results["options"] == {"threads": 2, "rounds": 2, "seconds": 0.02}
    assert results["skipped"] == []
    [one] = results["results"]
    assert one["workload"]["name"] == workload
    assert one["workload"]["layers"][-1] == {"type": "dense", "units": {"iris": 3, "digits": 10}[workload]}
    [library] = one["libraries"]
    assert library["threads"] == 1  # a small step
    assert library["first_loss"] == pytest.approx(FIRST_LOSS[workload], rel=1e-6)
    assert library["first_loss_without_dropout"] is None
    assert [len(measurement["chunks"]) for measurement in library["rounds"]] == [5, 5]
    assert all(microseconds > 5 for microseconds in library["microseconds"])
    assert one["ratios"] == {}
    assert "scratchnn" in done.stdout
    assert f"wrote {file}" in done.stdout


def test_whole_processes_of_scratchnn(file: Path):
    done = run("-m", "benchmarks", "process", "--library", "scratchnn", "--rounds", "1", "--json", str(file))
    assert done.returncode == 0, done.stderr
    results = json.loads(file.read_text())
    assert results["versions"]["scratchnn"] == scratchnn.__version__
    assert results["versions"]["numpy"] == np.__version__
    [library] = results["results"]["libraries"]
    [sample] = library["rounds"]
    assert sample["seconds"] > 0.05
    assert sample["cpu_seconds"] > 0.05
    assert 25 * 2**20 < sample["peak_bytes"] < 250 * 2**20  # Python and NumPy alone take 30 MiB


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--workload", "irs"], '"irs" is none of iris, digits, mnist, wide, cnn, lstm, transformer'),
        (["--library", "numpy"], '"numpy" is none of scratchnn, torch, scikit-learn, jax'),
        (["process", "--library", "jax"], '"jax" is none of scratchnn, torch, scikit-learn'),
        (["--rounds", "2", "process"], "write the options after `process`"),
    ],
)
def test_what_cannot_be_done_is_refused(words: list[str], said: str):
    done = run("-m", "benchmarks", *words)
    assert done.returncode == 2
    assert said in " ".join(done.stderr.replace("│", " ").split())


def test_the_parent_imports_no_peer():
    code = "import sys, benchmarks.cli; print({'torch', 'sklearn', 'jax'} & sys.modules.keys())"
    assert run("-c", code).stdout == "set()\n"
