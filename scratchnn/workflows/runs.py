"""What `scratchnn runs` does: lists the runs of a folder."""

from __future__ import annotations

import errno
import json
import math
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scratchnn.config.load import read_document
from scratchnn.errors import BusyError, ModelError, ScratchnnError, UsageError, suggestion
from scratchnn.training.run_directory import ROOT, RunDirectory
from scratchnn.training.run_group import RunGroup, group_kind
from scratchnn.training.storage import refusals

PARTS = ("test", "validation", "train")
DAMAGED = "damaged"
STATUSES = ("completed", "stopped_early", "interrupted", "diverged", "failed")


@dataclass(frozen=True)
class RunRow:
    """A run, an ensemble, a cross-validation or a search.

    `kind` is run, ensemble, crossval or tune; `status` that of its summary, `running` while a process works on it,
    `unfinished` where one was killed, or `damaged`, and then `note` says what is wrong. `headline` names the first
    metric of its config on its test rows (validation or training rows where there are none, its mean where it is one of
    a cross-validation, that of the best trial where it is what a search is for), `value` is that figure.
    """

    name: str
    path: Path
    kind: str
    status: str
    started: datetime
    epochs: int | None = None
    headline: str = ""
    value: float | None = None
    parameters: int | None = None
    seconds: float | None = None
    note: str = ""

    def to_json(self) -> dict[str, Any]:
        """The object in machine output."""
        return {
            "name": self.name,
            "path": str(self.path),
            "kind": self.kind,
            "status": self.status,
            "started": self.started.isoformat(timespec="seconds"),
            "epochs": self.epochs,
            "headline": self.headline or None,
            "value": self.value,
            "parameters": self.parameters,
            "seconds": self.seconds,
            "note": self.note or None,
        }


@dataclass(frozen=True)
class RunsResult:
    """The rows in their order, and how many there are without the limit."""

    folder: Path
    rows: list[RunRow] = field(default_factory=list)
    count: int = 0

    def to_json(self) -> dict[str, Any]:
        """The object in machine output."""
        return {"folder": str(self.folder), "count": self.count, "runs": [row.to_json() for row in self.rows]}


def _high(value: float | None) -> tuple[bool, float]:
    """The largest first, and those without a value last."""
    return value is None or math.isnan(value), -(value or 0.0)


ORDERS: Mapping[str, Callable[[RunRow], Any]] = {
    "started": lambda row: -row.started.timestamp(),
    "name": lambda row: row.name,
    "status": lambda row: row.status,
    "value": lambda row: _high(row.value),
    "epochs": lambda row: _high(row.epochs),
    "parameters": lambda row: _high(row.parameters),
    "seconds": lambda row: _high(row.seconds),
}


def runs(folder: str | Path | None = None, *, sort: str = "started", limit: int | None = None) -> RunsResult:
    """Lists the runs in a folder (`runs/` where None), newest first or by another column: the largest figure first.

    Ensembles, cross-validations and searches are a row each; name one as the folder to list the runs in it. What is
    damaged is listed as such. Raises `UsageError` for a folder that is not there.
    """
    place = ROOT if folder is None else Path(folder)
    if sort not in ORDERS:
        raise UsageError(f'no column "{sort}"', where="--sort", hint=suggestion(sort, ORDERS))
    if limit is not None and limit < 1:
        raise UsageError(f"got {limit}, expected 1 or more", where="--limit")
    if not place.is_dir():
        hint = "Run `scratchnn train CONFIG` first." if folder is None else "Name a folder that holds runs."
        raise UsageError("there is no such folder", where=str(place), hint=hint)
    found = [row for path in _folders(place) if (row := _row(path)) is not None]
    rows = sorted(sorted(found, key=lambda row: row.name), key=ORDERS[sort])
    return RunsResult(place, rows[:limit], len(rows))


def _folders(place: Path) -> Iterable[Path]:
    with refusals(place):
        return [path for path in place.iterdir() if path.is_dir() and not path.name.startswith(".")]


def _row(path: Path) -> RunRow | None:
    """What can be told of a directory; None where it is no run."""
    if not os.access(path, os.X_OK):  # whatever it holds
        return _damaged(path, "run", path, f"{path}: {os.strerror(errno.EACCES)}")
    kind = group_kind(path) or "run"
    first = path / ("config.yaml" if kind == "run" else f"{kind}.json")
    if not first.is_file():
        known = any((path / name).exists() for name in ("model.safetensors", "metrics.jsonl", "checkpoints"))
        return None if not known else _damaged(path, kind, path, "config.yaml is missing")
    try:
        config = read_document(first).data if kind == "run" else RunGroup(path, kind).read().get("config")
        summary = _summary(path)
        return _told(path, kind, first, config if isinstance(config, dict) else {}, summary)
    except ScratchnnError as error:
        return _damaged(path, kind, first, " ".join(str(error).split()))
    except OSError as error:
        return _damaged(path, kind, first, f"{error.filename}: {error.strerror}")
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError):  # by what stands in the place of what
        return _damaged(path, kind, first, f"{path / 'summary.json'}: does not tell what a summary tells")


def _damaged(path: Path, kind: str, first: Path, note: str) -> RunRow:
    return RunRow(path.name, path, kind, DAMAGED, _time(first), note=note)


def _summary(path: Path) -> dict[str, Any]:
    """summary.json, empty where there is none. Raises `ModelError` where it is damaged."""
    file = path / "summary.json"
    if not file.exists():
        return {}
    if not file.is_file():  # a pipe would be waited for
        raise ModelError("is not a file", where=str(file))
    try:
        made = json.loads(file.read_bytes())
    except (ValueError, RecursionError):
        made = None
    if not isinstance(made, dict) or made.get("status") not in STATUSES:
        raise ModelError("cannot be read", where=str(file))
    return made


def _told(path: Path, kind: str, first: Path, config: Mapping[str, Any], summary: Mapping[str, Any]) -> RunRow:
    headline, value = _of_search(summary) if kind == "tune" else _headline(kind, config, summary.get("metrics") or {})
    status = "running" if _is_busy(path, kind) else str(summary.get("status") or "unfinished")
    epochs = summary.get("epochs")
    if not summary and kind == "run":
        epochs = max((row["epoch"] for row in RunDirectory(path).read_metrics(1 << 62)), default=0)
    return RunRow(
        name=path.name,
        path=path,
        kind=kind,
        status=status,
        started=_time(first),
        epochs=_whole(epochs),
        headline=headline,
        value=value,
        parameters=_whole(summary.get("parameters")),
        seconds=None if summary.get("seconds") is None else float(summary["seconds"]),
    )


def _of_search(summary: Mapping[str, Any]) -> tuple[str, float | None]:
    """What a search is for, and the value of its best trial."""
    best = summary.get("best")
    return (f"best {summary['metric']}", _number(best["value"])) if isinstance(best, dict) else ("", None)


def _headline(kind: str, config: Mapping[str, Any], metrics: Mapping[str, Any]) -> tuple[str, float | None]:
    """The name of the first metric of a config, with its part, and its value."""
    if kind == "crossval":
        means = {name: spread["mean"] for name, spread in metrics.items()}
        name = _first_metric(means)
        return (f"mean {name}", _number(means[name])) if name else ("", None)
    part = next((part for part in PARTS if metrics.get(part)), "")
    figures = metrics.get(part, {})
    name = _first_metric(figures)
    return (f"{part}.{name}", _number(figures[name])) if name else ("", None)


def _first_metric(figures: Mapping[str, Any]) -> str:
    """The first single number beside the loss, which stands before the metrics in their order; the loss at last."""
    single = [name for name, value in figures.items() if value is None or isinstance(value, int | float)]
    return next((name for name in single if name != "loss"), single[0] if single else "")


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) else None


def _time(path: Path) -> datetime:
    """When a run was started: its first file keeps its time."""
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _is_busy(path: Path, kind: str) -> bool:
    """Whether a process works on it now."""
    if kind == "tune":
        return any(_is_busy(trial, "run") for trial in path.glob("trial-*"))
    if not (path / ".lock").is_file():
        return False
    directory = RunDirectory(path)
    try:
        directory.lock()
    except BusyError:
        return True
    except ScratchnnError:  # a disk that cannot be written
        return False
    directory.unlock()
    return False
