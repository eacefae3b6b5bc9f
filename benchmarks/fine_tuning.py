"""Fine-tuning on the digits: from 0-4 to 5-9 with frozen first layers, beside the same training from scratch.

Both halves train the network of configs/digits_cnn.yaml. The new digits have 448 rows to learn from, and as many to
judge on. What is counted is epochs until the validation accuracy is reached.
"""

from __future__ import annotations

import csv
import json
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean
from typing import Any

from benchmarks.environment import BenchmarkError
from scratchnn.config.load import read_document
from scratchnn.errors import ScratchnnError
from scratchnn.workflows.train import train

ROOT = Path(__file__).parents[1]
CONFIG = ROOT / "configs" / "digits_cnn.yaml"
DIGITS = ROOT / "datasets" / "digits.csv"
TARGET = "digit"
HEAD = ["8.*", "9.*"]
"""The dense layers, which start afresh."""
FROZEN = {"first layer frozen": ["1.*"], "first two layers frozen": ["1.*", "2.*"]}
SCRATCH = "from scratch"


@dataclass(frozen=True)
class Counted:
    """A way to train, and the epochs that each seed needed; None where the accuracy was not reached."""

    way: str
    epochs: list[int | None]

    @property
    def mean(self) -> float | None:
        """Over the seeds; None where one of them did not reach the accuracy."""
        found = [count for count in self.epochs if count is not None]
        return mean(found) if len(found) == len(self.epochs) else None

    def to_json(self) -> dict[str, Any]:
        """The object in the file of results."""
        return asdict(self) | {"mean": self.mean}


def count(seeds: range, accuracy: float, epochs: int) -> list[Counted]:
    """Trains the old digits once for each seed, and the new ones in each way. Raises `BenchmarkError` on a failure."""
    found: dict[str, list[int | None]] = {way: [] for way in (SCRATCH, *FROZEN)}
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            old, new = (_half(Path(folder), digits) for digits in ("01234", "56789"))
            base = _train(old, seed, 0.15, 30, Path(folder) / "base")
            for number, way in enumerate(found):
                run = Path(folder) / f"run-{number}"
                _train(new, seed, 0.5, epochs, run, None if way == SCRATCH else base, FROZEN.get(way, []))
                found[way].append(_reached(run, accuracy))
    return [Counted(way, counts) for way, counts in found.items()]


def _half(folder: Path, digits: str) -> Path:
    """The rows of these digits as a table."""
    path = folder / f"{digits}.csv"
    with DIGITS.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    place = header.index(TARGET)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *(row for row in rows if row[place] in digits)])
    return path


def _train(
    rows: Path, seed: int, held_back: float, epochs: int, run: Path, base: Path | None = None, frozen: Any = ()
) -> Path:
    """Trains at a constant rate, so that no run depends on how many epochs it was given."""
    document = read_document(CONFIG).data
    config = {
        "seed": seed,
        "data": {
            "source": str(rows),
            "target": TARGET,
            "split": {"type": "random", "validation": held_back, "test": 0},
        },
        "model": document["model"],
        "optimizer": {"type": "adam", "learning_rate": 1e-3},
        "training": {"epochs": epochs, "batch_size": 32, "freeze": [{"match": pattern} for pattern in frozen]},
    }
    try:
        train(config | ({} if base is None else {"from": {"path": str(base), "skip": HEAD}}), run_dir=run)
    except ScratchnnError as error:
        raise BenchmarkError(str(error)) from None
    return run


def _reached(run: Path, accuracy: float) -> int | None:
    lines = (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    rows = map(json.loads, lines)
    return next((row["epoch"] for row in rows if row["validation"]["accuracy"] >= accuracy), None)
