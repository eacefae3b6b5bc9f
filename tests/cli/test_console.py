from __future__ import annotations

from pathlib import Path

import pytest

from scratchnn.cli.console import outcome
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
