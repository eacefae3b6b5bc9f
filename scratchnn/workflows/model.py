"""A trained model: from its file to predictions."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from scratchnn.component import load_plugin
from scratchnn.config.document import Document
from scratchnn.config.explain import validate
from scratchnn.config.load import read_document
from scratchnn.config.schema import Config
from scratchnn.data.columns import Decoded
from scratchnn.data.decoding import decode_inputs
from scratchnn.data.encoder import Encoder
from scratchnn.data.tables import Arrays, Table
from scratchnn.errors import ConfigError, ModelError, ScratchnnError
from scratchnn.nn.memory import Array
from scratchnn.nn.network import PREDICT_ROWS
from scratchnn.training.model_file import ModelFile
from scratchnn.training.run_directory import RunDirectory, near_run
from scratchnn.workflows.building import Built, build_for
from scratchnn.workflows.threads import choose_threads, computing


@dataclass(frozen=True)
class Predictions:
    """What a model says of each row.

    `values`: numbers (N, K) in the target's units, or class probabilities (N, classes); `labels`: the most probable
    class of each row, empty for numbers.

    Of a reconstruction, `values` (N, *shape) are the inputs as they are encoded, `columns` the same in the columns' own
    units (see `decode_inputs`), `errors` (N,) the mean squared error of each row's `values`: the higher, the less a row
    is like those of the training.
    """

    values: Array
    labels: list[str]
    columns: dict[str, Decoded] = field(default_factory=dict)
    errors: Array | None = None


@dataclass(frozen=True)
class Model:
    """A trained network with everything that it needs to judge raw rows.

    `run` is its run directory, if it has one; `parts` the check sums of the rows that it was trained and judged on.
    """

    config: Config
    encoder: Encoder
    built: Built
    path: Path
    run: RunDirectory | None
    parts: Mapping[str, int]

    def predict(self, data: Table | Arrays) -> Predictions:
        """Predictions for rows as they come from a source; other columns and another order do no harm."""
        inputs = self.encoder.encode_inputs(data, self.built.network.dtype)
        network = self.built.network
        with computing(choose_threads(self.config, network, len(inputs))):
            outputs = network.predict(inputs).reshape(len(inputs), network.outputs.size)
            values = self.built.loss.predictions(outputs)
        if not np.isfinite(values).all():
            row = int(np.argwhere(~np.isfinite(values))[0, 0])
            raise ModelError(f"the prediction for row {row} is not a finite number", where=str(self.path))
        if self.encoder.task == "regression":
            return Predictions(self.encoder.decode_targets(values), [])
        if self.encoder.task == "reconstruction":
            values = values.reshape(inputs.shape)
            return Predictions(values, [], decode_inputs(self.encoder, values), _row_errors(inputs, values))
        return Predictions(values, self.encoder.decode_classes(values.argmax(axis=1)))


def _row_errors(inputs: Array, values: Array) -> Array:
    """The mean squared error of each row (N,), in float64."""
    errors = np.empty(len(inputs))
    for start in range(0, len(inputs), PREDICT_ROWS):  # float64 copies of a few rows at a time
        rows = slice(start, start + PREDICT_ROWS)
        difference = inputs[rows].astype(np.float64) - values[rows]
        errors[rows] = np.mean(difference.reshape(len(difference), -1) ** 2, axis=1)
    return errors


def load_model(path: str | Path | None = None, plugins: Iterable[str | Path] = ()) -> Model:
    """Reads a `model.safetensors`, or the one of a run directory (the newest run where none is named).

    Nothing in the file is run: components of a plugin must be loaded by naming the plugin. Raises `ModelError`.
    """
    for plugin in plugins:
        load_plugin(Path(plugin))
    file, run = locate_model(path)
    stored = ModelFile.read(file)
    try:
        config = validate(Document(stored.config, "config"), Config)
        built = build_for(config, stored.encoder)
    except ConfigError as error:
        hint = _name_plugins(stored.config.get("plugins"), run)
        raise ModelError(f"holds a config that cannot be used: {error}", where=str(file), hint=hint) from None
    stored.fill(built.network)
    return Model(config, stored.encoder, built, file, run, stored.parts)


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


def locate_model(path: str | Path | None) -> tuple[Path, RunDirectory | None]:
    """The model's file and its run directory, if it lies in one."""
    if path is None:
        run = RunDirectory.newest(holding="model.safetensors")
        return run.model, run
    path = Path(path)
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
