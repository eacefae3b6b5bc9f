"""The second comparison: seconds and peak memory of whole processes that train on iris, from start to exit."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path

from benchmarks.environment import ROOT, BenchmarkError, child_environment
from benchmarks.libraries import OURS, Library
from benchmarks.rounds import take_turns

CONFIG = ROOT / "configs" / "iris.yaml"
SCRIPTS = {
    "torch": ROOT / "benchmarks" / "iris" / "with_torch.py",
    "scikit-learn": ROOT / "benchmarks" / "iris" / "with_scikit_learn.py",
}


@dataclass(frozen=True)
class Run:
    """What one process took: wall seconds, processor seconds of all threads, peak resident memory."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int


@dataclass(frozen=True)
class ProcessResult:
    """One library; `rounds` has a run for each round."""

    library: str
    rounds: list[Run]

    @property
    def seconds(self) -> list[float]:
        """Wall time, in each round."""
        return [run.seconds for run in self.rounds]

    @property
    def mebibytes(self) -> list[float]:
        """Peak memory, in each round."""
        return [run.peak_bytes / 2**20 for run in self.rounds]


def compare_processes(libraries: list[Library], threads: int, rounds: int) -> list[ProcessResult]:
    """Runs every library that has a script in turn. Raises `BenchmarkError` where one fails."""
    with tempfile.TemporaryDirectory() as folder:
        fresh = (Path(folder) / f"run-{number}" for number in count())

        def play(name: str) -> Run:
            return launch(command(name, next(fresh)), threads)

        players = {library.name: partial(play, library.name) for library in libraries}
        take_turns(players, 1)  # fills the disk cache and writes the byte code
        samples = take_turns(players, rounds)
    return [ProcessResult(name, runs) for name, runs in samples.items()]


def command(name: str, folder: Path) -> list[str]:
    """What is run. scratchnn writes a run directory as always; the scripts of the peers write nothing."""
    if name == OURS:
        main = "from scratchnn.cli.app import main; main()"
        return [sys.executable, "-c", main, "train", str(CONFIG), "--quiet", "--run-dir", str(folder)]
    return [sys.executable, "-m", f"benchmarks.iris.{SCRIPTS[name].stem}"]


def launch(words: list[str], threads: int) -> Run:
    """Runs a command and measures it. Raises `BenchmarkError` where it fails."""
    launcher = [sys.executable, "-IS", str(ROOT / "benchmarks" / "launcher.py"), *words]
    done = subprocess.run(launcher, cwd=ROOT, env=child_environment(threads), capture_output=True, text=True)
    took = json.loads(done.stdout) if done.returncode == 0 else {"code": done.returncode}
    if took.pop("code") != 0:
        raise BenchmarkError(f"{' '.join(words)} failed:\n{done.stderr}")
    return Run(**took)
