"""Runs trials: each an ordinary training in a run directory of its own."""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from scratchnn.errors import BusyError, ScratchnnError, StorageError
from scratchnn.training.events import EpochEnd, StopRequest
from scratchnn.training.run_directory import RunDirectory
from scratchnn.tuning.settings import TuneSettings
from scratchnn.tuning.spaces import draw
from scratchnn.workflows.configs import LoadedConfig
from scratchnn.workflows.session import Session, Told
from scratchnn.workflows.train import stored_config
from scratchnn.workflows.tuning.assigning import with_values
from scratchnn.workflows.tuning.study import SearchStudy, TrialRow, fault_of, quiet

if TYPE_CHECKING:
    from optuna import Trial

Keep = Literal["all", "best"]


@dataclass(frozen=True)
class Search:
    """What one process needs to run trials. `threads` is the most that a trial may use; None: as many as it wants."""

    loaded: LoadedConfig
    settings: TuneSettings
    folder: Path
    study: SearchStudy
    keep: Keep = "all"
    threads: int | None = None

    def run_of(self, number: int) -> Path:
        """The run directory of a trial."""
        return self.folder / f"trial-{number:04d}"

    def config_of(self, row: TrialRow) -> LoadedConfig:
        """The config of a trial that is over, with the threads that it was trained with where they were limited."""
        space = self.settings.space
        drawn = draw(space, lambda name, _: row.params[name])
        return _limited(with_values(self.loaded, drawn, space), row.threads)


def run_trials(search: Search, stop: StopRequest, changed: Callable[[], None], until: float | None) -> None:
    """Claims and runs trials until there are enough, the time `until` has come or a stop is asked for."""
    with search.study.working():
        while not stop.requested and (until is None or time.monotonic() < until):
            trial = search.study.claim()
            if trial is None:
                return
            changed()
            try:
                _run(search, trial, stop, changed)
            except BaseException as error:
                if isinstance(error, Exception) and not isinstance(error, ScratchnnError | OSError):
                    search.study.fail(trial, {"kind": "bug", "message": repr(error), "exit_code": 1})
                else:
                    search.study.release(trial)
                raise
            changed()
            if search.keep == "best":
                _drop_all_but_best(search)


def _run(search: Search, trial: Trial, stop: StopRequest, changed: Callable[[], None]) -> None:
    """One trial. What is wrong with its values is recorded; what is wrong with the disk is raised."""
    study, figure = search.study, search.settings.figure
    own = StopRequest(requested=stop.requested)
    pruned = False

    def listen(event: Told) -> None:
        nonlocal pruned
        if isinstance(event, EpochEnd):
            value = event.validation.get(figure, math.nan)
            if study.report(trial, event.epoch, float(value)):
                pruned = own.requested = True
                own.reason = "pruned: other trials were better by then"
            changed()
        own.requested |= stop.requested

    try:
        with quiet():
            drawn = draw(search.settings.space, lambda name, one: one.suggest(trial, name))
        loaded = with_values(search.loaded, drawn, search.settings.space)
        session = Session(loaded, runs=search.folder.parent)
        limited = None
        if search.threads is not None and session.threads > search.threads:
            limited = session.threads = search.threads
            loaded = _limited(loaded, limited)
        place = search.run_of(trial.number)
        _clear(place)
        run = RunDirectory.create(loaded.name, stored_config(loaded, place), place)
        try:
            result = session.run(run, listen, own)
        finally:
            run.unlock()
    except (StorageError, BusyError):
        raise
    except (ScratchnnError, MemoryError) as error:
        study.fail(trial, fault_of(error))
        return
    if result.error is not None:
        study.fail(trial, fault_of(result.error))
    elif result.status != "interrupted":
        study.complete(trial, float(result.metrics["validation"][figure]), limited)
    elif pruned:
        study.prune(trial)
    else:
        study.release(trial)


def _limited(loaded: LoadedConfig, threads: int | None) -> LoadedConfig:
    return loaded if threads is None else replace(loaded, config=loaded.config.model_copy(update={"threads": threads}))


def _clear(place: Path) -> None:
    """Removes what a process left of the trial that was killed. Raises `BusyError` where one still writes to it."""
    if place.is_dir():
        left = RunDirectory(place)
        left.lock()
        try:
            shutil.rmtree(place, ignore_errors=True)
        finally:
            left.unlock()


def _drop_all_but_best(search: Search) -> None:
    """Removes the run directories of trials that are over and that another one beats."""
    best = search.study.best()
    for row in search.study.rows():
        if row.finished and (best is None or row.number != best.number):
            shutil.rmtree(search.run_of(row.number), ignore_errors=True)
