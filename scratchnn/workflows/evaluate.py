"""What `scratchnn evaluate` does: a model and rows with targets in, metrics out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from scratchnn.data.preparation import Part, encode, read_path, read_text, used_rows
from scratchnn.data.tables import Table
from scratchnn.data.text import Text
from scratchnn.data.vocabulary import TextInputs
from scratchnn.data.window_inputs import WindowInputs
from scratchnn.data.windowing import in_series
from scratchnn.errors import ConfigError, DataError, UsageError
from scratchnn.nn.metrics import Bootstrap, Intervals, Metric, Scored
from scratchnn.training.linear_baseline import LinearBaseline
from scratchnn.workflows.baselines import Baseline, BaselineKind, check_kind, compare, single_figures
from scratchnn.workflows.building import figure_names, resolve_metrics, target_check
from scratchnn.workflows.configs import load_config, paths_of_runs
from scratchnn.workflows.ensembles import EnsembleEvaluator
from scratchnn.workflows.identity import fingerprints
from scratchnn.workflows.model import Model, load_model
from scratchnn.workflows.preparing import prepare_rows
from scratchnn.workflows.requirements import Requirement, Verdict, judge
from scratchnn.workflows.spread import Spread
from scratchnn.workflows.threads import choose_threads, computing

FEWEST_DRAWS = 20
SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class EvaluateResult:
    """Metrics on one split or on new rows. `classes` names its classes or labels.

    `intervals` are those of the metrics that are single numbers, at `confidence`, where they were asked for.
    `baselines` are the same metrics of models that know less, by their names: majority or mean, and linear.
    `members` tells of an ensemble what its members reach by themselves.
    """

    model: Path
    split: str
    rows: int
    metrics: dict[str, Any]
    classes: list[str]
    requirements: list[Verdict] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    intervals: Intervals = field(default_factory=dict)
    confidence: float | None = None
    baselines: dict[str, dict[str, float]] = field(default_factory=dict)
    members: dict[str, Spread] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether every requirement is met."""
        return all(verdict.passed for verdict in self.requirements)

    def to_json(self) -> dict[str, Any]:
        """The object in machine output."""
        made: dict[str, Any] = {"split": self.split, "rows": self.rows, "metrics": self.metrics}
        if self.confidence is not None:
            made["confidence"] = self.confidence
            made["intervals"] = {name: list(bounds) for name, bounds in self.intervals.items()}
        if self.baselines:
            made["baselines"] = self.baselines
        if self.members:
            made["members"] = {name: spread.to_json() for name, spread in self.members.items()}
        return made | {"requirements": [verdict.to_json() for verdict in self.requirements]}


def evaluate(
    run: str | Path | None = None,
    *,
    data: str | Path | None = None,
    split: str | None = None,
    require: Iterable[str] = (),
    plugins: Iterable[str | Path] = (),
    confidence: float | None = None,
    bootstrap: int | None = None,
    seed: int | None = None,
    baseline: str = "constant",
) -> EvaluateResult:
    """Judges a model (a run directory, a model file, or the newest run) on a split of its own data or on a new file.

    `split` is train, validation or test (where None); `data` a file with the target column. `confidence`, above 0 and
    below 1, asks for an interval of each metric by `bootstrap` draws (1000 where None) from `seed` (the config's where
    None); see `scratchnn.nn.metrics.Bootstrap`. `baseline` is what stands beside the metrics: constant (the most
    frequent class, or the mean), linear (that and a linear model, which needs the run's training rows) or none.
    Raises the errors of `scratchnn.errors`; a requirement that is not met is no error here, see `passed`.
    """
    if split is not None and data is not None:
        raise UsageError("does not go with --data", where="--split", hint="Give one of them.")
    drawing, kind = drawing_of(confidence, bootstrap, seed), check_kind(baseline)
    requirements = [Requirement.parse(text) for text in require]
    model = load_model(run, plugins)
    metrics = usual_metrics(model)
    evaluator = model.evaluator(metrics)
    for requirement in requirements:
        requirement.check_name(figure_names(metrics)[0 if evaluator.tells_loss else 1 :])
    notes: list[str] = []
    train: Part | None = None
    if data is None:
        split = split or "test"
        own = own_parts(model, {split, "train"} if kind == "linear" else {split}, plugins)
        part, batch, train = own[split], len(own["train"]), own["train"]
    else:
        part, notes = new_part(model, data)
        split, batch = str(data), len(part)
        if kind == "linear":
            train = own_parts(model, {"train"}, plugins)["train"]
    network = model.built.network
    with computing(choose_threads(model.config, network, batch)):
        loss, scored = evaluator.judged(part)
        figures = evaluator.figures(loss, scored)
        members = evaluator.members() if isinstance(evaluator, EnsembleEvaluator) else {}
        intervals: Intervals = {}
        if drawing is not None:
            generator = np.random.Generator(np.random.PCG64(model.config.seed if seed is None else seed))
            intervals = drawing.intervals(metrics, scored, generator)
        baselines: dict[str, dict[str, float]] = {}
        for one, its in _baselines(model, kind, train, part, scored):
            baselines[one.name] = single_figures(metrics, its)
            notes += filter(None, [compare(one, metrics, figures, baselines[one.name])])
    return EvaluateResult(
        model=model.path,
        split=split,
        rows=len(part),
        metrics=figures,
        classes=model.encoder.class_names or model.encoder.target.label_names,
        requirements=judge(requirements, figures),
        notes=[*notes, *scored.notes],
        intervals=intervals,
        confidence=confidence,
        baselines=baselines,
        members=members,
    )


def _baselines(
    model: Model, kind: BaselineKind, train: Part | None, part: Part, scored: Scored
) -> Iterator[tuple[Baseline, Scored]]:
    """Each baseline with its answers for these rows. A model file of an older version has no constant one."""
    if kind == "none":
        return
    if model.baseline is not None:
        yield model.baseline, model.baseline.scored(scored)
    if kind == "linear" and train is not None:
        linear = LinearBaseline.fit(train, model.encoder, model.built.network.inputs)
        yield linear, linear.scored(scored, part.inputs)


def drawing_of(confidence: float | None, draws: int | None, seed: int | None) -> Bootstrap | None:
    """How intervals are made, None where none are asked for. Raises `UsageError`."""
    if confidence is None:
        for name, value in (("--bootstrap", draws), ("--seed", seed)):
            if value is not None:
                raise UsageError("does nothing without --confidence", where=name, hint="Add --confidence 0.95.")
        return None
    if not 0 < confidence < 1:
        hint = "95 % is --confidence 0.95."
        raise UsageError(f"got {confidence:g}, expected a share between 0 and 1", where="--confidence", hint=hint)
    draws = Bootstrap.resamples if draws is None else draws
    if draws < FEWEST_DRAWS:
        hint = "Leave it out: 1000 are drawn then."
        raise UsageError(f"got {draws} draws, expected {FEWEST_DRAWS} or more", where="--bootstrap", hint=hint)
    if seed is not None and seed < 0:
        raise UsageError(f"got {seed}, expected 0 or more", where="--seed")
    return Bootstrap(confidence, draws)


def usual_metrics(model: Model) -> list[Metric]:
    """The config's metrics first, then the usual ones of the task: judging costs little and is done once."""
    chosen = {metric.name: metric for metric in resolve_metrics(model.config, model.built)}
    for tag, member in Metric.members().items():
        if member.suits(model.encoder.task) and member.usual and not member.needs_fields():
            metric = Metric.parse(tag)
            with suppress(ConfigError):  # what another loss would tell
                metric.check_loss(model.built.loss)
                chosen.setdefault(metric.name, metric)
    return list(chosen.values())


def new_part(model: Model, path: str | Path) -> tuple[Part, list[str]]:
    """What a new file holds, and what to tell of it."""
    source, inputs = model.config.data.source.first, model.encoder.inputs
    if isinstance(source, Text) and isinstance(inputs, TextInputs):
        passage = read_text(path, source)
        windows = inputs.windows(passage)
        notes = inputs.note_unseen(inputs.count_unseen(passage))
        return Part(windows.inputs, windows.targets, None, windows.starts), notes
    data = read_path(path, like=model.config.data.source)
    if isinstance(inputs, WindowInputs):
        data = in_series(data, inputs)  # before rows are dropped, which no window reaches over
    weight = model.config.data.sample_weight
    if isinstance(data, Table) and weight not in data.columns:
        weight = None  # new rows need no weights: then each counts the same
    rows = used_rows(model.config.data, data)
    data = data.take(rows)
    check = target_check(model.config)
    return encode(data, model.encoder, model.built.network.dtype, weight, rows, check=check), []


def own_parts(model: Model, needed: Set[str], plugins: Iterable[str | Path]) -> dict[str, Part]:
    """The rows of each split, divided again as the training did, encoded by what the model has fitted.

    Raises `DataError` where the rows of those that are needed are others than the training had.
    """
    for split in needed - set(SPLITS):
        raise UsageError(f'no split "{split}"', where="--split", hint=f"Choose one of: {', '.join(SPLITS)}.")
    if model.run is None:
        hint = "Give rows with --data FILE (without --baseline linear), or give the run directory."
        raise UsageError("a model file alone does not know its data", where=str(model.path), hint=hint)
    loaded = load_config(model.run.config, plugins=plugins)
    with paths_of_runs(loaded):
        check = target_check(model.config)
        prepared = prepare_rows(loaded.config, loaded.base, model.run.path.parent, model.encoder, check)
    for split in needed - prepared.parts.keys():
        have = ", ".join(prepared.parts)
        raise UsageError(f"the run has no {split} rows", where="--split", hint=f"It has: {have}. Or give --data FILE.")
    found = fingerprints(loaded.config, prepared)
    for split in sorted(needed):
        if model.parts.get(split) != found[split]:
            message = f"the {split} rows are not those of the training: the data or the config has changed"
            hint = "Put them back as they were, or judge rows that the training did not have: --data FILE."
            raise DataError(message, where=str(model.run.path), hint=hint)
    return prepared.parts
