"""How good the config of `scratchnn init` is, trained as it is written, beside scikit-learn's MLP on the same rows."""

from __future__ import annotations

import math
import tempfile
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np

from benchmarks.environment import BenchmarkError
from scratchnn.data.new_files import read_like
from scratchnn.data.preparation import prepare
from scratchnn.data.proposals import holds_numbers
from scratchnn.data.tables import Table
from scratchnn.training.streams import Streams
from scratchnn.workflows.configs import load_config
from scratchnn.workflows.init import init
from scratchnn.workflows.train import train

SHIPPED = {
    "iris": "species",
    "wine": "cultivar",
    "breast_cancer": "diagnosis",
    "digits": "digit",
    "diabetes": "progression",
}


@dataclass(frozen=True)
class Score:
    """Test figures of several seeds: accuracy, or the root mean squared error. scikit-learn's are empty without it."""

    table: str
    figure: str
    ours: list[float]
    peers: list[float]

    @property
    def reached(self) -> bool | None:
        """Whether our mean is at least as good; None without a peer."""
        if not self.peers:
            return None
        ours, peers = mean(self.ours), mean(self.peers)
        return ours >= peers if self.figure == "accuracy" else ours <= peers


def score(path: Path, target: str, seeds: int) -> Score:
    """Runs `init` once, and `train` and the peer for each of the seeds from 0 on.

    The peer learns from our training and validation rows, since it holds none back by itself, and is judged on the
    same test rows. Raises `BenchmarkError` where the file is no table.
    """
    table = read_like(path)
    if not isinstance(table, Table):
        raise BenchmarkError(f"{path} is no table")
    peer = _peer(table, target) if find_spec("sklearn") else None
    ours: list[float] = []
    peers: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        made = init(path, target, Path(folder) / "config.yaml")
        figure = "accuracy" if made.target.task == "classification" else "rmse"
        for seed in range(seeds):
            changed = [f"seed={seed}"]
            result = train(made.config, overrides=changed, run_dir=Path(folder) / f"run-{seed}")
            ours.append(float(result.metrics["test"][figure]))
            if peer is not None:
                loaded = load_config(made.config, changed)
                data = prepare(loaded.config.data, loaded.base, Streams(seed).split)
                validation = [] if data.validation is None else data.validation.rows.tolist()
                known = np.array(data.train.rows.tolist() + validation)
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # the peer stops after its usual 200 epochs, converged or not
                    peers.append(peer(known, data.parts["test"].rows, figure, seed))
    return Score(path.stem if path.stem != "data" else path.parent.name, figure, ours, peers)


def _peer(table: Table, target: str) -> Callable[[Any, Any, str, int], float]:
    """The usual pipeline: medians for gaps and standard scaling, one-hot for texts, then an MLP as it comes."""
    from sklearn.compose import TransformedTargetRegressor, make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    names = [name for name in table.columns if name != target]
    numeric = [name for name in names if holds_numbers(table, name)]
    columns = [
        table.numbers(name, gaps=True) if name in numeric else np.array(table.texts(name), object) for name in names
    ]
    inputs = np.empty((len(table), len(names)), object)
    for place, column in enumerate(columns):
        inputs[:, place] = column
    places = [names.index(name) for name in numeric]
    others = [place for place in range(len(names)) if place not in places]

    def run(known: Any, test: Any, figure: str, seed: int) -> float:
        scaled = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
        encoded = make_column_transformer((scaled, places), (OneHotEncoder(handle_unknown="ignore"), others))
        if figure == "accuracy":
            labels = np.array(table.texts(target))
            model = make_pipeline(encoded, MLPClassifier(random_state=seed))
            model.fit(inputs[known], labels[known])
            return float(np.mean(model.predict(inputs[test]) == labels[test]))
        numbers = table.numbers(target)
        network = TransformedTargetRegressor(MLPRegressor(random_state=seed), transformer=StandardScaler())
        model = make_pipeline(encoded, network)
        model.fit(inputs[known], numbers[known])
        return math.sqrt(float(np.mean((model.predict(inputs[test]) - numbers[test]) ** 2)))

    return run


def named(words: Sequence[str]) -> list[tuple[Path, str]]:
    """FILE:TARGET as a path and a column; the shipped tables where none is named. Raises `BenchmarkError`."""
    if not words:
        folder = Path(__file__).parents[1] / "datasets"
        return [(folder / f"{name}.csv", target) for name, target in SHIPPED.items()]
    pairs = [word.rpartition(":") for word in words]
    for word, (path, _, target) in zip(words, pairs, strict=True):
        if not path or not target:
            raise BenchmarkError(f"{word} is not FILE:TARGET")
    return [(Path(path), target) for path, _, target in pairs]
