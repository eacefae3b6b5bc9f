"""Fine-tuning the digits 0 to 4 to 5 to 9: with the first layer frozen fewer epochs are needed than from scratch."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import scratchnn
from scratchnn.training.model_file import ModelFile

DIGITS = Path(__file__).parents[2] / "datasets" / "digits.csv"
CONV = {"type": "conv2d", "kernel_size": 3, "padding": "same", "activation": "relu"}
LAYERS = [
    {"type": "reshape", "shape": [8, 8, 1]},
    {**CONV, "filters": 16},
    {**CONV, "filters": 16},
    "max_pool2d",
    {**CONV, "filters": 32},
    "max_pool2d",
    "flatten",
    {"type": "dense", "units": 32, "activation": "relu"},
    {"type": "dense", "units": "auto"},
]
LEVEL = 0.9


def half(name: str, digits: str) -> None:
    with DIGITS.open() as file:
        header, *rows = csv.reader(file)
    place = header.index("digit")
    with Path(name).open("w", newline="") as file:
        csv.writer(file).writerows([header, *(row for row in rows if row[place] in digits)])


def config(source: str, held_back: float, epochs: int, **changes: Any) -> dict[str, Any]:
    split = {"type": "random", "validation": held_back, "test": 0}
    training = {"epochs": epochs, "batch_size": 32, **changes.pop("training", {})}
    return {
        "data": {"source": source, "target": "digit", "split": split},
        "model": {"init": "he_normal", "layers": LAYERS},
        "optimizer": {"type": "adam", "learning_rate": 1e-3},
        "training": training,
        **changes,
    }


def epochs_needed(run: Path) -> int:
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return next((row["epoch"] for row in rows if row["validation"]["accuracy"] >= LEVEL), 1000)


@pytest.mark.slow
def test_the_frozen_first_layer_of_other_digits_helps() -> None:
    """180 rows of the new digits to learn from, 716 to judge on."""
    half("low.csv", "01234")
    half("high.csv", "56789")
    base = scratchnn.train(config("low.csv", 0.15, 12), run_dir="base").run
    start = {"path": "base", "skip": ["7.*", "8.*"]}
    made = config("high.csv", 0.8, 12, **{"from": start, "training": {"freeze": [{"match": "1.*"}]}})
    tuned = scratchnn.train(made)
    scratch = scratchnn.train(config("high.csv", 0.8, 12))
    assert epochs_needed(tuned.run) < epochs_needed(scratch.run)
    assert epochs_needed(tuned.run) <= 12
    old, new = (ModelFile.read(run / "model.safetensors").arrays for run in (base, tuned.run))
    np.testing.assert_array_equal(new["1.weight"], old["1.weight"])
    assert not np.array_equal(new["2.weight"], old["2.weight"])
