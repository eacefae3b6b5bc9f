"""Promise: killed at any instant and resumed, a run is bit for bit the run that was never killed."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

PROGRAM = [sys.executable, "-c", "from scratchnn.cli.app import main; main()"]
RUN = Path("runs/small")
SCHEDULE = {"type": "cosine", "warmup_epochs": 2}


@pytest.fixture
def lengthy(config, table, write):
    """A config of many short epochs: much is written, and a kill meets every part of the work."""

    def made(epochs, rows, batch_size=8, schedule=SCHEDULE, optimizer=None):
        write("data/table.csv", table(rows))
        training = {
            "epochs": epochs,
            "batch_size": batch_size,
            "early_stopping": {"patience": epochs, "min_delta": 0.001},
            "checkpoint": {"keep": 3},
        }
        return config(training=training, schedule=schedule, optimizer=optimizer or {})

    return made


def start(*arguments):
    return subprocess.Popen(
        [*PROGRAM, "train", *arguments, "--quiet"], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL
    )


def ended(process):
    """The exit code and what was said."""
    said = process.communicate(timeout=120)[1].decode()
    return process.returncode, said


def kept(run=RUN):
    rows = (run / "metrics.jsonl").read_bytes()
    summary = json.loads((run / "summary.json").read_text())
    for name in ("run_dir", "seconds", "samples_per_second"):
        del summary[name]
    return (run / "model.safetensors").read_bytes(), rows, summary


def whole(path, place):
    """What the run gives that is never killed, and how long it takes."""
    began = time.monotonic()
    code, said = ended(start(str(path), "--run-dir", place))
    assert code == 0, said
    return kept(Path(place)), time.monotonic() - began


def arguments(path):
    return ("--resume", str(RUN)) if (RUN / "config.yaml").is_file() else (str(path),)


def survive(path, moments):
    """Starts, kills after each of the moments, and lets the last process end. How many epochs stood after each kill."""
    epochs = []
    for moment in moments:
        process = start(*arguments(path))
        time.sleep(moment)
        process.kill()
        code, said = ended(process)
        assert code in (0, -signal.SIGKILL), said
        files = list(RUN.glob("checkpoints/[0-9]*")) if RUN.is_dir() else []
        epochs.append(max((int(file.name[:6]) for file in files), default=0))
    code, said = ended(start(*arguments(path)))
    assert code == 0, said
    return epochs


def test_killed_twice(lengthy):
    path = lengthy(epochs=120, rows=60)
    expected, seconds = whole(path, "whole")
    epochs = survive(path, [0.5 * seconds, 0.7 * seconds])
    assert kept() == expected
    assert epochs == sorted(epochs)
    assert sorted(Path("runs").iterdir()) == [RUN]


def test_killed_twice_where_each_step_is_a_search(lengthy):
    search = {"type": "lbfgs", "learning_rate": 1.0, "iterations": 3}
    path = lengthy(epochs=100, rows=60, batch_size="all", schedule=None, optimizer=search)
    expected, seconds = whole(path, "whole")
    epochs = survive(path, [0.5 * seconds, 0.7 * seconds])
    assert kept() == expected
    assert epochs == sorted(epochs)


@pytest.mark.slow
def test_killed_twenty_times(lengthy):
    path = lengthy(epochs=1500, rows=150)
    expected, seconds = whole(path, "whole")
    rng = random.Random(2024)
    epochs = survive(path, [rng.uniform(0.05, 0.3 * seconds + 0.5) for _ in range(20)])
    assert kept() == expected
    assert epochs == sorted(epochs)
    assert len(set(epochs)) > 2  # some of the processes got somewhere before they were killed
    assert [run for run in Path("runs").iterdir() if not run.name.startswith(".")] == [RUN]


@pytest.mark.parametrize("limit", [pytest.param(3000, marks=pytest.mark.slow), 8000])
def test_a_full_disk_ends_with_its_code_and_the_run_goes_on_later(lengthy, limit):
    path = lengthy(epochs=40, rows=60)
    expected, _ = whole(path, "whole")
    limited = f"""
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
from scratchnn.cli.app import main
main()
"""
    command = [sys.executable, "-c", limited, "train", str(path), "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 6
    assert done.stderr.startswith("error: runs/small/")
    assert "File too large" in done.stderr
    code, said = ended(start(*arguments(path)))
    assert code == 0, said
    assert kept() == expected


@pytest.mark.parametrize(
    ("number", "code"), [pytest.param(signal.SIGINT, 130, marks=pytest.mark.slow), (signal.SIGTERM, 143)]
)
def test_a_signal_ends_gently_in_mid_epoch(lengthy, number, code):
    path = lengthy(epochs=6, rows=3000, batch_size=2)
    expected, _ = whole(path, "whole")
    process = start(str(path))
    while not list(RUN.glob("checkpoints/[0-9]*")):
        assert process.poll() is None
        time.sleep(0.001)
    time.sleep(0.02)  # an epoch takes some 80 ms; where others take the processor meanwhile, the next ones are hit
    process.send_signal(number)
    got, said = ended(process)
    assert got == code, said
    newest = max(file.name for file in (RUN / "checkpoints").iterdir())
    assert not newest.endswith("-000000.safetensors")
    assert json.loads((RUN / "summary.json").read_text())["status"] == "interrupted"
    got, said = ended(start("--resume", str(RUN)))
    assert got == 0, said
    assert kept() == expected
