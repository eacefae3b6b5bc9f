"""What a run directory tells of its training, as far as it can be read: a report leaves out what cannot."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scratchnn.training.run_directory import RunDirectory
from scratchnn.training.storage import refusals


@dataclass(frozen=True)
class RunRecord:
    """The rows of metrics.jsonl, the JSON files, and the text of the config; `notes` say what is missing or broken."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, Any] = field(default_factory=dict)
    config: str = ""
    notes: list[str] = field(default_factory=list)

    @property
    def status(self) -> str:
        """How the training ended; empty where nothing tells."""
        status = self.summary.get("status")
        return status if isinstance(status, str) else ""

    @property
    def best_epoch(self) -> int:
        """The best epoch; 0 where nothing tells."""
        best = self.summary.get("best_epoch")
        return best if isinstance(best, int) else 0

    @property
    def metrics(self) -> dict[str, dict[str, Any]]:
        """The figures of each part, without what is none."""
        metrics = self.summary.get("metrics")
        found = metrics.items() if isinstance(metrics, dict) else ()
        return {str(part): figures for part, figures in found if isinstance(figures, dict)}


def read_record(run: RunDirectory) -> RunRecord:
    """Reads what there is. Raises `StorageError` only where the system refuses to read a file that is there."""
    notes: list[str] = []
    rows, broken = run.readable_metrics()
    if not run.metrics.is_file():
        notes.append("There is no metrics.jsonl, so there are no curves of the training.")
    elif broken:
        lines = ", ".join(map(str, broken[:5])) + (f" and {len(broken) - 5} more" if len(broken) > 5 else "")
        notes.append(f"Left out of metrics.jsonl, because no row of an epoch: line {lines}.")
    with refusals(run.config):
        config = run.config.read_text(encoding="utf-8", errors="replace")
    summary, environment = (_read_json(path, notes) for path in (run.summary, run.environment))
    return RunRecord(rows, summary, environment, config, notes)


def _read_json(path: Path, notes: list[str]) -> dict[str, Any]:
    """The object in a file; empty, with a note, where there is none."""
    if not path.is_file():
        notes.append(f"There is no {path.name}: the run has not come to its end, or the file was removed.")
        return {}
    with refusals(path):
        content = path.read_bytes()
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        notes.append(f"{path.name} holds no JSON object, so what it tells is left out.")
        return {}
    return value
