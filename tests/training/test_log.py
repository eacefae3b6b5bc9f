from __future__ import annotations

import pytest

from scratchnn.training.events import EpochEnd, Finished, Progress, Started
from scratchnn.training.log import describe


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (Started(5, 10), ""),
        (Started(5, 10, 3, 7), "resumed after epoch 3, batch 7 of the next"),
        (Started(5, 10, 0, 7), "resumed after epoch 0, batch 7 of the next"),
        (Started(5, 10, 3, 0), "resumed after epoch 3"),
        (Progress(1, 2, 3, 0.5), ""),
        (EpochEnd(2, 20, 0.1, {"loss": 0.123456, "penalty": 3.0}), "epoch 2  loss 0.1235"),
        (
            EpochEnd(2, 20, 0.1, {"loss": 1e-9}, {"loss": 2.5, "accuracy": 0.75, "confusion_matrix": [[1]]}),
            "epoch 2  loss 1e-09  validation loss 2.5  accuracy 0.75",
        ),
        (Finished("completed", 5, 4), "completed after 5 epochs, best epoch 4"),
        (
            Finished("stopped_early", 9, 6, "validation.loss has not improved for 3 epochs"),
            "stopped early after 9 epochs, best epoch 6: validation.loss has not improved for 3 epochs",
        ),
    ],
)
def test_lines(event, line):
    assert describe(event) == line


def test_the_row_of_an_epoch():
    assert EpochEnd(2, 20, 0.1, {"loss": 0.5}).row() == {
        "epoch": 2, "step": 20, "learning_rate": 0.1, "train": {"loss": 0.5},
    }  # fmt: skip
    assert EpochEnd(2, 20, 0.1, {"loss": 0.5}, {"loss": 0.7}).row()["validation"] == {"loss": 0.7}
