"""What `scratchnn tune` does: a config with a `tune` section in, the best config and all trials out."""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import scratchnn
from scratchnn.config.dump import plain
from scratchnn.errors import ConfigError, UsageError, suggestion
from scratchnn.training.events import StopRequest
from scratchnn.training.file_lock import FileLock, held
from scratchnn.training.run_directory import ROOT
from scratchnn.training.run_group import group_kind
from scratchnn.training.storage import finite_json, refusals, write_atomically
from scratchnn.tuning.extras import require
from scratchnn.tuning.settings import TuneSettings
from scratchnn.workflows.building import figure_names
from scratchnn.workflows.configs import LoadedConfig
from scratchnn.workflows.identity import identity
from scratchnn.workflows.session import Session
from scratchnn.workflows.threads import available_cores
from scratchnn.workflows.train import load
from scratchnn.workflows.tuning.assigning import check_space, without_search
from scratchnn.workflows.tuning.importance import importance_of
from scratchnn.workflows.tuning.places import Place, place_of
from scratchnn.workflows.tuning.results import TuneResult, write_results
from scratchnn.workflows.tuning.study import SearchStudy, TrialRow
from scratchnn.workflows.tuning.trials import Keep, Search, run_trials

KIND = "tune"
SHOWN_SECONDS = 0.25


@dataclass(frozen=True)
class TuneProgress:
    """How a search stands: all its trials, on whichever machine. `total` is None where only the time ends it."""

    folder: Path
    metric: str
    maximize: bool
    total: int | None
    trials: Sequence[TrialRow]


TuneListener = Callable[[TuneProgress], None]


def tune(
    config: str | Path | Mapping[str, Any],
    *,
    overrides: Sequence[str] = (),
    plugins: Iterable[str | Path] = (),
    storage: str | None = None,
    run_dir: str | Path | None = None,
    jobs: int = 1,
    keep: Keep = "all",
    plot: bool = False,
    listener: TuneListener | None = None,
    stop: StopRequest | None = None,
) -> TuneResult:
    """Searches the space of a config's `tune` section, `jobs` trials at a time.

    It writes `run_dir`, `runs/<name>-tune` when absent. The search is kept in `storage`, a journal file or the URL of a
    PostgreSQL server (`journal.log` in the directory when absent). What is there is gone on with, and every process
    that names the same storage takes part. Each trial has the config's seed. Raises the errors of `scratchnn.errors`; a
    trial that fails is only recorded.
    """
    if jobs < 1:
        raise UsageError(f"got {jobs}, expected 1 or more", where="--jobs", hint="--jobs 2 runs two trials at a time.")
    if plot:
        require(["matplotlib"], "--plot", "--plot", "pip install 'scratchnn[plot]'")
    started, request = time.monotonic(), stop or StopRequest()
    prepared = prepare_search(load(config, overrides, plugins), storage, None if run_dir is None else Path(run_dir))
    search = prepared.open(keep, None if jobs == 1 else max(1, available_cores() // jobs))
    with closing(search.study):
        tell = _teller(prepared, search, listener)
        seconds = prepared.settings.seconds
        until = None if seconds is None else started + seconds
        write_manifest(prepared)
        tell(always=True)
        if jobs == 1:
            run_trials(search, request, tell, until)
        else:
            from scratchnn.workflows.tuning.workers import run_workers

            run_workers(search, prepared.place, jobs, request, tell, until)
        tell(always=True)
        with held(_writing(prepared.folder)):  # the process that writes last has seen the most trials
            return _finish(prepared, search, request, time.monotonic() - started, plot=plot)


@dataclass(frozen=True)
class Prepared:
    """A search that was checked: the config without its search, and where it is kept."""

    loaded: LoadedConfig
    settings: TuneSettings
    folder: Path
    place: Place
    maximize: bool
    points: Sequence[Mapping[str, Any]] | None
    identity: Mapping[str, Any]

    @property
    def total(self) -> int | None:
        """How many trials there are in all."""
        limits = [limit for limit in (self.settings.trials, self.points and len(self.points)) if limit]
        return min(limits, default=None)

    def open(self, keep: Keep, threads: int | None) -> Search:
        """The search for this process."""
        study = SearchStudy.open(
            self.place,
            self.loaded.name,
            self.identity,
            maximize=self.maximize,
            sampler=self.settings.sampler,
            pruner=self.settings.pruner,
            seed=self.loaded.config.seed,
            points=self.points,
            limit=self.total,
            epochs=self.loaded.config.training.epochs,
        )
        return Search(self.loaded, self.settings, self.folder, study, keep, threads)


def prepare_search(loaded: LoadedConfig, storage: str | None, run_dir: Path | None) -> Prepared:
    """Checks everything that can be checked before a trial is run, the data too, and writes nothing."""
    settings = settings_of(loaded)
    require(["optuna"], "a search")
    settings.sampler.check()
    check_space(loaded)
    points = settings.sampler.points(settings.space)
    base = without_search(loaded)
    session = Session(base)
    maximize = _maximizes(settings, session, loaded)
    folder = run_dir or ROOT / f"{loaded.name}-{KIND}"
    if (folder / "config.yaml").exists() or group_kind(folder) not in (None, KIND):
        raise UsageError("holds another run", where=str(folder), hint="Choose another place: --run-dir DIR.")
    place = place_of(storage, folder)
    return Prepared(base, settings, folder, place, maximize, points, _identity(session, settings, maximize=maximize))


def write_manifest(prepared: Prepared) -> None:
    """Writes tune.json, by which the list of runs knows the directory, unless another process did."""
    told = {"format": 1, "scratchnn": scratchnn.__version__, "config": plain(prepared.loaded.portable())}
    with refusals(prepared.folder):
        prepared.folder.mkdir(parents=True, exist_ok=True)
    path = prepared.folder / f"{KIND}.json"
    with held(_writing(prepared.folder)):
        if not path.is_file():  # it keeps the time at which the search began
            write_atomically(path, (json.dumps(finite_json(told), indent=2) + "\n").encode())


def _writing(folder: Path) -> FileLock:
    """What a process holds while it writes a file that all share."""
    return FileLock(folder / ".writing")


def settings_of(loaded: LoadedConfig) -> TuneSettings:
    """The section `tune`. Raises `ConfigError` where there is none."""
    if loaded.config.tune is None:
        hint = 'Add one: tune: {trials: 20, space: {"training.batch_size": [16, 32, 64]}}.'
        raise ConfigError("has no section `tune`, which says what to search", where=loaded.document.name, hint=hint)
    return loaded.config.tune


def _maximizes(settings: TuneSettings, session: Session, loaded: LoadedConfig) -> bool:
    """Whether a high figure is the better one. Raises `ConfigError` for a metric that cannot be scored on."""
    if session.data.validation is None:
        hint = "Set data.split.validation."
        raise loaded.placed(ConfigError("there are no validation rows to score on", where="tune.metric", hint=hint))
    names = figure_names(session.metrics)
    if settings.figure not in names:
        near = suggestion(settings.metric, [f"validation.{name}" for name in names])
        hint = f"{near} Others are measured where `metrics` names them."
        raise loaded.placed(ConfigError(f'no figure "{settings.metric}"', where="tune.metric", hint=hint))
    if settings.direction != "auto":
        return settings.direction == "maximize"
    higher = next((metric.higher_is_better for metric in session.metrics if metric.name == settings.figure), False)
    if higher is None:
        message = f"neither a high nor a low {settings.figure} is good"
        raise loaded.placed(
            ConfigError(message, where="tune.metric", hint="Set tune.direction, or use another metric.")
        )
    return higher


def _identity(session: Session, settings: TuneSettings, *, maximize: bool) -> dict[str, Any]:
    """What must be the same for trials to be compared: everything but the budget, the pruner and where files lie."""
    config, data = session.config, session.data
    kept = identity(config, data.train, data.validation)["settings"]
    kept["training"]["epochs"] = config.training.epochs
    rows = {"train": _rows(data.train.rows)}
    if data.validation is not None:
        rows["validation"] = _rows(data.validation.rows)
    search = plain(settings)
    for name in ("trials", "seconds", "pruner"):
        del search[name]
    search["direction"] = "maximize" if maximize else "minimize"
    return {"tune": search, **kept, "rows": rows}


def _rows(rows: Any) -> str:
    return f"{len(rows)} rows, check sum {zlib.crc32(np.ascontiguousarray(rows, dtype=np.int64).tobytes()):08x}"


def _teller(prepared: Prepared, search: Search, listener: TuneListener | None) -> Callable[..., None]:
    """Tells the listener how the search stands, not too often."""
    told = 0.0

    def tell(*, always: bool = False) -> None:
        nonlocal told
        if listener is not None and (always or time.monotonic() - told > SHOWN_SECONDS):
            told = time.monotonic()
            rows = search.study.rows()
            listener(TuneProgress(prepared.folder, prepared.settings.metric, prepared.maximize, prepared.total, rows))

    return tell


def _finish(prepared: Prepared, search: Search, stop: StopRequest, seconds: float, *, plot: bool) -> TuneResult:
    rows, best = search.study.rows(), search.study.best()
    folder, notes = prepared.folder, []
    running = sum(row.state == "running" for row in rows)
    if running:
        notes.append(f"{running} of the trials still run in other processes")
    if search.study.limit is not None and prepared.points is not None and search.study.limit < len(prepared.points):
        notes.append(f"the grid has {len(prepared.points)} points, of which the first {search.study.limit} are tried")
    run = None if best is None or not search.run_of(best.number).is_dir() else search.run_of(best.number)
    importance = importance_of(search.study.optuna)
    plots: list[Path] = []
    if plot:
        from scratchnn.workflows.tuning.plots import write_plots

        plots = write_plots(folder, rows, prepared.settings.metric, importance, maximize=prepared.maximize)
    result = TuneResult(
        folder=folder,
        name=prepared.loaded.name,
        storage=prepared.place.name,
        metric=prepared.settings.metric,
        direction="maximize" if prepared.maximize else "minimize",
        status="interrupted" if stop.requested else "completed",
        trials=rows,
        best=best,
        config=None if best is None else folder / "best.yaml",
        run=run,
        importance=importance,
        seconds=seconds,
        notes=notes,
        plots=plots,
    )
    write_results(search, result)
    return result
