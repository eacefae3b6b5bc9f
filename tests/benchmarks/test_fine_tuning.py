from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.fine_tuning import FROZEN, SCRATCH, Counted, count

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_the_command(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    words = ["-m", "benchmarks", "fine-tuning", "--seeds", "1", "--accuracy", "0.1", "--epochs", "1"]
    done = subprocess.run([sys.executable, *words, "--json", str(file)], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(file.read_text())["results"]
    assert [one["way"] for one in found] == [SCRATCH, *FROZEN]
    assert [one["epochs"] for one in found] == [[1]] * 3
    assert all(way in done.stdout for way in FROZEN)


@pytest.mark.slow
def test_frozen_first_layers_need_fewer_epochs() -> None:
    scratch, first, two = count(range(3), 0.95, 12)
    assert scratch.mean is not None
    assert first.mean is not None
    assert two.mean is not None
    assert max(first.mean, two.mean) < scratch.mean


def test_an_accuracy_that_is_not_reached_has_no_mean() -> None:
    assert Counted("a", [3, 4]).mean == 3.5
    assert Counted("a", [3, None]).mean is None
