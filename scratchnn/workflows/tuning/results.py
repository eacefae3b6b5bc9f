"""What a search came to, and the files that keep it."""

from __future__ import annotations

import csv
import io
import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scratchnn.errors import ScratchnnError
from scratchnn.training.storage import finite_json, write_atomically
from scratchnn.workflows.train import stored_config
from scratchnn.workflows.tuning.study import TrialRow
from scratchnn.workflows.tuning.trials import Search


@dataclass(frozen=True)
class TuneResult:
    """What a search came to. `best` is the trial with the best value; `config` its config, None where there is none."""

    folder: Path
    name: str
    storage: str
    metric: str
    direction: str
    status: str
    trials: Sequence[TrialRow]
    best: TrialRow | None
    config: Path | None
    run: Path | None
    importance: Mapping[str, float]
    seconds: float
    notes: list[str] = field(default_factory=list)
    plots: Sequence[Path] = ()

    @property
    def counts(self) -> dict[str, int]:
        """How many trials ended in which way."""
        states = [row.state for row in self.trials]
        return {state: states.count(state) for state in dict.fromkeys(("completed", "pruned", "failed", *states))}

    @property
    def error(self) -> ScratchnnError | None:
        """The error of the first trial, where none came to a value and the search is over."""
        if self.status == "interrupted" or any(row.state != "failed" for row in self.trials) or not self.trials:
            return None
        first = self.trials[0].error
        kinds = {kind.kind: kind for kind in _kinds(ScratchnnError)}
        error = kinds.get(str(first.get("kind")), ScratchnnError)
        message = f"all {len(self.trials)} trials failed, the first with: {first.get('message', '')}"
        return error(message, where=str(self.folder), hint="Change the space, or mend the config.")

    def to_json(self) -> dict[str, Any]:
        """The object in machine output, also summary.json."""
        best = None
        if self.best is not None:
            best = self.best.to_json() | {"config": str(self.config)}
            best |= {} if self.run is None else {"run_dir": str(self.run)}
        return {
            "tune_dir": str(self.folder),
            "name": self.name,
            "storage": self.storage,
            "metric": self.metric,
            "direction": self.direction,
            "status": self.status,
            "counts": self.counts,
            "best": best,
            "importance": dict(self.importance),
            "seconds": round(self.seconds, 3),
            "trials": [row.to_json() for row in self.trials],
        }


def write_results(search: Search, result: TuneResult) -> None:
    """Writes best.yaml, summary.json and trials.csv."""
    folder = result.folder
    summary = json.dumps(finite_json(result.to_json()), indent=2) + "\n"
    if result.best is not None and result.config is not None:
        text = stored_config(search.config_of(result.best), folder)
        write_atomically(result.config, f"{_introduce(result, result.best)}{text}".encode())
    write_atomically(folder / "summary.json", summary.encode())
    write_atomically(folder / "trials.csv", _table(result.trials).encode())


def _introduce(result: TuneResult, best: TrialRow) -> str:
    return (
        f"# scratchnn train {shlex.quote(str(result.config))}\n"
        f"# Trial {best.number} of the search {result.name}: {result.metric} {best.value!r}\n"
    )


def _table(trials: Sequence[TrialRow]) -> str:
    names = list(dict.fromkeys(name for row in trials for name in row.params))
    made = io.StringIO()
    writer = csv.writer(made, lineterminator="\n")
    writer.writerow(["number", "state", "value", "epochs", "seconds", *names, "reason"])
    for row in trials:
        value = "" if row.value is None else repr(row.value)
        params = ["" if row.params.get(name) is None else row.params[name] for name in names]
        writer.writerow([row.number, row.state, value, row.epochs, round(row.seconds, 3), *params, row.reason])
    return made.getvalue()


def _kinds(root: type[ScratchnnError]) -> list[type[ScratchnnError]]:
    return [root, *(kind for child in root.__subclasses__() for kind in _kinds(child))]
