"""A trained model: from its file to predictions."""

from __future__ import annotations

import math
import os
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from scratchnn.component import load_plugin
from scratchnn.config.document import Document
from scratchnn.config.explain import validate
from scratchnn.config.load import read_document
from scratchnn.config.schema import Config
from scratchnn.data.decoding import decode_inputs
from scratchnn.data.encoder import Encoder
from scratchnn.data.samples import Inputs, held
from scratchnn.data.tables import Arrays, Table
from scratchnn.data.targets import InputsAgain
from scratchnn.data.targets.numbers import NumberTarget
from scratchnn.data.window_inputs import WindowInputs
from scratchnn.data.windowing import latest_windows
from scratchnn.errors import ConfigError, ModelError, ScratchnnError, UsageError
from scratchnn.nn.memory import Array
from scratchnn.nn.metrics import Metric
from scratchnn.nn.monte_carlo import MonteCarlo
from scratchnn.nn.network import PREDICT_ROWS
from scratchnn.training.adjustment import Adjustment, check_threshold
from scratchnn.training.constant_baseline import ConstantBaseline
from scratchnn.training.evaluation import Evaluator
from scratchnn.training.model_file import ModelFile
from scratchnn.training.run_directory import RunDirectory, near_run
from scratchnn.training.run_group import group_kind
from scratchnn.workflows.building import Built, build_for
from scratchnn.workflows.monte_carlo import Averaged
from scratchnn.workflows.predictions import Predictions
from scratchnn.workflows.threads import choose_threads, computing

USUAL_INTERVAL = 0.9


@dataclass(frozen=True)
class Model:
    """A trained network with everything that it needs to judge raw rows.

    `run` is its run directory, if it has one; `parts` the check sums of the rows that it was trained and judged on.
    `baseline` is what it has to beat, None in a file of an older version; `adjustment` what was found after the
    training.
    """

    config: Config
    encoder: Encoder
    built: Built
    path: Path
    run: RunDirectory | None
    parts: Mapping[str, int]
    baseline: ConstantBaseline | None = None
    adjustment: Adjustment = field(default_factory=Adjustment)

    def at_threshold(self, threshold: float | None) -> Model:
        """The same with another threshold, see `Adjustment`; the model itself where None. Raises `UsageError`."""
        if threshold is None:
            return self
        if not 0 <= threshold <= 1:
            hint = "The second class is called where its probability is above it."
            raise UsageError(f"got {threshold:g}, expected a probability from 0 to 1", where="--threshold", hint=hint)
        check_threshold(self.encoder, "--threshold")
        return replace(self, adjustment=self.adjustment.model_copy(update={"threshold": float(threshold)}))

    def save_adjustment(self) -> None:
        """Writes the adjustment into the model file, in one step; the rest of it stays. Raises `StorageError`."""
        if self.run is not None:
            self.run.lock()
        try:
            replace(ModelFile.read(self.path), adjustment=self.adjustment).write(self.path)
        finally:
            if self.run is not None:
                self.run.unlock()

    def predict(
        self, data: Table | Arrays, interval: float | None = None, *, start: int = 0, draws: MonteCarlo | None = None
    ) -> Predictions:
        """Predictions for rows as they come from a source; other columns and another order do no harm.

        A model of windows predicts what comes after each row; rows with too few before them in their series have NaN.
        `interval` is the probability of the central interval (see `interval_shares`), `start` the number of the first
        row. With `draws` it is the mean over passes with dropout, see `Averaged`. A row's numbers do not depend on how
        many rows come before it in whole passes of `predict_rows`. Raises `DataError`, `ModelError` and `UsageError`.
        """
        shares = self.interval_shares(interval)
        if isinstance(self.encoder.inputs, WindowInputs):
            samples, rows = latest_windows(data, self.encoder, self.built.network.dtype)
            return self._predict(samples, shares, rows, draws).spread_over(rows, len(data))
        inputs = self.encoder.encode_inputs(data, self.built.network.dtype)
        return self._predict(inputs, shares, np.arange(start, start + len(data)), draws)

    def predict_encoded(self, inputs: Inputs, rows: Array) -> Predictions:
        """The same for samples as `encoder` gives them, with their numbers `rows` (N,) for messages."""
        return self._predict(inputs, self.interval_shares(None), rows)

    def _predict(
        self, inputs: Inputs, shares: tuple[float, float] | None, rows: Array, draws: MonteCarlo | None = None
    ) -> Predictions:
        """The same for samples that are encoded; `rows` (N,) are their numbers."""
        network = self.built.network
        if draws is not None and len(inputs):
            averaged = Averaged(network, self.built.loss, self.encoder.target, self.adjustment)
            first = int(rows[0]) if not isinstance(self.encoder.inputs, WindowInputs) else 0
            with computing(choose_threads(self.config, network, network.predict_rows)):
                made = averaged.predictions(inputs, draws, shares, first)
            self._check_finite(made.values, rows)
            return made
        with computing(choose_threads(self.config, network, network.predict_rows)):
            outputs = network.predict(inputs).reshape(len(inputs), network.outputs.size)
            values = self.adjustment.probabilities(self.built.loss, outputs)
            called = self.adjustment.called(self.built.loss, outputs)
        self._check_finite(values, rows)
        target = self.encoder.target
        if isinstance(target, NumberTarget):
            return self._numbers(target, outputs, values, shares, rows)
        if isinstance(target, InputsAgain):
            values = values.reshape(inputs.shape)
            columns = decode_inputs(self.encoder, values)
            return Predictions(values, [], columns, row_errors(held(inputs), values))
        names = target.class_names
        return Predictions(values, target.words(values) if called is None else [names[k] for k in called.tolist()])

    def evaluator(self, metrics: Sequence[Metric]) -> Evaluator:
        """What scores it on encoded rows."""
        return Evaluator(self.built.network, self.built.loss, metrics, self.encoder, self.adjustment)

    def interval_shares(self, interval: float | None) -> tuple[float, float] | None:
        """The shares of targets below the two bounds of a central interval, None where there is no interval.

        Of a Gaussian the interval has the probability 0.9 where None is asked for. Of learned quantiles there is one
        only where it is asked for and both of its bounds were learned. Raises `UsageError` where it is not to be had.
        """
        known = self.built.loss.quantiles_known() if self.encoder.target.is_number else ()
        if interval is None:
            return _bounds(USUAL_INTERVAL) if known is None else None
        if not 0 < interval < 1:
            raise UsageError(f"got {interval:g}, expected a probability between 0 and 1", where="--interval")
        if known is None:
            return _bounds(interval)
        near = [next((one for one in known if math.isclose(one, share)), 0.0) for share in _bounds(interval)]
        if all(near):
            return near[0], near[1]
        if not known:
            got = f"the model tells no interval: its loss is {self.built.loss.title}"
            raise UsageError(got, where="--interval", hint="Train with the loss gaussian_nll or quantile.")
        pairs = [
            upper - lower for lower in known for upper in known if lower < upper and math.isclose(lower + upper, 1)
        ]
        listed = ", ".join(f"{share:g}" for share in known)
        hint = f"Use {' or '.join(f'--interval {pair:g}' for pair in pairs)}." if pairs else "Remove it."
        got = f"an interval of {interval:g} needs other quantiles than the model has learned: {listed}"
        raise UsageError(got, where="--interval", hint=hint)

    def _numbers(
        self, target: NumberTarget, outputs: Array, values: Array, shares: tuple[float, float] | None, rows: Array
    ) -> Predictions:
        """Those of numbers, in the targets' units."""
        loss, decode = self.built.loss, target.decode
        with np.errstate(all="ignore"):  # what is not finite is told below
            bounds = [] if shares is None else [decode(loss.quantile(outputs, share)) for share in shares]
            deviations = loss.deviations(outputs)
            known = {share: decode(loss.quantile(outputs, share)) for share in loss.quantiles_known() or ()}
        if deviations is not None:
            deviations = target.spread(deviations)
        for made in (*bounds, *known.values(), *([] if deviations is None else [deviations])):
            self._check_finite(made, rows)
        lower, upper = bounds or (None, None)
        return Predictions(decode(values), [], lower=lower, upper=upper, deviations=deviations, quantiles=known)

    def _check_finite(self, values: Array, rows: Array) -> None:
        if not np.isfinite(values).all():
            row = int(rows[np.argwhere(~np.isfinite(values))[0, 0]])
            raise ModelError(f"the prediction for row {row} is not a finite number", where=str(self.path))


def _bounds(interval: float) -> tuple[float, float]:
    """The shares below the bounds of the central interval of this probability."""
    return (1 - interval) / 2, (1 + interval) / 2


def row_errors(inputs: Array, values: Array) -> Array:
    """The mean squared error of each row (N,), in float64."""
    errors = np.empty(len(inputs))
    for start in range(0, len(inputs), PREDICT_ROWS):  # float64 copies of a few rows at a time
        rows = slice(start, start + PREDICT_ROWS)
        difference = inputs[rows].astype(np.float64) - values[rows]
        errors[rows] = np.mean(difference.reshape(len(difference), -1) ** 2, axis=1)
    return errors


def load_model(path: str | Path | None = None, plugins: Iterable[str | Path] = ()) -> Model:
    """Reads a `model.safetensors`, or the one of a run directory (the newest run where none is named), or an ensemble.

    Nothing in the file is run: components of a plugin must be loaded by naming the plugin. Raises `ModelError`.
    """
    for plugin in plugins:
        load_plugin(Path(plugin))
    from scratchnn.workflows.ensembles import ensemble_folder, load_ensemble  # an ensemble is made of models

    folder = ensemble_folder(None if path is None else Path(path), _newest_run)
    if folder is not None:
        return load_ensemble(folder, plugins)
    file, run = locate_model(path)
    stored = ModelFile.read(file)
    try:
        config = validate(Document(stored.config, "config"), Config)
        built = build_for(config, stored.encoder)
    except ConfigError as error:
        hint = _name_plugins(stored.config.get("plugins"), run)
        raise ModelError(f"holds a config that cannot be used: {error}", where=str(file), hint=hint) from None
    stored.fill(built.network)
    try:
        stored.adjustment.check(stored.encoder, built.loss)
    except UsageError as error:
        raise ModelError(f"holds an adjustment that does not fit: {error.message}", where=str(file)) from None
    return Model(config, stored.encoder, built, file, run, stored.parts, stored.baseline, stored.adjustment)


def _name_plugins(named: object, run: RunDirectory | None) -> str:
    """A hint with the options that load a model's plugins; the config of its run tells where they lie."""
    names = [name for name in named if isinstance(name, str)] if isinstance(named, list) else []
    if not names:
        return ""
    places: list[str] = []
    if run is not None:
        try:
            listed = read_document(run.config).data.get("plugins")
        except ScratchnnError:
            listed = None
        listed = [name for name in listed if isinstance(name, str)] if isinstance(listed, list) else []
        places = [os.path.normpath(run.path / name) for name in listed if (run.path / name).is_file()]
    found = {Path(place).name: place for place in places}
    options = " ".join(f"--plugin {shlex.quote(found.get(name, f'FOLDER/{name}'))}" for name in names)
    unknown = "" if found.keys() >= set(names) else ", with the folder of the file"
    return f"Plugins are run only when you name them: add {options} to the command{unknown}."


def _newest_run() -> float:
    """When the newest run with a model was started, seconds; 0 where there is none."""
    try:
        return RunDirectory.newest(holding="model.safetensors").config.stat().st_mtime
    except ModelError:
        return 0.0


def locate_model(path: str | Path | None) -> tuple[Path, RunDirectory | None]:
    """The model's file and its run directory, if it lies in one."""
    if path is None:
        run = RunDirectory.newest(holding="model.safetensors")
        return run.model, run
    path = Path(path)
    if group_kind(path) == "crossval":
        hint = f"Name one of its folds: {path / 'fold-0'}. Or go on with it: scratchnn crossval --resume {path}"
        raise ModelError("is a cross-validation, which has several models", where=str(path), hint=hint)
    if group_kind(path) == "tune":
        hint = f"Name one of its trials, such as {path / 'trial-0000'}; {path / 'best.yaml'} names the best."
        raise ModelError("is a search, which has several models", where=str(path), hint=hint)
    if path.is_dir():
        run = RunDirectory.open(path)
        if not run.model.is_file():
            raise ModelError("has no model yet", where=str(path), hint=f"Go on with `scratchnn train --resume {path}`.")
        return run.model, run
    if not path.is_file():
        raise ModelError(
            "no such run directory or file", where=str(path), hint=near_run(path) or "`ls runs` shows the runs."
        )
    folder = RunDirectory(path.parent)
    return path, folder if folder.config.is_file() and folder.model.name == path.name else None
