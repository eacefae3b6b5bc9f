"""scratchnn crossval: the tables, the JSON, how it is stopped."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest


def test_crossval_shows_each_fold_and_their_spread(cli: Any, folder: Path) -> None:
    outcome = cli("crossval", "c.yaml", "--folds", "3", "--out-of-fold", "said.csv")
    assert (outcome.code, outcome.out) == (0, "")
    lines = outcome.err.splitlines()
    assert [line.split(":")[0] for line in lines[:3]] == ["fold-0", "fold-1", "fold-2"]
    assert lines[4].split() == ["status", "loss", "accuracy", "f1_macro"]
    place = lines.index("over 3 folds")
    assert lines[place + 1].split() == ["mean", "std", "min", "max", "pooled"]
    assert [line.split()[0] for line in lines[place + 2 : place + 5]] == ["loss", "accuracy", "f1_macro"]
    assert lines[-2:-1] == ["wrote 45 out-of-fold predictions to said.csv"]
    assert len((folder / "said.csv").read_text().splitlines()) == 46
    assert cli("crossval", "--resume", "runs/c-cv", "--quiet").err == ""


def test_crossval_in_json(cli: Any) -> None:
    outcome = cli("crossval", "c.yaml", "--folds", "2", "--json", "--require", "accuracy>=1.1")
    assert outcome.code == 8
    made = outcome.json
    assert (made["run_dir"], made["status"], made["rows"]) == ("runs/c-cv", "completed", 45)
    assert set(made["metrics"]["accuracy"]) == {"mean", "std", "min", "max"}
    assert [one["run_dir"] for one in made["folds"]] == ["runs/c-cv/fold-0", "runs/c-cv/fold-1"]
    assert made["requirements"][0]["passed"] is False
    stored = json.loads(Path("runs/c-cv/summary.json").read_text())
    assert made == {**stored, "error": made["error"]}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "there is nothing to train"),
        (["c.yaml", "--resume", "runs/c-cv"], "CONFIG does not go with --resume"),
        (["--resume", "runs/c-cv", "--folds", "3"], "--folds: does not go with --resume"),
        (["--resume", "runs/c-cv", "--repeats", "3"], "--repeats: does not go with --resume"),
        (["c.yaml", "--folds", "0"], "--folds: got 0"),
    ],
)
def test_crossval_refuses_what_does_not_fit(cli: Any, arguments: list[str], message: str) -> None:
    outcome = cli("crossval", *arguments)
    assert outcome.code == 2
    assert message in outcome.err


def test_crossval_says_where_there_is_none(cli: Any) -> None:
    outcome = cli("crossval", "--resume", "nowhere")
    assert outcome.code == 4
    assert outcome.err.startswith("error: nowhere: holds no crossval.json.")


def test_crossval_exits_as_its_first_bad_fold(cli: Any) -> None:
    outcome = cli("crossval", "c.yaml", "--folds", "2", "--set", "optimizer={type: sgd, learning_rate: 1e30}", "--json")
    assert outcome.code == 5
    assert outcome.json["error"]["kind"] == "diverged"
    assert "fold-0: diverged, exit code 5" in outcome.err


def test_sigint_ends_the_children_and_leaves_what_can_go_on(cli: Any, program: list[str], folder: Path) -> None:
    words = ["crossval", "c.yaml", "--folds", "2", "--jobs", "2", "--set", "training.epochs=100000"]
    process = subprocess.Popen([*program, *words, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    logs = [folder / "runs" / "c-cv" / f"fold-{fold}" / "metrics.jsonl" for fold in range(2)]
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not all(log.is_file() for log in logs):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    made = json.loads(out)
    assert (made["status"], made["error"]["kind"]) == ("interrupted", "interrupted")
    assert [one["status"] for one in made["folds"]] == ["interrupted"] * 2
    assert "go on with: scratchnn crossval --resume runs/c-cv" in err
    for log in logs:
        assert json.loads((log.parent / "summary.json").read_text())["status"] == "interrupted"
        with (log.parent / ".lock").open("ab") as file:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # no child holds it any more
