"""What `scratchnn train` does: a config in, a run directory and its figures out."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from scratchnn.config.dump import dump_config
from scratchnn.config.schema import Config
from scratchnn.data.large_tables import Tell
from scratchnn.errors import StorageError, UsageError
from scratchnn.training.events import StopRequest
from scratchnn.training.run_directory import ROOT, START, RunDirectory
from scratchnn.training.run_group import group_kind
from scratchnn.workflows.configs import LoadedConfig, config_from, load_config, paths_of_runs, started_from
from scratchnn.workflows.session import Listener, Preparing, Ready, Session, Told, TrainResult

_GO_ON = {
    "crossval": "Go on with all of them: scratchnn crossval --resume {}",
    "ensemble": "Go on with all of them: scratchnn train --resume {}",
    "tune": "Go on with the search: scratchnn tune CONFIG --run-dir {}",
}


def train(
    config: str | Path | Mapping[str, Any],
    *,
    overrides: Sequence[str] = (),
    plugins: Iterable[str | Path] = (),
    run_dir: str | Path | None = None,
    require: Iterable[str] = (),
    listener: Listener | None = None,
    stop: StopRequest | None = None,
    from_model: str | Path | None = None,
) -> TrainResult:
    """Trains what a config file, or a mapping with the same keys, describes, and writes a run directory.

    `overrides` are texts such as "training.epochs=5"; relative paths in a mapping start at the working directory.
    `from_model` is a run directory or a model file to start from: it sets the path of the config's `from`.
    Raises the errors of `scratchnn.errors`. A training that diverged or was stopped returns with that status.
    """
    path = None if run_dir is None else Path(run_dir)
    return train_loaded(
        load(config, overrides, plugins, from_model), path, require=require, listener=listener, stop=stop
    )


def train_loaded(
    loaded: LoadedConfig,
    path: Path | None = None,
    *,
    require: Iterable[str] = (),
    listener: Listener | None = None,
    stop: StopRequest | None = None,
) -> TrainResult:
    """The same for a config that is checked already. `path` is the run directory; absent, see `RunDirectory.create`."""
    listener = listener or _silent
    session = Session(loaded, require, runs=ROOT if path is None else path.parent, tell=_tell(listener))
    run = RunDirectory.create(
        loaded.name,
        stored_config(loaded, path or ROOT / loaded.name),
        path,
        session.start.stored if session.start else None,
    )
    try:
        with _resumable(run):
            return session.run(run, listener, stop)
    finally:
        run.unlock()


def plan(
    config: str | Path | Mapping[str, Any],
    *,
    overrides: Sequence[str] = (),
    plugins: Iterable[str | Path] = (),
    require: Iterable[str] = (),
    from_model: str | Path | None = None,
) -> Ready:
    """Does everything that `train` does before it trains, and writes nothing."""
    return Session(load(config, overrides, plugins, from_model), require).ready(None)


def resume(
    run_dir: str | Path | None = None,
    *,
    config: str | Path | None = None,
    overrides: Sequence[str] = (),
    plugins: Iterable[str | Path] = (),
    require: Iterable[str] = (),
    listener: Listener | None = None,
    stop: StopRequest | None = None,
) -> TrainResult:
    """Goes on with a run (the newest where none is named) from its newest checkpoint, as if it had never stopped.

    The run's own config is used, unless `config` names another file. It may change `training.epochs`,
    `training.checkpoint` and `threads`; anything else that changes the training is refused. Without `run_dir`,
    `config` also chooses the run: the newest of its name. A run that is complete is only judged again.
    """
    loaded = None if config is None else load_config(config, overrides, plugins)
    if run_dir is not None:
        if kind := group_kind(Path(run_dir)):
            hint = _GO_ON[kind].format(shlex.quote(str(run_dir)))
            raise UsageError(f"is no run, but several: one of {kind}.json", where=str(run_dir), hint=hint)
        run = RunDirectory.open(Path(run_dir))
    else:
        run = RunDirectory.newest(None if loaded is None else loaded.name)
    listener = listener or _silent
    run.lock()
    try:
        loaded = loaded or load_config(run.config, overrides, plugins)
        with paths_of_runs(loaded):
            session = Session(loaded, require, runs=run.path.parent, tell=_tell(listener), start=run.start)
        with _resumable(run):
            return session.run(run, listener, stop, resume=stored_config(loaded, run.path))
    finally:
        run.unlock()


def load(
    config: str | Path | Mapping[str, Any],
    overrides: Sequence[str],
    plugins: Iterable[str | Path],
    from_model: str | Path | None = None,
) -> LoadedConfig:
    """A config from a file or from plain values. A model to start from is sought in the working directory."""
    start = None if from_model is None else str(Path(from_model).absolute())
    if isinstance(config, Mapping):
        return config_from(config, ".", overrides, start)
    return load_config(config, overrides, plugins, start)


def stored_config(loaded: LoadedConfig, run: Path) -> str:
    """The resolved config as the run directory keeps it."""
    made = moved_to(loaded, run)
    return dump_config(made if made.start is None else started_from(made, START))  # the run keeps a copy


def moved_to(loaded: LoadedConfig, run: Path) -> Config:
    """The resolved config, complete, with its relative paths starting from a directory."""
    folder = os.path.realpath(run)

    def move(path: str, base: Path) -> str:
        if path.startswith("~") or Path(path).is_absolute():
            return path
        place = base / path
        folder_of_it = Path(os.path.realpath(place.parent))  # a link changes what `..` means
        return os.path.relpath(folder_of_it / place.name, folder)

    return loaded.moved(move)


@contextmanager
def _resumable(run: RunDirectory) -> Iterator[None]:
    """Adds to what the disk refuses that the run can go on later."""
    try:
        yield
    except StorageError as error:
        go_on = f"hen go on with: scratchnn train --resume {shlex.quote(str(run.path))}"
        error.hint = f"{error.hint} T{go_on}" if error.hint else f"Mend it, t{go_on}"
        raise


def _silent(event: Told) -> None:
    """Hears nothing."""


def _tell(listener: Listener) -> Tell:
    """Gives lines about long preparations to a listener of events."""
    return lambda line: listener(Preparing(line))
