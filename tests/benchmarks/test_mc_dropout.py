from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import mc_dropout
from benchmarks.environment import BenchmarkError
from benchmarks.mc_dropout import Choice, Experiment, Result

ROOT = Path(__file__).parents[2]


def write(folder: Path, rows: int = 120) -> Path:
    """A small set in the form of the UCI ones: y = 3 x0 - x1, with two splits."""
    folder.mkdir()
    x = np.random.default_rng(0).standard_normal((rows, 2))
    lines = ["x0,x1,target", *(f"{a},{b},{3 * a - b}" for a, b in x)]
    (folder / "data.csv").write_text("\n".join(lines) + "\n")
    (folder / "splits.json").write_text(json.dumps({"test_rows": [list(range(20)), list(range(20, 40))]}))
    return folder


def test_the_command(tmp_path: Path) -> None:
    folder, file = write(tmp_path / "small"), tmp_path / "results.json"
    words = ["-m", "benchmarks", "mc-dropout", str(folder), "--steps", "5", "--samples", "3", "--json", str(file)]
    done = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (found,) = json.loads(file.read_text())["results"]
    assert (found["name"], found["epochs"], len(found["rmse"])) == ("small", 5, 2)
    assert len(found["tried"]) == len(mc_dropout.RATES) * len(mc_dropout.PENALTIES)
    assert found["chosen"]["rmse"] == min(one["rmse"] for one in found["tried"])
    assert found["mean"] == pytest.approx(sum(found["rmse"]) / 2)
    assert "small" in done.stdout


def test_more_steps_learn_the_set(tmp_path: Path) -> None:
    folder, choice = write(tmp_path / "small"), Choice(0.005, 1e-5)
    few, many = (Experiment(folder, steps, 5).rmse(choice, 0) for steps in (5, 400))
    assert few > 1
    assert many < 0.4


def test_tuning_never_sees_the_test_rows(tmp_path: Path) -> None:
    """The points of the grid get the same figures when the test rows say something else."""
    folder = write(tmp_path / "small")
    experiment = Experiment(folder, 5, 2)
    before = experiment.rmse(Choice(0.1, 1e-4), 0, "validation")
    test = experiment.rmse(Choice(0.1, 1e-4), 0)
    lines = (folder / "data.csv").read_text().splitlines()
    lines[1:21] = [f"{line.rpartition(',')[0]},1000" for line in lines[1:21]]
    (folder / "data.csv").write_text("\n".join(lines) + "\n")
    assert experiment.rmse(Choice(0.1, 1e-4), 0, "validation") == before
    assert experiment.rmse(Choice(0.1, 1e-4), 0) > test + 900


def test_epochs_follow_from_the_rows(tmp_path: Path) -> None:
    folder = write(tmp_path / "small", 420)  # 400 training rows: 4 batches of 128
    assert Experiment(folder, 10, 1).epochs == 3
    assert Experiment(folder, 10, 1).splits == 2


def test_mean_and_standard_error() -> None:
    made = Result("concrete", 1, Choice(0.1, 0.0), [], [4.0, 5.0, 6.0])
    assert (made.mean, made.standard_error) == (5.0, pytest.approx(1 / math.sqrt(3)))
    assert made.to_json()["published"] == 4.83
    assert math.isnan(Result("other", 1, Choice(0.1, 0.0), [], [4.0]).standard_error)


def test_a_folder_without_its_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match=r"holds no data\.csv"):
        Experiment(tmp_path, 1, 1)
