"""What `scratchnn evaluate` does: a model and rows with targets in, metrics out."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from scratchnn.data.preparation import Part
from scratchnn.errors import ConfigError, UsageError
from scratchnn.nn.losses import EachStep
from scratchnn.nn.memory import Array
from scratchnn.nn.metrics import Bootstrap, Intervals, Metric, Scored
from scratchnn.training.evaluation import Evaluator
from scratchnn.training.linear_baseline import LinearBaseline
from scratchnn.workflows.adjusting import FITTED_ON, Adjusted, Wish, adjust, compare_adjusted, worse_note
from scratchnn.workflows.baselines import Baseline, BaselineKind, check_kind, compare, single_figures
from scratchnn.workflows.building import figure_names, resolve_metrics
from scratchnn.workflows.ensembles import EnsembleEvaluator, refuse_ensemble
from scratchnn.workflows.grouping import Grouped, check_by, group_figures, group_notes, groups_json
from scratchnn.workflows.importances import OPTION, Importances, ImportanceWish, columns_of, importances
from scratchnn.workflows.judged_rows import NewRows, new_rows, own_columns, own_parts
from scratchnn.workflows.model import Model, load_model
from scratchnn.workflows.monte_carlo import Averaged, check_dropout, draws_of, refuse_beside_passes
from scratchnn.workflows.requirements import Requirement, Verdict, judge
from scratchnn.workflows.spread import Spread
from scratchnn.workflows.threads import choose_threads, computing

FEWEST_DRAWS = 20
MOST_DRAWS = 1_000_000


@dataclass(frozen=True)
class EvaluateResult:
    """Metrics on one split or on new rows. `classes` names its classes or labels, `main` the metrics of the config.
    `unit` is what one of them is called: class or label.

    `intervals` are those of the metrics that are single numbers, at `confidence`, where they were asked for.
    `baselines` are the same metrics of models that know less, by their names: majority or mean, and linear.
    `members` tells of an ensemble what its members reach by themselves.
    `groups` are those by each column that was asked for, `adjusted` the temperature and threshold with which all was
    judged, `importance` that of the columns.
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
    main: list[str] = field(default_factory=list)
    groups: dict[str, Grouped] = field(default_factory=dict)
    adjusted: Adjusted | None = None
    importance: Importances | None = None
    unit: str = Scored.unit
    seconds: float = 0.0

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
        if self.adjusted is not None:
            made |= self.adjusted.to_json()
        if self.groups:
            made |= groups_json(self.groups)
        if self.importance is not None:
            made["importance"] = self.importance.to_json()
        return made | {"requirements": [verdict.to_json() for verdict in self.requirements]}


def evaluate(
    run: str | Path | None = None,
    *,
    data: str | Path | None = None,
    targets: str | Path | None = None,
    split: str | None = None,
    by: Iterable[str] = (),
    require: Iterable[str] = (),
    plugins: Iterable[str | Path] = (),
    confidence: float | None = None,
    bootstrap: int | None = None,
    seed: int | None = None,
    baseline: str = "constant",
    threshold: float | None = None,
    choose_threshold: str | None = None,
    calibrate: bool = False,
    save: bool = False,
    importance: bool = False,
    repeats: int | None = None,
    metric: str | None = None,
    mc_samples: int | None = None,
) -> EvaluateResult:
    """Judges a model (a run directory, a model file, or the newest run) on a split of its own data or on a new file.

    `split` is train, validation or test (where None); `data` a file with the target column, or one of arrays, whose
    targets are in the file `targets`. `by` names columns of the table: the figures of each group of rows come too, see
    `groups_of`. `confidence`, above 0 and below 1, asks for an interval of each metric by `bootstrap` draws (1000 where
    None) from `seed` (the config's where None); see `scratchnn.nn.metrics.Bootstrap`. `baseline` is what stands beside
    the metrics: constant (the most frequent class, or the mean), linear (that and a linear model, which needs the run's
    training rows) or none.

    Two classes: the second is called where its probability is above `threshold` (the model's, or 1/2, where None).
    `choose_threshold` finds it on the validation rows by a goal: f1, accuracy, balanced_accuracy, mcc, youden, or costs
    such as "fp=1,fn=5". `calibrate` fits the temperature of the probabilities on the validation rows. `save` writes
    what was found, or the `threshold`, into the model file, whatever the requirements say.

    `importance` tells how much worse `metric` (the first of the config's where None) gets when a column is permuted
    among the rows, over `repeats` permutations (5 where None) from `seed`.

    `mc_samples` judges the mean of so many passes with dropout, drawn from `seed` (the config's where None) too.

    Raises the errors of `scratchnn.errors`; a requirement that is not met is no error here, see `passed`.
    """
    started = time.perf_counter()
    by = list(by)
    if split is not None and data is not None:
        raise UsageError("does not go with --data", where="--split", hint="Give one of them.")
    if targets is not None and data is None:
        raise UsageError("does nothing without --data", where="--targets", hint="Add --data FILE.")
    check_by(by)
    wish = Wish.of(threshold, choose_threshold, calibrate, save)
    weighing = ImportanceWish.of(importance, repeats, metric)
    drawing, kind = (
        drawing_of(confidence, bootstrap, seed, seeded=importance or mc_samples is not None),
        check_kind(baseline),
    )
    draws = draws_of(mc_samples, seed)
    if draws is not None:
        refuse_beside_passes(
            {
                "--calibrate": calibrate,
                "--choose-threshold": choose_threshold is not None,
                "--save": save,
                OPTION: importance,
            }
        )
    requirements = [Requirement.parse(text) for text in require]
    model = load_model(run, plugins)
    for option in (*wish.options, *([OPTION] if importance else [])):
        refuse_ensemble(model, option)
    model = wish.check(model)
    if draws is not None:
        refuse_ensemble(model, "--mc-samples")
        check_dropout(model.built.network, model.encoder.target, model.path)
        draws = replace(draws, seed=model.config.seed if seed is None else seed)
    metrics, main = usual_metrics(model), resolve_metrics(model.config, model.built)
    names = figure_names(metrics)[0 if model.evaluator(metrics).tells_loss else 1 :]
    ends = None if drawing is None else [name for name in names if name != "loss"]
    for requirement in requirements:
        requirement.check_early(names, ends, by)
    weighed = None if weighing is None else weighing.chosen(metrics, main)
    columns = {} if weighing is None else columns_of(model)
    needed = {"train"} if kind == "linear" else set()
    needed |= {FITTED_ON} if wish.needs_validation else set()
    new: NewRows | None = None
    if data is None:
        split = split or "test"
        own = own_parts(model, needed | {split}, plugins, wish.fitting)
        part, batch = own[split], len(own["train"])
    else:
        new = new_rows(model, data, targets)
        own = own_parts(model, needed, plugins, wish.fitting) if needed else {}
        split, part, batch = str(data), new.part, len(new.part)
    table = None
    if by:
        table = new.columns(by) if new is not None else own_columns(model, split, part, by, plugins)
    notes = [] if new is None else list(new.notes)
    network = model.built.network
    judging = Judging(model, metrics, part)
    draw_seed = model.config.seed if seed is None else seed
    with computing(choose_threads(model.config, network, batch)):
        judging.adjust(wish, own.get(FITTED_ON))
        if draws is None:
            figures, scored = judging.figures()
        else:
            averaged = Averaged(network, model.built.loss, model.encoder.target, judging.adjusted.adjustment)
            loss, scored = averaged.judged(judging.evaluator, part, draws)
            figures = judging.evaluator.figures(loss, scored)
        intervals: Intervals = {}
        if drawing is not None:
            intervals = drawing.intervals(metrics, scored, np.random.Generator(np.random.PCG64(draw_seed)))
        baselines: dict[str, dict[str, float]] = {}
        for one, its in _baselines(model, kind, own.get("train"), part, scored):
            baselines[one.name] = single_figures(metrics, its)
            notes += filter(None, [compare(one, metrics, figures, baselines[one.name])])
        members = judging.evaluator.members() if isinstance(judging.evaluator, EnsembleEvaluator) else {}
        told_loss = judging.evaluator.tells_loss and draws is None
        mean_loss = judging.mean_loss if told_loss else None
        groups = {} if table is None else group_figures(table, by, scored, metrics, main, mean_loss)
        told = None
        if weighing is not None:
            told = importances(weighing, judging.evaluator, part, weighed, columns, draw_seed)
    for requirement in requirements:
        if requirement.of_group:
            requirement.check_group({name: one.groups for name, one in groups.items()}, names)
    adjusted = judging.adjusted
    if split == FITTED_ON and wish.needs_validation:
        notes.append("what was found on the validation rows is judged on these very rows: others tell more")
    if save:
        replace(model, adjustment=adjusted.adjustment).save_adjustment()
        adjusted = replace(adjusted, saved=True)
    return EvaluateResult(
        model=model.path,
        split=split,
        rows=len(part),
        metrics=figures,
        classes=model.encoder.class_names or model.encoder.target.label_names,
        requirements=judge(requirements, _all_figures(figures, intervals, groups)),
        notes=[*notes, *adjusted.notes, *scored.notes, *group_notes(groups)],
        intervals=intervals,
        confidence=confidence,
        baselines=baselines,
        members=members,
        main=[one.name for one in main if one.scalar],
        groups=groups,
        adjusted=adjusted,
        importance=told,
        unit=scored.unit,
        seconds=time.perf_counter() - started,
    )


class Judging:
    """A model on one part: what it says is computed once, for all that is asked of it."""

    def __init__(self, model: Model, metrics: list[Metric], part: Part) -> None:
        self._model = model
        self._metrics = metrics
        self._part = part
        self._outputs: Array | None = None
        self.adjusted = Adjusted(model.adjustment)
        self.evaluator = self._evaluator()

    def adjust(self, wish: Wish, validation: Part | None) -> None:
        """Finds what is wanted on the validation rows; all figures are with it from then on."""
        self.adjusted = adjust(wish, self._model, self.evaluator, validation)
        self.evaluator = self._evaluator()

    def figures(self) -> tuple[dict[str, Any], Scored]:
        """The loss and the metrics, and what they are of."""
        evaluator, part = self.evaluator, self._part
        if isinstance(self._model.built.loss, EachStep) or isinstance(evaluator, EnsembleEvaluator):
            loss, scored = evaluator.judged(part)
            return evaluator.figures(loss, scored), scored
        self._outputs = outputs = evaluator.outputs(part.inputs)
        scored = evaluator.scored(outputs, part)
        calibrated, at_half = compare_adjusted(self.adjusted, evaluator, outputs, part, self._metrics)
        notes = self.adjusted.notes + worse_note(calibrated)
        self.adjusted = replace(self.adjusted, calibrated=calibrated, at_half=at_half, notes=notes)
        return evaluator.figures(evaluator.mean_loss(outputs, part.targets, part.weights), scored), scored

    def mean_loss(self, rows: Array) -> float:
        """The loss of some rows, by their places."""
        if self._outputs is None:
            raise TypeError("the outputs are not known")
        weights = None if self._part.weights is None else self._part.weights[rows]
        return self.evaluator.mean_loss(self._outputs[rows], self._part.targets[rows], weights)

    def _evaluator(self) -> Evaluator:
        return replace(self._model, adjustment=self.adjusted.adjustment).evaluator(self._metrics)


def _all_figures(figures: Mapping[str, Any], intervals: Intervals, groups: Mapping[str, Grouped]) -> dict[str, Any]:
    """Every figure that a requirement can name."""
    made = dict(figures)
    for name, (low, high) in intervals.items():
        made |= {f"{name}.low": low, f"{name}.high": high}
    for column, one in groups.items():
        for value, group in one.groups.items():
            made |= {f"group.{column}={value}.{name}": figure for name, figure in group.metrics.items()}
    return made


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


def drawing_of(
    confidence: float | None, draws: int | None, seed: int | None, *, seeded: bool = False
) -> Bootstrap | None:
    """How intervals are made, None where none are asked for. `seeded`: something else draws. Raises `UsageError`."""
    if seed is not None and seed < 0:
        raise UsageError(f"got {seed}, expected 0 or more", where="--seed")
    if confidence is None:
        for name, value in (("--bootstrap", draws), ("--seed", None if seeded else seed)):
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
    if draws > MOST_DRAWS:
        hint = "More than 10000 hardly change an interval."
        raise UsageError(f"got {draws} draws, expected {MOST_DRAWS} or fewer", where="--bootstrap", hint=hint)
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
