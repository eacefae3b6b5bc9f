"""Runs several trainings, one after the other or side by side in processes of their own.

Each is an ordinary training in a run directory of its own: what it comes to does not depend on how many run side by
side. It uses the threads that it would use alone; several at once share the cores as the system divides them.
"""

from __future__ import annotations

import json
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scratchnn.config.document import Document
from scratchnn.config.dump import plain
from scratchnn.errors import ScratchnnError, StorageError, UsageError
from scratchnn.training.events import EpochEnd, Started, StopRequest
from scratchnn.workflows.child_process import start_child
from scratchnn.workflows.configs import LoadedConfig, check_document
from scratchnn.workflows.session import Listener, Told
from scratchnn.workflows.threads import available_cores
from scratchnn.workflows.train import resume, train_loaded

ENDED = ("completed", "stopped_early", "diverged")
DIVERGED = 5
INTERRUPTED = 128 + signal.SIGINT
WAIT_SECONDS = 0.1


@dataclass(frozen=True)
class Job:
    """A training: its name among the others, its config, its run directory."""

    name: str
    loaded: LoadedConfig
    run: Path

    def to_json(self) -> dict[str, Any]:
        """What another process needs to do it."""
        config = self.loaded.config.model_copy(update={"name": self.loaded.name, "plugins": []})
        return {
            "name": self.name,
            "config": plain(config),
            "origin": self.loaded.document.name,
            "base": str(self.loaded.base),
            "plugins": list(map(str, self.loaded.plugins)),
            "run": str(self.run),
        }

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> Job:
        """The job that `to_json` tells of."""
        document = Document(value["config"], value["origin"])
        return cls(value["name"], check_document(document, Path(value["base"]), value["plugins"]), Path(value["run"]))


@dataclass(frozen=True)
class JobOutcome:
    """How a training ended: as `summary.json` has it, or the error that it ended with.

    `status` is that of the training, or failed.
    """

    name: str
    run: Path
    status: str
    exit_code: int
    summary: Mapping[str, Any] = field(default_factory=dict)
    error: Mapping[str, Any] | None = None

    @property
    def done(self) -> bool:
        """Whether there is a model that was trained as far as it should be."""
        return self.exit_code == 0

    def to_json(self) -> dict[str, Any]:
        """The object in machine output."""
        made: dict[str, Any] = {"name": self.name, "run_dir": str(self.run), "status": self.status}
        made["exit_code"] = self.exit_code
        for key in ("epochs", "best_epoch", "seconds"):
            if key in self.summary:
                made[key] = self.summary[key]
        return made | ({} if self.error is None else {"error": dict(self.error)})


@dataclass(frozen=True)
class JobEvent:
    """Something about a job: it has reached an epoch, or is over."""

    name: str
    epoch: int = 0
    epochs: int = 0
    outcome: JobOutcome | None = None


JobListener = Callable[[JobEvent], None]


def check_jobs(jobs: int) -> None:
    """Raises `UsageError` for a number of processes that is none."""
    if jobs < 1:
        raise UsageError(f"got {jobs}, expected 1 or more", where="--jobs", hint="--jobs 2 trains two at a time.")


def sharing_note(processes: int, threads: int) -> list[str]:
    """A warning where trainings that run side by side want more threads than there are cores."""
    cores = available_cores()
    if processes == 1 or processes * threads <= cores:
        return []
    made = f"each training uses {threads} threads, as it would alone, so {processes} at a time share {cores} cores"
    return [f"{made}: --set threads=1 may be faster, but gives other bits"]


def run_jobs(
    jobs: Sequence[Job], processes: int = 1, listener: JobListener | None = None, stop: StopRequest | None = None
) -> list[JobOutcome]:
    """Does every job that is not done yet, `processes` at a time; the outcomes in the order of the jobs.

    A run directory that is complete is left as it is, one that is not is gone on with. A job that fails does not keep
    the others from going on. After a request to stop those that run save their state, and no other begins.
    """
    tell, request = listener or (lambda event: None), stop or StopRequest()
    known = {job.name: outcome for job in jobs if (outcome := ended(job)) is not None}
    for outcome in known.values():
        tell(JobEvent(outcome.name, outcome=outcome))
    todo = [job for job in jobs if job.name not in known]
    if min(processes, len(todo)) > 1:
        made = _Processes(todo, tell, request).run(min(processes, len(todo)))
    else:
        made = [_told(_here(job, tell, request), tell) for job in todo]
    known |= {outcome.name: outcome for outcome in made}
    return [known[job.name] for job in jobs]


def failure(failed: Sequence[JobOutcome], count: int, what: str, where: Path) -> ScratchnnError:
    """One error for trainings that failed: it has the exit code of the first."""
    told = [f"{one.name} {one.status} (exit code {one.exit_code})" for one in failed]
    first = failed[0].error or {}
    place = f"{first['where']}: " if first.get("where") else ""
    message = f"{len(failed)} of {count} {what}s did not end well: {', '.join(told)}; {place}{first.get('message', '')}"
    error = ScratchnnError(message.rstrip("; "), where=str(where), hint=str(first.get("hint", "")))
    error.kind, error.exit_code = str(first.get("kind", "error")), failed[0].exit_code  # type: ignore[misc]  # its own
    return error


def ended(job: Job) -> JobOutcome | None:
    """How a job has ended, None where it has not."""
    summary = read_summary(job.run)
    status = summary.get("status")
    if status not in ENDED or not (job.run / "model.safetensors").is_file():
        return None
    return JobOutcome(
        job.name, job.run, str(status), DIVERGED if status == "diverged" else 0, summary, summary.get("error")
    )


def read_summary(run: Path) -> dict[str, Any]:
    """What summary.json of a run holds; empty where it is not there or cannot be read."""
    try:
        value = json.loads((run / "summary.json").read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def do(job: Job, listener: Listener, stop: StopRequest) -> None:
    """Trains, or goes on with what is there. Raises the errors of `scratchnn.errors`."""
    try:
        if (job.run / "config.yaml").is_file():
            resume(job.run, plugins=job.loaded.plugins, listener=listener, stop=stop)
        else:
            train_loaded(job.loaded, job.run, listener=listener, stop=stop)
    except MemoryError as error:
        hint = "Use a smaller batch or less data, or fewer --jobs."
        raise StorageError(f"not enough memory: {error}", where=str(job.run), hint=hint) from error


def progress_of(tell: Callable[[int, int], None]) -> Listener:
    """A listener that tells the epoch that is reached, and how many there are."""
    epochs = 0

    def listen(event: Told) -> None:
        nonlocal epochs
        if isinstance(event, Started):
            epochs = event.epochs
            tell(event.epochs_done, epochs)
        elif isinstance(event, EpochEnd):
            tell(event.epoch, epochs)

    return listen


def _told(outcome: JobOutcome, tell: JobListener) -> JobOutcome:
    tell(JobEvent(outcome.name, outcome=outcome))
    return outcome


def _here(job: Job, tell: JobListener, stop: StopRequest) -> JobOutcome:
    """Does a job in this process."""
    if stop.requested:
        return _stopped(job)
    try:
        do(job, progress_of(lambda epoch, epochs: tell(JobEvent(job.name, epoch, epochs))), stop)
    except ScratchnnError as error:
        return _failed(job, error.to_json(), error.exit_code)
    return ended(job) or _stopped(job)


def _stopped(job: Job) -> JobOutcome:
    return JobOutcome(job.name, job.run, "interrupted", INTERRUPTED)


def _failed(job: Job, error: Mapping[str, Any], exit_code: int) -> JobOutcome:
    return JobOutcome(job.name, job.run, "failed", exit_code, error=error)


class _Processes:
    """Several child processes at a time; see `scratchnn.workflows.job_process` for what they hear and say."""

    def __init__(self, jobs: Sequence[Job], tell: JobListener, stop: StopRequest) -> None:
        self._tell = tell
        self._stop = stop
        self._lock = threading.Lock()
        self._left = deque(jobs)
        self._children: set[subprocess.Popen[str]] = set()
        self._killing = False

    def run(self, processes: int) -> list[JobOutcome]:
        """Does them all, in any order. Whatever is raised in between, no child is left."""
        with ThreadPoolExecutor(processes) as pool:
            futures = [pool.submit(self._work) for _ in range(processes)]
            try:
                self._wait(futures)
            except BaseException:
                self._kill()
                raise
        return [outcome for future in futures for outcome in future.result()]

    def _wait(self, futures: Iterable[Future[list[JobOutcome]]]) -> None:
        left: set[Future[list[JobOutcome]]] = set(futures)
        while left:
            done, left = wait(left, WAIT_SECONDS)
            for future in done:
                future.result()
            if self._stop.requested:
                with self._lock:
                    for child in self._children:
                        _end_input(child)

    def _kill(self) -> None:
        with self._lock:
            self._killing = True
            for child in self._children:
                child.kill()

    def _work(self) -> list[JobOutcome]:
        """One job after the other in one child, or in a new one where that has died."""
        made: list[JobOutcome] = []
        child: subprocess.Popen[str] | None = None
        try:
            while True:
                with self._lock:
                    if not self._left:
                        return made
                    job = self._left.popleft()
                    begins = not (self._stop.requested or self._killing)
                    if begins and child is None:
                        child = start_child("scratchnn.workflows.job_process")
                        self._children.add(child)
                outcome = self._talk(job, child) if begins and child is not None else _stopped(job)
                if child is not None and child.poll() is not None:
                    self._forget(child)
                    child = None
                made.append(outcome)
                with self._lock:
                    self._tell(JobEvent(job.name, outcome=outcome))
        finally:
            if child is not None:
                self._forget(child)

    def _forget(self, child: subprocess.Popen[str]) -> None:
        _end_input(child)
        child.wait()
        if child.stdout is not None:
            child.stdout.close()
        with self._lock:
            self._children.discard(child)

    def _talk(self, job: Job, child: subprocess.Popen[str]) -> JobOutcome:
        """Gives a child a job and hears what it says until that is done, or the child is dead."""
        if child.stdin is None or child.stdout is None:  # never: both are pipes
            raise RuntimeError("a child process has no pipes")
        with suppress(OSError, ValueError):  # it has ended already, or was told to
            child.stdin.write(json.dumps(job.to_json()) + "\n")
            child.stdin.flush()
        while line := child.stdout.readline():
            said = json.loads(line)
            if "exit_code" not in said:
                with self._lock:
                    self._tell(JobEvent(job.name, said["epoch"], said["epochs"]))
            elif "error" in said:
                return _failed(job, said["error"], said["exit_code"])
            else:
                return ended(job) or _stopped(job)
        return self._died(job, child.wait())

    def _died(self, job: Job, code: int) -> JobOutcome:
        if self._killing or self._stop.requested:
            return ended(job) or _stopped(job)
        how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        said = {"kind": "process", "message": f"its process {how}", "where": str(job.run)}
        hint = {"hint": "Run the same command again: it goes on where it was."}
        return _failed(job, said | hint, 128 - code if code < 0 else code or 1)


def _end_input(child: subprocess.Popen[str]) -> None:
    """The sign to stop."""
    if child.stdin is not None:
        with suppress(OSError, ValueError):
            child.stdin.close()
