from __future__ import annotations

import math
from pathlib import Path

import pytest

from scratchnn.cli.console import Console, outcome
from scratchnn.cli.failures import report
from scratchnn.errors import DataError
from scratchnn.workflows.session import TrainResult


def result(**changes):
    values = {"status": "completed", "reason": "", "epochs": 9, "best_epoch": 9, "model_epoch": 9} | changes
    return TrainResult(run=Path("runs/a"), parameters=1, metrics={}, seconds=1.0, samples_per_second=1.0, **values)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, ""),
        ({"best_epoch": 0, "epochs": 0, "model_epoch": 0, "status": "diverged"}, ""),
        ({"best_epoch": 5}, "; best epoch 5, weights of the last"),
        ({"best_epoch": 5, "status": "interrupted"}, "; best epoch 5, weights of the last"),
        ({"best_epoch": 5, "model_epoch": 5, "status": "stopped_early"}, "; weights of the best epoch, 5"),
    ],
)
def test_the_outcome_says_whose_weights_the_model_has(changes, words):
    made = result(**changes)
    epochs = f"{made.epochs} epochs"
    assert outcome(made)[0] == f"{made.status.replace('_', ' ')} after {epochs} in 1.00 s{words}"


def test_what_a_terminal_would_obey_is_not_written(capsys, monkeypatch):
    console = Console()
    console.table("a\x1b[2J", ["class", "n"], [["b\x07\nc", "1"], ["\u202ed", "22"]])
    console.say("e\x9b31m")
    console.warn(["f\r\x1b"])
    console.fail(DataError("g\x1b]0;h"))
    assert report(DataError("i\x1b", where="j\x08"), as_json=False) == 3
    lines = capsys.readouterr().err.splitlines()
    table = ["a?[2J", "class   n", "b? c    1", "?d     22", ""]
    assert lines == [*table, "e?31m", "warning: f ?", "error: g?]0;h", "error: j?: i?"]


def test_sums_of_weights_are_not_shown_to_the_last_bit(capsys):
    matrix = [[0.1 + 0.2, 12.0], [0.0, 123456.0]]
    Console().figures("", {"test": {"confusion_matrix": matrix}}, ["a", "b"])
    lines = capsys.readouterr().err.splitlines()
    assert [line.split() for line in lines[-3:-1]] == [["a", "0.3", "12"], ["b", "0", "123456"]]


def test_a_number_that_is_none_is_a_dash(capsys):
    Console().figures("", {"test": {"r2": math.nan, "mae": 1.0}}, ())
    assert capsys.readouterr().err.splitlines()[1:3] == ["r2        -", "mae  1.0000"]
