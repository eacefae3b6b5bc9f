"""Monte Carlo dropout on the UCI regression sets: one hidden layer of 50 units, twenty splits, test RMSE.

The protocol is that of Gal and Ghahramani 2016: the dropout rate and the weight decay come from a grid, chosen once for
a set on rows held back from the training rows of its first splits; then each split trains on all its training rows.
"""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from benchmarks.environment import BenchmarkError
from scratchnn.config.load import read_document
from scratchnn.errors import ScratchnnError
from scratchnn.workflows.evaluate import evaluate
from scratchnn.workflows.train import train

CONFIG = Path(__file__).parents[1] / "configs" / "uci_mc_dropout.yaml"
PUBLISHED = {"concrete": 4.83, "power-plant": 4.02, "wine-quality-red": 0.622}
"""Mean test RMSE of the authors' experiment with one hidden layer and 100 times the epochs."""
RATES = (0.005, 0.01, 0.05, 0.1)
PENALTIES = (1e-5, 1e-4, 1e-3, 1e-2)
HELD_BACK = 0.2


@dataclass(frozen=True)
class Choice:
    """A point of the grid, with the mean RMSE on the rows held back."""

    rate: float
    l2: float
    rmse: float = math.nan


@dataclass(frozen=True)
class Result:
    """The test RMSE of each split, by the mean of the passes, and what it was trained with."""

    name: str
    epochs: int
    chosen: Choice
    tried: list[Choice]
    rmse: list[float]

    @property
    def mean(self) -> float:
        """Over the splits."""
        return mean(self.rmse)

    @property
    def standard_error(self) -> float:
        """Of the mean; NaN of a single split."""
        return stdev(self.rmse) / math.sqrt(len(self.rmse)) if len(self.rmse) > 1 else math.nan

    def to_json(self) -> dict[str, Any]:
        """The object in the file of results."""
        return asdict(self) | {"mean": self.mean, "published": PUBLISHED.get(self.name)}


@dataclass(frozen=True)
class Experiment:
    """One set: a folder with `data.csv` and `splits.json`."""

    folder: Path
    steps: int
    samples: int

    def __post_init__(self) -> None:
        for name in ("data.csv", "splits.json"):
            if not (self.folder / name).is_file():
                raise BenchmarkError(f"{self.folder} holds no {name}")

    @property
    def splits(self) -> int:
        """How many there are."""
        lists = json.loads((self.folder / "splits.json").read_text(encoding="utf-8"))
        return len(lists["test_rows"])

    @property
    def epochs(self) -> int:
        """As many as give `steps` steps, by the rows of the first split."""
        with (self.folder / "data.csv").open("rb") as file:
            rows = sum(1 for line in file if line.strip()) - 1
        lists = json.loads((self.folder / "splits.json").read_text(encoding="utf-8"))
        size = read_document(CONFIG).data["training"]["batch_size"]
        return math.ceil(self.steps / math.ceil((rows - len(lists["test_rows"][0])) / size))

    def tune(self, splits: int) -> Iterator[Choice]:
        """Each point of the grid, judged on rows held back from the training rows of the first splits."""
        for rate, l2 in product(RATES, PENALTIES):
            choice = Choice(rate, l2)
            found = [self.rmse(choice, fold, "validation") for fold in range(splits)]
            yield Choice(rate, l2, mean(found))

    def rmse(self, choice: Choice, fold: int, part: str = "test") -> float:
        """Trains on a split; the RMSE of the mean of the passes, on the test rows or on rows held back."""
        overrides = [
            f"data.source={self.folder.resolve() / 'data.csv'}",
            f"data.split.path={self.folder.resolve() / 'splits.json'}",
            f"data.split.fold={fold}",
            f"data.split.validation={HELD_BACK if part == 'validation' else 0}",
            f"model.layers.0.rate={choice.rate}",
            f"model.layers.2.rate={choice.rate}",
            f"regularization.l2={choice.l2}",
            f"training.epochs={self.epochs}",
            f"training.checkpoint.every_epochs={self.epochs}",
        ]
        with tempfile.TemporaryDirectory() as folder:
            run = Path(folder) / "run"
            try:
                train(CONFIG, overrides=overrides, run_dir=run)
                judged = evaluate(run, split=part, mc_samples=self.samples, baseline="none")
            except ScratchnnError as error:
                raise BenchmarkError(str(error)) from None
        return float(judged.metrics["rmse"])

    def run(self, tuned_on: int) -> Result:
        """The whole protocol."""
        tried = list(self.tune(min(tuned_on, self.splits)))
        chosen = min(tried, key=lambda choice: choice.rmse)
        rmse = [self.rmse(chosen, fold) for fold in range(self.splits)]
        return Result(self.folder.resolve().name, self.epochs, chosen, tried, rmse)
