"""What the tests of the command line share: a small table, a config for it, and ways to run a command."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scratchnn.cli.app import run

CONFIG = """\
seed: 0
data:
  source: flowers.csv
  target: kind
model:
  layers:
    - {type: dense, units: 8, activation: relu}
    - {type: dense, units: auto}
optimizer: {type: adam, learning_rate: 1e-2}
training:
  epochs: 2
  batch_size: 8
"""


@dataclass
class Outcome:
    """What a command left: its exit code and its two outputs."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one object on stdout."""
        return json.loads(self.out)


Cli = Callable[..., Outcome]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with `flowers.csv` (45 rows, 3 classes), `homes.csv` (numbers), `images.npz`, `c.yaml`."""
    rng = np.random.default_rng(0)
    centres = {"ash": (0.0, 0.0), "elm": (3.0, 0.0), "oak": (0.0, 3.0)}
    kinds = list(centres) * 15
    rows = [(*(np.array(centres[kind]) + rng.normal(size=2)).round(3), kind) for kind in kinds]
    lines = [f"{x},{y},{kind}" for x, y, kind in rows]
    (tmp_path / "flowers.csv").write_text("\n".join(["width,height,kind", *lines]) + "\n")
    lines = [f"{x},{y},{round(x + 2 * y, 3)}" for x, y, _ in rows]
    (tmp_path / "homes.csv").write_text("\n".join(["width,height,price", *lines]) + "\n")
    images = rng.normal(size=(30, 4, 4)).astype(np.float32)
    np.savez(tmp_path / "images.npz", inputs=images, targets=np.arange(30) % 2)
    (tmp_path / "c.yaml").write_text(CONFIG)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def cli(folder: Path, capfd: pytest.CaptureFixture[str]) -> Cli:
    """Runs a command in this process."""

    def call(*arguments: str) -> Outcome:
        capfd.readouterr()
        code = run(list(arguments))
        return Outcome(code, *capfd.readouterr())

    return call


@pytest.fixture
def program() -> list[str]:
    """The words that start the program in a process of its own."""
    return [sys.executable, "-c", "from scratchnn.cli.app import main; main()"]


@pytest.fixture
def process(folder: Path, program: list[str]) -> Cli:
    """Runs a command in a process of its own, as a user does."""

    def call(*arguments: str, **options: Any) -> Outcome:
        done = subprocess.run([*program, *arguments], capture_output=True, text=True, timeout=60, **options)
        return Outcome(done.returncode, done.stdout, done.stderr)

    return call


@pytest.fixture
def spoil(folder: Path) -> Callable[[str, str], None]:
    """Puts one text in place of another in `c.yaml`; in place of all of it where the old text is empty."""

    def replace(old: str, new: str) -> None:
        text = (folder / "c.yaml").read_text()
        assert old in text
        (folder / "c.yaml").write_text(text.replace(old, new, 1) if old else new)

    return replace


@pytest.fixture
def refused(cli: Cli, folder: Path, spoil: Callable[[str, str], None]) -> Callable[..., None]:
    """Trains with the spoilt config: the first line names the place and holds the fragments, and nothing is left."""

    def check(old: str, new: str, place: str, *fragments: str) -> None:
        spoil(old, new)
        outcome = cli("train", "c.yaml")
        assert outcome.code == 2
        assert outcome.out == ""
        first = outcome.err.splitlines()[0]
        assert first.startswith(f"error: c.yaml:{place}: ")
        assert [fragment for fragment in fragments if fragment not in first] == []
        assert not (folder / "runs").exists()

    return check


@pytest.fixture
def refused_by_process(process: Cli, spoil: Callable[[str, str], None]) -> Callable[..., None]:
    """The same in a process of its own, with `--json`."""

    def check(old: str, new: str, place: str, *fragments: str) -> None:
        spoil(old, new)
        outcome = process("train", "c.yaml", "--json")
        assert outcome.code == 2
        assert "Traceback" not in outcome.err
        assert outcome.err.startswith(f"error: c.yaml:{place}: ")
        error = outcome.json["error"]
        assert error["where"] == f"c.yaml:{place}"
        assert all(fragment in f"{error['message']}. {error['hint']}" for fragment in fragments)

    return check


@pytest.fixture(autouse=True)
def hangup_counts() -> Iterator[None]:
    """Tests may run under nohup, which makes this process and its children ignore SIGHUP."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)
