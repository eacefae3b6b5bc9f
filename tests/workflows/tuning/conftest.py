"""A config with a search, for the small table of the workflows' tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SPACE: dict[str, Any] = {
    "optimizer.learning_rate": {"type": "log_uniform", "low": 1e-3, "high": 1e-1},
    "training.batch_size": [8, 16],
}


@pytest.fixture
def search(config: Callable[..., Path]) -> Callable[..., Path]:
    """Writes a config of few epochs with a search; the arguments change its `tune`."""

    def made(space: dict[str, Any] | None = None, changes: dict[str, Any] | None = None, **tune: Any) -> Path:
        section = {"trials": 4, "sampler": "random", "pruner": "none"} | tune
        training = {"epochs": 2, "batch_size": 16, "early_stopping": None}
        return config(**{"training": training, "tune": section | {"space": space or SPACE}} | (changes or {}))

    return made
