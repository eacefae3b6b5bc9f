"""Batch norm cannot train on one sample: a batch size that leaves one is refused before the training starts."""

from __future__ import annotations

from typing import Any

import pytest

from scratchnn.errors import ConfigError
from scratchnn.workflows.train import plan

CONFIG: dict[str, Any] = {
    "data": {"source": {"type": "moons", "samples": 100}, "split": "none"},
    "model": {"layers": [{"type": "dense", "units": 4}, "batch_norm", {"type": "dense", "units": "auto"}]},
}


@pytest.mark.parametrize("batch_size", [33, 99, 1])
def test_a_batch_of_one_sample_is_refused(batch_size: int) -> None:
    with pytest.raises(ConfigError, match="leave a batch of 1, but a layer needs 2 or more to train"):
        plan(CONFIG, overrides=[f"training.batch_size={batch_size}"])


@pytest.mark.parametrize("batch_size", [2, 49, 100, 1000, "all"])
def test_a_batch_of_two_samples_or_more_is_taken(batch_size: int | str) -> None:
    assert plan(CONFIG, overrides=[f"training.batch_size={batch_size}"]).data["rows"] == {"train": 100}
