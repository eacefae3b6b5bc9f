"""A training, ready to run: data read, network built, everything that can be refused early refused."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from scratchnn.config.dump import plain
from scratchnn.config.schema import Config
from scratchnn.data.audit.certain import certain
from scratchnn.data.large_tables import Tell
from scratchnn.data.preparation import Part, Prepared
from scratchnn.data.sources import SourceParts
from scratchnn.errors import ConfigError, DivergedError, ModelError, StorageError, suggestion
from scratchnn.nn.causality import looks_ahead
from scratchnn.nn.metrics import Metric
from scratchnn.nn.network import Network
from scratchnn.nn.optimizers import Optimizer
from scratchnn.training.checkpoint import Checkpoints
from scratchnn.training.class_weights import weigh
from scratchnn.training.constant_baseline import ConstantBaseline
from scratchnn.training.early_stopping import Watch
from scratchnn.training.evaluation import Evaluator
from scratchnn.training.events import EpochEnd, Event, Finished, Status, StopRequest
from scratchnn.training.freezing import Freezing
from scratchnn.training.log import describe
from scratchnn.training.model_file import ModelFile
from scratchnn.training.run_directory import ROOT, RunDirectory
from scratchnn.training.sampling import EpochOrder, check_sampling
from scratchnn.training.starting import StartReport
from scratchnn.training.streams import Streams
from scratchnn.training.trainer import Recipe, Snapshot, Trainer
from scratchnn.workflows.augmenting import augmenter_for
from scratchnn.workflows.building import (
    Built,
    build_for,
    check_reconstruction,
    figure_names,
    resolve_metrics,
    target_check,
)
from scratchnn.workflows.configs import LoadedConfig
from scratchnn.workflows.environment import describe_environment
from scratchnn.workflows.identity import fingerprints, identity
from scratchnn.workflows.preparing import prepare_rows, silent
from scratchnn.workflows.requirements import Requirement, Verdict, judge
from scratchnn.workflows.starting import Start
from scratchnn.workflows.threads import available_cores, choose_threads, computing


@dataclass(frozen=True)
class Ready:
    """The event before the first of the loop: everything is read and built. `run` is None where none is made.

    `notes` are warnings about the data.
    """

    name: str
    run: Path | None
    data: Mapping[str, Any]
    parameters: int
    threads: int
    notes: list[str] = field(default_factory=list)
    started: StartReport | None = None

    def to_json(self) -> dict[str, Any]:
        """The object in machine output of a dry run."""
        made = {"name": self.name, "parameters": self.parameters, "threads": self.threads, "data": dict(self.data)}
        return made if self.started is None else made | {"from": self.started.to_json()}


@dataclass(frozen=True)
class TrainResult:
    """What a training came to.

    `reason` says why it ended before its time. `seconds` and `samples_per_second` are of all its parts, where it was
    resumed. `model_epoch` is the epoch whose weights the model has.
    """

    run: Path
    status: Status
    reason: str
    epochs: int
    best_epoch: int
    model_epoch: int
    parameters: int
    metrics: dict[str, dict[str, Any]]
    seconds: float
    samples_per_second: float
    requirements: list[Verdict] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    against_divergence: str = Optimizer.against_divergence
    started: StartReport | None = None

    @property
    def error(self) -> DivergedError | None:
        """The error that a diverged training stands for."""
        if self.status != "diverged":
            return None
        hint = f"{self.against_divergence} The last good weights are kept."
        return DivergedError(self.reason, where=str(self.run), hint=hint)

    def to_json(self) -> dict[str, Any]:
        """The object in machine output, also summary.json."""
        made: dict[str, Any] = {
            "run_dir": str(self.run),
            "status": self.status,
            "epochs": self.epochs,
            "best_epoch": self.best_epoch,
            "parameters": self.parameters,
            "metrics": self.metrics,
            "seconds": round(self.seconds, 6),
            "samples_per_second": round(self.samples_per_second, 3),
        }
        if self.reason:
            made["reason"] = self.reason
        if self.started is not None:
            made["from"] = self.started.to_json()
        if self.requirements:
            made["requirements"] = [verdict.to_json() for verdict in self.requirements]
        if self.error is not None:
            made["error"] = self.error.to_json()
        return made


@dataclass(frozen=True)
class Preparing:
    """The event before something that takes long comes, with one line on what it is."""

    text: str


Told = Preparing | Ready | Event
"""What a training tells: first of its data, then of its epochs."""
Listener = Callable[[Told], None]


class Session:
    """One training, from prepared data to its figures. `runs` and `tell` are for `prepare_rows`.

    `start` is the copy that a run keeps of the model to start from, where it has one; else the config's path counts.
    """

    def __init__(
        self,
        loaded: LoadedConfig,
        require: Iterable[str] = (),
        *,
        runs: Path = ROOT,
        tell: Tell = silent,
        start: Path | None = None,
    ) -> None:
        config = self.config = loaded.config
        self.loaded = loaded
        self._requirements = [Requirement.parse(text) for text in require]
        self._streams = Streams(config.seed)
        try:
            self.start = Start.of(loaded, start)
            check = target_check(config)
            self.data = prepare_rows(
                config, loaded.base, runs, check=check, tell=tell, start=self.start.encoder if self.start else None
            )
            self.built = build_for(config, self.data.encoder)
            check_reconstruction(self.built.loss, self.data.train)
            self._recipe = Recipe(
                self.built.loss, config.optimizer, config.schedule, config.regularization, config.training
            )
            self._recipe.check(self.built.network.arena)
            freezing = Freezing(config.training.freeze, self.built.network, config.training.epochs)
            self.metrics = resolve_metrics(config, self.built)
            classes, training = self.data.encoder.class_names, config.training
            target = self.data.encoder.target
            check_sampling(self.data.train, classes, training.sampling, target.what)
            weights, hint = training.class_weights, target.instead_of_class_weights
            self._train = weigh(self.data.train, classes, weights, training.sampling, target.what, hint)
            rng = self._streams.augmentation
            self.augmenter = augmenter_for(config, self.data.encoder, self.built, self.data.train, rng)
            self._monitor, self._watch = _watch(config, self.metrics, self.data)
            rows = len(EpochOrder(self._train.targets, training.sampling, shuffle=False))
            self.batch_size = training.rows_per_batch(rows)
            _check_batches(rows, self.batch_size, self.built)
        except ConfigError as error:
            raise loaded.placed(error) from None
        figures = figure_names(self.metrics)
        for requirement in self._requirements:
            requirement.check_name(f"{part}.{figure}" for part in self.data.parts for figure in figures)
        network = self.built.network
        network.initialize(self._streams.init)
        self.started = self._started_from(network)
        if self.built.target.steps and looks_ahead(network, np.random.default_rng(0)):
            message = "the outputs at a step depend on later steps, which are what is to be predicted"
            hint = "Use layers that only look back: lstm, gru, transformer_decoder, attention with causal: true."
            raise loaded.placed(ConfigError(message, where="model.layers", hint=hint))
        self.threads = choose_threads(config, network, len(self._train))
        source = config.data.source
        repeats = source.repeats(loaded.base) if isinstance(source, SourceParts) else []
        says_nothing = "has the same source as train: its figures say nothing about new rows"
        self._notes = freezing.notes(config.training.epochs)
        self._notes += [f"{part} {says_nothing}" for part in repeats]
        self._notes += [finding.message for finding in certain(self.data, repeats)]
        self._started = 0.0
        self._evaluator = Evaluator(network, self.built.loss, self.metrics, self.data.encoder)

    def _started_from(self, network: Network) -> StartReport | None:
        """What was taken from another model, where the config names one."""
        if self.start is None:
            return None
        try:
            return self.start.fill(network, self.data.encoder.target)
        except ConfigError as error:
            raise self.loaded.placed(error) from None

    @property
    def training_part(self) -> Part:
        """The training rows with the weights that the loss gives them."""
        return self._train

    def ready(self, run: Path | None) -> Ready:
        """What is about to be trained."""
        count = self.built.network.arena.count
        return Ready(self.loaded.name, run, self.data.summary(), count, self.threads, list(self._notes), self.started)

    def run(
        self, run: RunDirectory, listener: Listener, stop: StopRequest | None, *, resume: str | None = None
    ) -> TrainResult:
        """Trains to the end in a locked run directory.

        With `resume` from its newest checkpoint: the text is the config that the directory keeps from now on.
        Numbers may overflow without a warning of NumPy: what is not finite is noticed and reported here.
        """
        config, network = self.config, self.built.network
        checkpoints = Checkpoints(
            run.checkpoints, config.training.checkpoint.keep, identity(config, self._train, self.data.validation)
        )
        snapshot = None if resume is None else self._newest(run, checkpoints)
        with computing(self.threads):
            if snapshot is None:
                network.calibrate(self._train.inputs, keep=self.started.taken if self.started else ())
            trainer = Trainer(
                network,
                self._recipe,
                train=self._train,
                validation=self.data.validation,
                evaluator=self._evaluator,
                monitor=self._monitor,
                watch=self._watch,
                streams=self._streams,
                threads=min(self.threads, available_cores()),  # more than that only wait for each other
                stop=stop,
                augmenter=self.augmenter,
            )
            before = 0.0 if snapshot is None else self._go_on(trainer, snapshot)
            if resume is not None:
                run.keep_config(resume)
            run.cut_metrics(trainer.epochs_done)
            run.write_json(run.environment, describe_environment(self.threads))
            if self.started is not None and snapshot is None:
                for line in self.started.lines():
                    run.append_log(line)
            listener(self.ready(run.path))
            try:
                self._started = time.perf_counter() - before
                finished = self._loop(trainer, run, checkpoints, listener)
                seconds = time.perf_counter() - self._started
            finally:
                trainer.close()
            return self._finish(run, finished, seconds, trainer.samples_seen)

    def _newest(self, run: RunDirectory, checkpoints: Checkpoints) -> Snapshot | None:
        """The newest checkpoint that is whole. Without one the run starts again, unless that would replace a model."""
        snapshot = checkpoints.newest()
        self._notes += [f"{path} is damaged: went on from the checkpoint before it" for path in checkpoints.damaged]
        if snapshot is None and run.model.is_file():
            message = "has a model, but no checkpoint to go on from"
            raise ModelError(message, where=str(run.path), hint="Start a new run.")
        adjusted = False
        with suppress(ModelError, StorageError):  # a file that cannot be read is written anew
            adjusted = run.model.is_file() and ModelFile.read(run.model).adjustment.changes
        if adjusted:
            lost = "its temperature and threshold were those of other weights, and are gone: find them again"
            self._notes.append(f"{lost} with `scratchnn evaluate --calibrate --save` or --choose-threshold")
        return snapshot

    def _go_on(self, trainer: Trainer, snapshot: Snapshot) -> float:
        """Puts the trainer where the checkpoint was taken; the seconds that the run had taken until then."""
        try:
            trainer.load(snapshot)
        except ConfigError as error:
            raise self.loaded.placed(error) from None
        return float(snapshot.numbers.get("seconds", 0.0))

    def _loop(self, trainer: Trainer, run: RunDirectory, checkpoints: Checkpoints, listener: Listener) -> Finished:
        settings = self.config.training

        def save() -> None:
            snapshot = trainer.snapshot()
            seconds = time.perf_counter() - self._started
            checkpoints.save(replace(snapshot, numbers={**snapshot.numbers, "seconds": seconds}))

        finished = Finished("interrupted", 0, 0)
        for event in trainer.events():
            if isinstance(event, EpochEnd):
                run.append_metrics(event.row())
                if event.epoch % settings.checkpoint.every_epochs == 0 or event.epoch == settings.epochs:
                    save()
            elif isinstance(event, Finished):
                finished = event
                if event.status == "interrupted":
                    save()
            if line := describe(event):
                run.append_log(line)
            listener(event)
        return finished

    def _finish(self, run: RunDirectory, finished: Finished, seconds: float, samples: int) -> TrainResult:
        """Writes the model and the summary. An interrupted run is not judged: it goes on later."""
        arrays = self.built.network.arena.named_arrays()
        parts = fingerprints(self.config, self.data)
        baseline = ConstantBaseline.fit(self.data.train, self.data.encoder)
        config = plain(self.loaded.portable())
        ModelFile(config, self.data.encoder, arrays, parts, baseline=baseline).write(run.model)
        metrics: dict[str, dict[str, Any]] = {}
        notes = list(self._notes)
        if finished.status != "interrupted":
            for name, part in self.data.parts.items():
                metrics[name] = self._evaluator.evaluate(part)
                notes += [f"{name}: {note}" for note in self._evaluator.notes]
        figures = {f"{part}.{name}": value for part, values in metrics.items() for name, value in values.items()}
        result = TrainResult(
            run=run.path,
            status=finished.status,
            reason=finished.reason,
            epochs=finished.epochs,
            best_epoch=finished.best_epoch,
            model_epoch=self._model_epoch(finished),
            parameters=self.built.network.arena.count,
            metrics=metrics,
            seconds=seconds,
            samples_per_second=samples / seconds if seconds else 0.0,
            requirements=judge(self._requirements, figures) if metrics else [],
            notes=notes,
            against_divergence=self.config.optimizer.against_divergence,
            started=self.started,
        )
        run.write_json(run.summary, result.to_json())
        return result

    def _model_epoch(self, finished: Finished) -> int:
        early = self.config.training.early_stopping
        restored = early is not None and early.restore_best and finished.status in ("completed", "stopped_early")
        return (finished.best_epoch if restored else 0) or finished.epochs


def _watch(config: Config, metrics: list[Metric], data: Prepared) -> tuple[str, Watch]:
    """The figure that tells which epoch was the best, and its watch."""
    early = config.training.early_stopping
    monitor = early.monitor if early else "validation.loss" if data.validation is not None else "train.loss"
    part, _, figure = monitor.partition(".")
    where = "training.early_stopping.monitor"
    if part == "validation" and data.validation is None:
        hint = "Set data.split.validation, or monitor train.loss."
        raise ConfigError("there are no validation rows", where=where, hint=hint)
    names = [f"validation.{name}" for name in figure_names(metrics)] + ["train.loss"]
    if monitor not in names:
        raise ConfigError(f'no figure "{monitor}"', where=where, hint=suggestion(monitor, names))
    higher = next((metric.higher_is_better for metric in metrics if metric.name == figure), False)
    if higher is None:
        message = f"{figure} tells no best epoch: neither a high nor a low one is good"
        raise ConfigError(message, where=where, hint="Monitor validation.loss.")
    if early is None:
        return monitor, Watch(higher)
    return monitor, Watch(higher, early.patience, early.min_delta)


def _check_batches(rows: int, batch_size: int, built: Built) -> None:
    """Refuses a batch that is too small for some layer before the training meets it."""
    fewest = built.network.plan.fewest_samples
    smallest = rows % batch_size or batch_size
    if smallest < fewest:
        message = (
            f"{rows} training rows an epoch leave a batch of {smallest}, but a layer needs {fewest} or more to train"
        )
        raise ConfigError(message, where="training.batch_size", hint="Choose another batch size.")
