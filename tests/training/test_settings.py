from __future__ import annotations

import pytest
from pydantic import ValidationError

from scratchnn.training.settings import TrainingSettings


@pytest.mark.parametrize(
    "value",
    [
        {"epochs": 0},
        {"epochs": 1.5},
        {"batch_size": 0},
        {"batch_size": "every"},
        {"early_stopping": {"patience": 0}},
        {"early_stopping": {"min_delta": -0.1}},
        {"early_stopping": {"monitor": "loss"}},
        {"early_stopping": {"monitor": "test.loss"}},
        {"early_stopping": {"min_delta": float("nan")}},
        {"early_stopping": {"min_delta": float("inf")}},
        {"checkpoint": {"keep": 0}},
        {"checkpoint": {"every_epochs": 0}},
        {"class_weights": {"a": -1.0}},
        {"class_weights": {"a": float("nan")}},
        {"class_weights": {"a": float("inf")}},
        {"class_weights": "even"},
        {"shuffle": 1},
    ],
)
def test_what_is_refused(value):
    with pytest.raises(ValidationError):
        TrainingSettings.model_validate(value)


def test_defaults():
    settings = TrainingSettings()
    assert (settings.epochs, settings.batch_size, settings.shuffle) == (50, 32, True)
    assert (settings.early_stopping, settings.class_weights) == (None, None)
    assert (settings.checkpoint.every_epochs, settings.checkpoint.keep) == (1, 2)
