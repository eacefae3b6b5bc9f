"""A run directory: made in one step, never overwritten, written by one process at a time."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scratchnn.errors import BusyError, ModelError, StorageError, UsageError, suggestion
from scratchnn.training.file_lock import FileLock
from scratchnn.training.model_file import ModelFile
from scratchnn.training.storage import finite_json, refusals, write_atomically

ROOT = Path("runs")
START = "start.safetensors"
MOST_NAMED = 10
STALE_SECONDS = 3600.0  # making a run takes far less than a second


class RunDirectory:
    """One run on disk. The names of its files are its attributes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config = path / "config.yaml"
        self.metrics = path / "metrics.jsonl"
        self.summary = path / "summary.json"
        self.model = path / "model.safetensors"
        self.start = path / START  # of the model whose weights were the start, where there was one
        self.checkpoints = path / "checkpoints"
        self.environment = path / "environment.json"
        self.log = path / "train.log"
        self._lock: FileLock | None = None

    @classmethod
    def create(cls, name: str, config: str, path: Path | None = None, start: ModelFile | None = None) -> RunDirectory:
        """Makes and locks `runs/<name>`, or `runs/<name>-2`, ... where that exists; or exactly `path`.

        The directory appears with its config in it, and with the model to `start` from: a process that is killed leaves
        either nothing or a run that can be resumed.
        """
        root = ROOT if path is None else path.parent
        with refusals(root):
            root.mkdir(parents=True, exist_ok=True)
            _remove_stale(root)
            made = cls(Path(tempfile.mkdtemp(prefix=".new-", dir=root)))
            try:
                made.path.chmod(0o777 & ~_umask())
                made.config.write_text(config, encoding="utf-8")
                if start is not None:
                    start.write(made.start)
                made.lock()
                return made._moved(name, path)
            except BaseException:
                made.unlock()
                shutil.rmtree(made.path, ignore_errors=True)
                raise

    @classmethod
    def open(cls, path: Path) -> RunDirectory:
        """An existing run directory. Raises `ModelError` where there is none."""
        run = cls(path)
        if not run.config.is_file():
            if run.model.is_file():
                raise ModelError("has no config.yaml", where=str(path), hint=f"Its model alone is {run.model}.")
            hint = near_run(path) or "`scratchnn train` makes one."
            raise ModelError("is not a run directory", where=str(path), hint=hint)
        return run

    @classmethod
    def newest(cls, name: str | None = None, *, holding: str = "config.yaml") -> RunDirectory:
        """The run under `runs/` that was started last and has this file; only runs of one name where it is given."""
        own = re.compile(rf"{re.escape(name)}(-\d+)?" if name is not None else r"[^.].*")
        found = [path.parent for path in ROOT.glob(f"*/{holding}") if own.fullmatch(path.parent.name)]
        if not found:
            message = f"holds no run{f' of {name}' if name else ''} with a {holding}"
            raise ModelError(message, where=f"{ROOT}/", hint="Run `scratchnn train CONFIG` first.")
        return cls(max(found, key=lambda run: (run / "config.yaml").stat().st_mtime_ns))

    def lock(self) -> None:
        """Makes this process the only writer until it ends. Raises `BusyError` or `StorageError`."""
        lock = FileLock(self.path / ".lock")
        if not lock.try_acquire():
            hint = "Wait for it, or train in another directory."
            raise BusyError("another process is writing to this run", where=str(self.path), hint=hint)
        self._lock = lock

    def unlock(self) -> None:
        """Lets others write."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def keep_config(self, text: str) -> None:
        """Replaces the config where it has changed: with more epochs, for example. Its time stays, see `newest`."""
        with refusals(self.config):
            if self.config.read_bytes() == text.encode():
                return
            started = self.config.stat().st_mtime_ns
            write_atomically(self.config, text.encode())
            os.utime(self.config, ns=(started, started))

    def append_metrics(self, row: Mapping[str, Any]) -> None:
        """Adds one line to metrics.jsonl. NaN and infinity, which JSON does not have, become null."""
        with refusals(self.metrics), self.metrics.open("a", encoding="utf-8") as file:
            file.write(json.dumps(finite_json(row)) + "\n")

    def read_metrics(self, epochs: int) -> list[dict[str, Any]]:
        """The rows of metrics.jsonl up to an epoch. Raises `ModelError` for a line that is none.

        Only the last line may be broken: that of a process that was killed while writing it.
        """
        lines = self._metrics_lines()
        for number, row in enumerate(lines[:-1], start=1):
            if row is None:
                hint = "Repair the line, or remove it."
                raise ModelError("is not the row of an epoch", where=f"{self.metrics}:{number}", hint=hint)
        return [row for row in lines if row is not None and row["epoch"] <= epochs]

    def readable_metrics(self) -> tuple[list[dict[str, Any]], list[int]]:
        """The rows of metrics.jsonl that can be read, and the numbers of the lines, from 1, that are none."""
        lines = self._metrics_lines()
        broken = [number for number, row in enumerate(lines, start=1) if row is None]
        return [row for row in lines if row is not None], broken

    def _metrics_lines(self) -> list[dict[str, Any] | None]:
        if not self.metrics.is_file():
            return []
        with refusals(self.metrics):
            return [_row(line) for line in self.metrics.read_bytes().splitlines()]

    def cut_metrics(self, epochs: int) -> None:
        """Drops the rows after an epoch: a resumed run writes them again."""
        rows = self.read_metrics(epochs)
        write_atomically(self.metrics, "".join(json.dumps(row) + "\n" for row in rows).encode(), sync=False)

    def write_json(self, path: Path, value: Mapping[str, Any]) -> None:
        """Writes one of the JSON files in one step, with null for NaN and infinity."""
        write_atomically(path, (json.dumps(finite_json(value), indent=2) + "\n").encode(), sync=False)

    def append_log(self, line: str) -> None:
        """Adds one line to train.log, with the time before it."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        with refusals(self.log), self.log.open("a", encoding="utf-8") as file:
            file.write(f"{now} {line}\n")

    def _moved(self, name: str, path: Path | None) -> RunDirectory:
        """Moves this directory to its place; only an empty directory there may be replaced."""
        number = 1
        while True:
            target = path or ROOT / (name if number == 1 else f"{name}-{number}")
            try:
                self.path.rename(target)
            except OSError:
                if not os.path.lexists(target):
                    raise
                if path is not None:
                    is_run = (path / "config.yaml").is_file()
                    go_on = f"Choose another, or go on with it: --resume {shlex.quote(str(path))}"
                    hint = go_on if is_run else "Choose another place."
                    raise UsageError("exists already", where=str(path), hint=hint) from None
                number += 1
                continue
            moved = RunDirectory(target)
            moved._lock, self._lock = self._lock, None
            return moved


def near_run(path: Path) -> str:
    """A hint for a path that is no run: the run beside it with a similar name, or the newest of them."""
    configs = [folder / "config.yaml" for folder in path.parent.glob("*") if (folder / "config.yaml").is_file()]
    runs = [str(config.parent) for config in sorted(configs, key=lambda config: -config.stat().st_mtime_ns)]
    hint = suggestion(str(path), runs)
    if len(runs) <= MOST_NAMED or not hint.startswith("Choose"):
        return hint
    older = len(runs) - MOST_NAMED
    return f"Choose one of: {', '.join(runs[:MOST_NAMED])}, or an older one ({older} more)."


def _remove_stale(root: Path) -> None:
    """Removes what processes left that were killed while they made a run: old, and locked by no one."""
    for path in root.glob(".new-*"):
        left = RunDirectory(path)
        try:
            if path.is_symlink() or not path.is_dir() or time.time() - path.stat().st_mtime < STALE_SECONDS:
                continue
            left.lock()
        except (OSError, BusyError, StorageError):
            continue
        try:
            shutil.rmtree(path, ignore_errors=True)
        finally:
            left.unlock()


def _row(line: bytes) -> dict[str, Any] | None:
    """The row that a line holds; None where it holds none."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):  # a byte that is not UTF-8 is a ValueError too
        return None
    return row if isinstance(row, dict) and type(row.get("epoch")) is int else None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
