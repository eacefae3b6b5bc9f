"""Runs trials in several processes of this machine. They meet in the study alone, as processes elsewhere do."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from scratchnn import errors
from scratchnn.config.dump import plain
from scratchnn.errors import ScratchnnError
from scratchnn.training.events import StopRequest
from scratchnn.workflows.child_process import start_child
from scratchnn.workflows.tuning.places import Place
from scratchnn.workflows.tuning.trials import Search

LOOK_SECONDS = 0.1


def run_workers(
    search: Search, place: Place, jobs: int, stop: StopRequest, changed: Callable[[], None], until: float | None
) -> None:
    """Runs the search in `jobs` processes until they end. Raises the first error that one of them ends with.

    What each gets goes through a pipe, so that no list of processes shows a password.
    """
    task = json.dumps(_task(search, place, until))
    children = [_start(task) for _ in range(jobs)]
    try:
        while any(child.poll() is None for child in children):
            time.sleep(LOOK_SECONDS)
            changed()
            if stop.requested or any(child.poll() not in (None, 0) for child in children):
                for child in children:
                    _end_input(child)
    finally:
        for child in children:
            _end_input(child)
            if child.poll() is None:
                child.kill()
        said = [(child.wait(), child.stdout.read() if child.stdout is not None else "") for child in children]
        for child in children:
            if child.stdout is not None:
                child.stdout.close()
    for code, text in said:
        if code:
            raise _error(code, text, search.folder)


def _task(search: Search, place: Place, until: float | None) -> dict[str, Any]:
    loaded = search.loaded
    return {
        "config": {**loaded.document.data, "name": loaded.name, "plugins": [], "tune": plain(search.settings)},
        "origin": loaded.document.name,
        "base": str(loaded.base.absolute()),
        "plugins": [str(path.absolute()) for path in loaded.plugins],
        "storage": place.text,
        "folder": str(search.folder),
        "keep": search.keep,
        "threads": search.threads,
        "seconds": None if until is None else until - time.monotonic(),
    }


def _start(task: str) -> subprocess.Popen[str]:
    """A process of a session of its own: the signals of a terminal are for its parent."""
    child = start_child("scratchnn.workflows.tuning.worker")
    if child.stdin is not None:
        with suppress(OSError):  # it is gone already: its exit code tells
            child.stdin.write(task + "\n")
            child.stdin.flush()
    return child


def _end_input(child: subprocess.Popen[str]) -> None:
    """The sign to stop."""
    if child.stdin is not None:
        with suppress(OSError, ValueError):
            child.stdin.close()


def _error(code: int, text: str, folder: Path) -> ScratchnnError:
    """What a process ended with, as an error."""
    try:
        told: Mapping[str, Any] = json.loads(text)
    except ValueError:
        told = {}
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, ScratchnnError)]
    for kind in kinds:
        if told.get("kind") == kind.kind and kind.kind != ScratchnnError.kind:
            return kind(str(told["message"]), where=str(told["where"]), hint=str(told["hint"]))
    how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
    hint = "Run the same command again: it goes on where it was."
    return errors.StorageError(f"a process {how}", where=str(folder), hint=hint)
