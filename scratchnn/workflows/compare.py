"""What `scratchnn compare` does: several runs side by side."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from scratchnn.config.differences import Difference, differences
from scratchnn.data.preparation import Part
from scratchnn.errors import UsageError
from scratchnn.nn.memory import Array
from scratchnn.nn.metrics import Metric, Scored, ScoredLabels, ScoredSteps
from scratchnn.nn.paired_tests import PairedTest, holm, mcnemar, sign_flips
from scratchnn.training.evaluation import Evaluator
from scratchnn.workflows.building import resolve_metrics
from scratchnn.workflows.ensembles import Ensemble
from scratchnn.workflows.evaluate import drawing_of, usual_metrics
from scratchnn.workflows.jobs import read_summary
from scratchnn.workflows.judged_rows import new_rows, own_parts
from scratchnn.workflows.model import Model, load_model
from scratchnn.workflows.threads import choose_threads, computing

CONFIDENCE = 0.95
COSTS = ("parameters", "epochs", "seconds", "samples_per_second", "model_bytes", "rows_per_second")


@dataclass(frozen=True)
class ComparedRun:
    """A run with its figures and their intervals, and what it cost.

    `cost`: `parameters`; `epochs`, `seconds` and `samples_per_second` of its training, None where there is no
    summary.json; `model_bytes` of its file; `rows_per_second` that it predicts here. Of an ensemble the sums.
    """

    name: str
    rows: int
    metrics: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    cost: dict[str, float | None]

    def to_json(self) -> dict[str, Any]:
        """The object in machine output."""
        bounds = {name: list(pair) for name, pair in self.intervals.items()}
        made = {"run": self.name, "rows": self.rows, "metrics": self.metrics, "intervals": bounds}
        return made | {"cost": self.cost}


@dataclass(frozen=True)
class PairedComparison:
    """A run against the first one on the same rows: `differences` of metrics, this one's less the first one's.

    Each is the difference with the bounds of its interval by the paired bootstrap: both runs are judged on the same
    draws. `test` is on `on`, and `adjusted` its p-value after Holm where there are several. Where the rows are not the
    same ones, or predictions are no numbers, `reason` says so and there is nothing else.
    """

    name: str
    reason: str = ""
    differences: dict[str, tuple[float, float, float]] = field(default_factory=dict)
    test: PairedTest | None = None
    on: str = ""
    adjusted: float | None = None

    def to_json(self) -> dict[str, Any]:
        """The object in machine output."""
        made: dict[str, Any] = {"run": self.name, "paired": not self.reason}
        if self.reason:
            return made | {"reason": self.reason}
        names = ("difference", "lower", "upper")
        made["differences"] = {name: dict(zip(names, values, strict=True)) for name, values in self.differences.items()}
        if self.test is not None:
            made["test"] = {"name": self.test.name, "on": self.on, "p_value": self.test.p_value}
            made["test"] |= {"p_value_holm": self.adjusted, "counts": list(self.test.counts)}
        return made


@dataclass(frozen=True)
class CompareResult:
    """Several runs side by side. `comparisons` are those of each run but the first with the first."""

    split: str
    confidence: float
    runs: list[ComparedRun]
    config: list[Difference]
    comparisons: list[PairedComparison]
    notes: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """The object in machine output."""
        return {
            "split": self.split,
            "confidence": self.confidence,
            "runs": [run.to_json() for run in self.runs],
            "config": [difference.to_json() for difference in self.config],
            "comparisons": [one.to_json() for one in self.comparisons],
        }


@dataclass(frozen=True)
class _Judged:
    """A run on its rows, and on every draw of them `(metrics, draws)`."""

    run: ComparedRun
    model: Model
    part: Part
    scored: Scored
    drawn: Array
    names: Sequence[str]
    notes: Sequence[str]


def compare(
    runs: Sequence[str | Path],
    *,
    split: str | None = None,
    data: str | Path | None = None,
    targets: str | Path | None = None,
    confidence: float | None = None,
    bootstrap: int | None = None,
    seed: int = 0,
    plugins: Iterable[str | Path] = (),
) -> CompareResult:
    """Compares runs (directories, model files, ensembles): settings, metrics, cost, and each with the first one.

    Metrics are those that some config names, on the rows of `split` (test where None) of each run or on a new file
    `data`, whose targets are in the file `targets` where it holds arrays alone; with intervals by `bootstrap` draws
    (1000 where None) at `confidence` (0.95). Runs that are judged on the very same rows, the same numbers of rows with
    the same targets, are compared row by row: differences by the paired bootstrap, and a test. It is McNemar's exact
    test on which rows are right; for weighted rows, numbers and texts a paired permutation test. Other runs have only
    their own figures. Raises the errors of `scratchnn.errors`.
    """
    paths = [Path(run) for run in runs]
    if len(paths) < 2:
        raise UsageError(
            f"got {'1' if paths else 'no'} run, expected two or more", hint="scratchnn compare runs/a runs/b"
        )
    places = list(map(os.path.realpath, paths))
    if twice := next((path for path, place in zip(paths, places, strict=True) if places.count(place) > 1), None):
        raise UsageError("is named twice", where=str(twice), hint="Name each run once.")
    if split is not None and data is not None:
        raise UsageError("does not go with --data", where="--split", hint="Give one of them.")
    if targets is not None and data is None:
        raise UsageError("does nothing without --data", where="--targets", hint="Add --data FILE.")
    drawing = drawing_of(CONFIDENCE if confidence is None else confidence, bootstrap, seed)
    if drawing is None:  # never: there is a confidence
        raise UsageError("expected a confidence", where="--confidence")
    plugins = tuple(plugins)
    models = [load_model(path, plugins) for path in paths]
    wanted = {metric.name for model in models for metric in resolve_metrics(model.config, model.built)}
    judged = []
    for path, model in zip(paths, models, strict=True):
        metrics = [metric for metric in usual_metrics(model) if metric.name in wanted and metric.scalar]
        part = _part(model, split or "test", data, targets, plugins)
        evaluator = model.evaluator(metrics)
        with computing(choose_threads(model.config, model.built.network, len(part))):
            _, scored = evaluator.judged(part)
            figures = {metric.name: _single(metric, scored) for metric in metrics}
            drawn = drawing.drawn(metrics, scored, np.random.Generator(np.random.PCG64(seed)))
            rate = _rate(evaluator, part)
        intervals = {name: drawing.bounds(_known(own)) for name, own in zip(figures, drawn, strict=True)}
        run = ComparedRun(str(path), len(part), figures, intervals, _cost(model, path, rate))
        judged.append(_Judged(run, model, part, scored, drawn, list(figures), scored.notes))
    pairs = [_compared(judged[0], other, drawing.bounds, seed) for other in judged[1:]]
    configs = [model.config.model_copy(update={"name": None}) for model in models]
    return CompareResult(
        split=split or "test" if data is None else str(data),
        confidence=drawing.confidence,
        runs=[one.run for one in judged],
        config=differences(configs),
        comparisons=_adjusted(pairs),
        notes=[f"{one.run.name}: {note}" for one in judged for note in one.notes],
    )


def _part(
    model: Model, split: str, data: str | Path | None, targets: str | Path | None, plugins: Sequence[str | Path]
) -> Part:
    if data is not None:
        return new_rows(model, data, targets).part
    return own_parts(model, {split}, plugins)[split]


def _single(metric: Metric, scored: Scored) -> float:
    figure = metric.compute(scored)
    return float(figure) if isinstance(figure, int | float) else float("nan")


def _known(drawn: Array) -> Array:
    return np.sort(drawn[~np.isnan(drawn)])


def _rate(evaluator: Evaluator, part: Part) -> float:
    """Rows a second, the second time: the first pass has allocated what it needs."""
    begun = time.perf_counter()
    evaluator.judged(part)
    return len(part) / max(time.perf_counter() - begun, 1e-9)


def _cost(model: Model, path: Path, rate: float) -> dict[str, float | None]:
    members = model.members if isinstance(model, Ensemble) else (model,)
    folder = path if path.is_dir() else model.run.path if model.run is not None else None
    summary: Mapping[str, Any] = {} if folder is None else read_summary(folder)
    costs: dict[str, float | None] = {name: _amount(summary.get(name)) for name in COSTS}
    costs["parameters"] = sum(member.built.network.arena.count for member in members)
    costs["model_bytes"] = sum(member.path.stat().st_size for member in members)
    costs["rows_per_second"] = rate
    return costs


def _amount(value: Any) -> float | None:
    """What a summary tells of a cost; None where that is no amount."""
    return value if isinstance(value, int | float) and 0 <= value <= sys.float_info.max else None


def _compared(first: _Judged, other: _Judged, bounds: Any, seed: int) -> PairedComparison:
    """What can be said of two runs, row by row."""
    if reason := _unlike(first, other):
        return PairedComparison(other.run.name, reason)
    made: dict[str, tuple[float, float, float]] = {}
    for place, name in enumerate(first.names):
        if name in other.names:
            drawn = other.drawn[other.names.index(name)] - first.drawn[place]
            made[name] = (other.run.metrics[name] - first.run.metrics[name], *bounds(_known(drawn)))
    rng = np.random.Generator(np.random.PCG64(seed))
    test, on = _tested(first.scored, other.scored, rng)
    return PairedComparison(other.run.name, "", made, test, on)


def _unlike(first: _Judged, other: _Judged) -> str:
    """Why two runs cannot be compared row by row; nothing where they can."""
    one, two = first.model.encoder, other.model.encoder
    if one.task != two.task or one.target.names != two.target.names:
        return f"its target is another one: {two.task} of {', '.join(two.target.names) or 'the inputs'}"
    if one.class_names != two.class_names or one.target.label_names != two.target.label_names:
        return "its classes are other ones"
    if first.scored.pooled and one != two:
        return "it encodes the inputs in another way, so errors have other units"
    if not np.array_equal(first.part.rows, other.part.rows):
        return "it was judged on other rows"
    if not _are_equal(first.scored.targets, other.scored.targets):
        return "its rows have other targets"
    if not _weigh_alike(first.scored.weights, other.scored.weights):
        return "its rows have other weights"
    for judged in (first, other):
        said = judged.scored.likelihoods if isinstance(judged.scored, ScoredSteps) else judged.scored.predictions
        if not np.isfinite(said).all():
            return f"some predictions of {judged.run.name} are not finite numbers"
    return ""


def _weigh_alike(first: Array | None, second: Array | None) -> bool:
    """Whether rows weigh the same; all as much where there are no weights."""
    one, two = (1.0 if weights is None else weights for weights in (first, second))
    return bool(np.all(np.equal(one, two)))


def _are_equal(first: Array, second: Array) -> bool:
    """Whether targets are the same; numbers that were scaled in two ways come back a little rounded."""
    if first.shape != second.shape or first.dtype.kind != "f":
        return np.array_equal(first, second)
    return bool(np.allclose(first, second, rtol=1e-6, atol=1e-5 * float(np.std(first))))


def _tested(first: Scored, second: Scored, rng: np.random.Generator) -> tuple[PairedTest, str]:
    """The test of two models on the same rows, and what it is on."""
    if isinstance(first, ScoredSteps) and isinstance(second, ScoredSteps):
        lengths = np.ones(len(first.targets), np.int64) if first.lengths is None else first.lengths
        starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        gains = np.add.reduceat((second.likelihoods - first.likelihoods).astype(np.float64), starts)
        return sign_flips(gains, rng), "log loss of sequences"
    weights = first.weights
    if first.targets.ndim == 1 and first.predictions.ndim == 2 and first.predictions.shape[1] > 1:
        if weights is None:
            return mcnemar(first.right, second.right), "right rows"
        gains = second.right.astype(np.float64) - first.right
        return sign_flips(gains * weights, rng), "weighted right rows"
    if isinstance(first, ScoredLabels) and isinstance(second, ScoredLabels):
        wrong = [np.mean(one.labels != one.is_true, axis=1) for one in (first, second)]
        return sign_flips((wrong[1] - wrong[0]) * (1.0 if weights is None else weights), rng), "shares of wrong labels"
    losses = [np.mean(np.square(one.errors), axis=1) for one in (first, second)]
    return sign_flips((losses[1] - losses[0]) * (1.0 if weights is None else weights), rng), "squared errors"


def _adjusted(pairs: Sequence[PairedComparison]) -> list[PairedComparison]:
    """The same with p-values for all tests together."""
    tested = [pair for pair in pairs if pair.test is not None]
    made = dict(
        zip(map(id, tested), holm([pair.test.p_value for pair in tested if pair.test is not None]), strict=True)
    )
    return [
        PairedComparison(one.name, one.reason, one.differences, one.test, one.on, made.get(id(one))) for one in pairs
    ]
