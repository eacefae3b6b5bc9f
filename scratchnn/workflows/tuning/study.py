"""The study: which trials there are, who runs them, and how they ended. Any number of processes share it.

The number of trials is that of all processes together. A trial is claimed under a lock, so that there are never more.
Where a process was killed, its trial is claimed again under the same number: none is lost and none is done twice.
"""

from __future__ import annotations

import json
import math
import os
import platform
import threading
import time
import uuid
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scratchnn.errors import ConfigError, ScratchnnError
from scratchnn.training.file_lock import FileLock
from scratchnn.training.storage import refusals
from scratchnn.tuning.pruners import Pruner
from scratchnn.tuning.samplers import Sampler
from scratchnn.tuning.spaces import Drawn
from scratchnn.workflows.tuning.places import Place
from scratchnn.workflows.tuning.seeded import seeded

if TYPE_CHECKING:
    from optuna import Study as OptunaStudy
    from optuna import Trial
    from optuna.trial import FrozenTrial

OURS = "scratchnn"
BEAT_SECONDS = 30.0
SILENT_SECONDS = 300.0
"""After so long without a sign a process of another machine counts as gone."""
MOST_DIFFERENCES = 5
_STATES = {"COMPLETE": "completed", "PRUNED": "pruned", "FAIL": "failed", "RUNNING": "running", "WAITING": "waiting"}


@dataclass(frozen=True)
class TrialRow:
    """A trial as it stands. `value` is the metric: the last one where it runs or was pruned."""

    number: int
    state: str
    value: float | None
    params: dict[str, Drawn]
    epochs: int
    seconds: float
    threads: int | None = None
    error: dict[str, Any] = field(default_factory=dict)

    @property
    def finished(self) -> bool:
        """Whether it is over."""
        return self.state in ("completed", "pruned", "failed")

    @property
    def reason(self) -> str:
        """Why it failed."""
        return str(self.error.get("message", ""))

    def to_json(self) -> dict[str, Any]:
        """The object in machine output."""
        made: dict[str, Any] = {"number": self.number, "state": self.state, "value": self.value}
        made |= {"params": self.params, "epochs": self.epochs, "seconds": round(self.seconds, 3)}
        return made | ({"error": self.error} if self.error else {})


class SearchStudy:
    """A study in a place, opened by one process. `limit` is the number of trials in all, None where there is none."""

    def __init__(self, place: Place, study: OptunaStudy, storage: Any, limit: int | None) -> None:
        self.optuna = study
        self.limit = limit
        self._place = place
        self._storage = storage
        self._token = f"{platform.node()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        self._alive: FileLock | None = None
        self._running: int | None = None
        self._stop_beating = threading.Event()

    @classmethod
    def open(
        cls,
        place: Place,
        name: str,
        identity: Mapping[str, Any],
        *,
        maximize: bool,
        sampler: Sampler,
        pruner: Pruner,
        seed: int,
        points: Sequence[Mapping[str, Drawn]] | None,
        limit: int | None,
        epochs: int,
    ) -> SearchStudy:
        """The study of that name, made where there is none.

        Raises `ConfigError` with the differences where it was made for another search.
        """
        import optuna

        with quiet(), ExitStack() as failed:
            storage = place.open()
            failed.callback(_close, storage)
            with place.lock(name):
                try:
                    study = optuna.load_study(study_name=name, storage=storage)
                except KeyError:
                    study = optuna.create_study(
                        study_name=name, storage=storage, direction="maximize" if maximize else "minimize"
                    )
                known = study.user_attrs.get(OURS)
                wanted = json.loads(json.dumps(identity))
                if known is None and not study.get_trials(deepcopy=False):
                    study.set_user_attr(OURS, wanted)
                elif known != wanted:
                    raise _other_search(place.name, name, known, wanted)
            study.sampler = seeded(sampler, seed, points)
            study.pruner = pruner.make(epochs)
            failed.pop_all()
        return cls(place, study, storage, limit)

    def close(self) -> None:
        """Ends the connection."""
        with quiet():
            _close(self._storage)

    @contextmanager
    def working(self) -> Iterator[None]:
        """While it lasts others can see that this process lives."""
        folder = self._place.workers
        with refusals(folder):
            folder.mkdir(parents=True, exist_ok=True)
        alive = FileLock(folder / self._token)
        alive.acquire()
        beat = threading.Thread(target=self._beat, daemon=True)
        beat.start()
        try:
            yield
        finally:
            self._stop_beating.set()
            beat.join()
            alive.release()
            alive.path.unlink(missing_ok=True)

    def claim(self) -> Trial | None:
        """The next trial for this process; None where enough are done or run."""
        with quiet(), self._place.lock(self.optuna.study_name):
            trials = self.optuna.get_trials(deepcopy=False)
            freed = [trial for trial in trials if self._is_abandoned(trial)]
            for trial in freed:
                self._free(trial._trial_id)
            waits = freed or any(trial.state.name == "WAITING" for trial in trials)
            if not waits and self.limit is not None and len(trials) >= self.limit:
                return None
            claimed = self.optuna.ask()
            claimed.set_user_attr("worker", self._token)
            claimed.set_user_attr("beat", time.time())
        self._running = claimed._trial_id
        return claimed

    def release(self, trial: Trial) -> None:
        """Gives a trial back, to be run later under its number."""
        self._running = None
        with quiet(), self._place.lock(self.optuna.study_name):
            if self._is_mine(trial):
                self._free(trial._trial_id)

    def complete(self, trial: Trial, value: float, threads: int | None) -> None:
        """Ends a trial with its value; one that is not finite is a failure."""
        if not math.isfinite(value):
            fault = {"kind": "diverged", "message": f"the metric is {value}", "where": "", "hint": ""}
            self._end(trial, "FAIL", error={**fault, "exit_code": 5})
        else:
            self._end(trial, "COMPLETE", value, threads=threads)

    def prune(self, trial: Trial) -> None:
        """Ends a trial before its time. Its value is the last one that it reported."""
        self._end(trial, "PRUNED")

    def fail(self, trial: Trial, error: Mapping[str, Any]) -> None:
        """Ends a trial that came to nothing, with the reason."""
        self._end(trial, "FAIL", error=error)

    def report(self, trial: Trial, epoch: int, value: float) -> bool:
        """Tells the pruner of an epoch; whether the trial should end.

        Epochs that a process reported before it was killed are known, and did not end the trial then.
        """
        with quiet():
            known = max(self._storage.get_trial(trial._trial_id).intermediate_values, default=0)
            trial.report(value, epoch)
            return bool(epoch >= known and trial.should_prune())

    def rows(self) -> list[TrialRow]:
        """Every trial, by number."""
        with quiet():
            return [_row(trial) for trial in self.optuna.get_trials(deepcopy=False)]

    def best(self) -> TrialRow | None:
        """The completed trial with the best value, the first of them where several have it."""
        done = [row for row in self.rows() if row.state == "completed" and row.value is not None]
        sign = -1 if self.optuna.direction.name == "MAXIMIZE" else 1
        return min(done, key=lambda row: sign * (row.value or 0.0), default=None)

    def _end(
        self,
        trial: Trial,
        state: str,
        value: float | None = None,
        *,
        threads: int | None = None,
        error: Mapping[str, Any] | None = None,
    ) -> None:
        from optuna.trial import TrialState

        self._running = None
        with quiet(), self._place.lock(self.optuna.study_name):
            if not self._is_mine(trial):
                return  # this process was silent for so long that another has it now
            if threads is not None:
                trial.set_user_attr("threads", threads)
            if error is not None:
                trial.set_user_attr("error", dict(error))
            self.optuna.tell(trial, value, state=TrialState[state])

    def _is_mine(self, trial: Trial) -> bool:
        kept = self._storage.get_trial(trial._trial_id)
        return bool(kept.state.name == "RUNNING" and kept.user_attrs.get("worker") == self._token)

    def _free(self, trial_id: int) -> None:
        from optuna.trial import TrialState

        self._storage.set_trial_state_values(trial_id, state=TrialState.WAITING)

    def _is_abandoned(self, trial: FrozenTrial) -> bool:
        """Whether the process that claimed a trial is gone. Those that claim hold the lock that we hold."""
        if trial.state.name != "RUNNING":
            return False
        worker = trial.user_attrs.get("worker")
        if worker is None:
            return True
        if worker == self._token:
            return trial._trial_id != self._running
        path = self._place.workers / str(worker)
        if path.name == str(worker) and path.is_file():
            lock = FileLock(path)
            if not lock.try_acquire():
                return False
            lock.release()
            path.unlink(missing_ok=True)
            return True
        return bool(time.time() - float(trial.user_attrs.get("beat", 0.0)) > SILENT_SECONDS)

    def _beat(self) -> None:
        """Gives signs of life of the running trial, for other machines."""
        while not self._stop_beating.wait(BEAT_SECONDS):
            running = self._running
            if running is not None:
                with suppress(Exception):  # what fails here fails in the search too, and is told there
                    self._storage.set_trial_user_attr(running, "beat", time.time())
                self._storage.remove_session()  # each thread has a connection of its own


@contextmanager
def quiet() -> Iterator[None]:
    """Keeps what Optuna logs and warns of to itself: what matters is told by us."""
    import optuna

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        optuna.logging.set_verbosity(before)


def fault_of(error: ScratchnnError | MemoryError) -> dict[str, Any]:
    """What is kept of the error of a trial."""
    if isinstance(error, MemoryError):
        message = f"not enough memory: {error}".rstrip(": ")
        return {"kind": "storage", "message": message, "where": "", "hint": "Use smaller values.", "exit_code": 6}
    return {**error.to_json(), "message": str(error), "hint": "", "exit_code": error.exit_code}


def _row(trial: FrozenTrial) -> TrialRow:
    state = _STATES[trial.state.name]
    reported = trial.intermediate_values
    value = trial.values[0] if trial.values else None
    if value is None and reported and state != "failed":
        value = reported[max(reported)]
    value = None if value is None or not math.isfinite(value) else float(value)
    seconds = trial.duration.total_seconds() if trial.duration is not None else 0.0
    return TrialRow(
        number=trial.number,
        state=state,
        value=value,
        params=dict(trial.params),
        epochs=max(reported, default=0),
        seconds=seconds,
        threads=trial.user_attrs.get("threads"),
        error=trial.user_attrs.get("error", {}) if state == "failed" else {},
    )


def _close(storage: Any) -> None:
    storage.remove_session()
    engine = getattr(storage, "engine", None)
    if engine is not None:
        engine.dispose()


def _other_search(place: str, name: str, known: Any, wanted: Any) -> ConfigError:
    if not isinstance(known, dict):
        message = f'holds a study "{name}" that scratchnn did not make'
        return ConfigError(message, where=place, hint="Use another --storage, or another `name` in the config.")
    before, now = dict(_flat(known)), dict(_flat(wanted))
    keys = [key for key in {**now, **before} if before.get(key, "absent") != now.get(key, "absent")]
    said = [f"{key} was {_shown(before, key)}, is {_shown(now, key)}" for key in keys]
    more = f" and {len(said) - MOST_DIFFERENCES} more" if len(said) > MOST_DIFFERENCES else ""
    message = f'the search "{name}" was begun with other settings: {"; ".join(said[:MOST_DIFFERENCES])}{more}'
    hint = "Put them back to go on, or begin another: change `name`, or use another --run-dir or --storage."
    return ConfigError(message, where=place, hint=hint)


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            step = f'"{key}"' if "." in key else key
            yield from _flat(inner, f"{path}.{step}" if path else step)
    else:
        yield path, value


def _shown(flat: Mapping[str, Any], key: str) -> str:
    if key not in flat:
        return "absent"
    text = json.dumps(flat[key], ensure_ascii=False)
    return text if len(text) <= 60 else text[:59] + "…"
