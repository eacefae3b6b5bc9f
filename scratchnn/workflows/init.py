"""What `scratchnn init` does: a table in, a config for it out."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import Field

from scratchnn.component import Settings
from scratchnn.config.document import Document
from scratchnn.config.explain import validate
from scratchnn.config.key_path import format_key_path, split_key_path
from scratchnn.config.overrides import apply_overrides
from scratchnn.config.starter import starter
from scratchnn.data.dialects import Dialect, dialect_of
from scratchnn.data.features.feature import Feature
from scratchnn.data.preparation import read_path
from scratchnn.data.proposals import Proposal, TargetProposal, propose, propose_target
from scratchnn.data.tables import Table
from scratchnn.errors import UsageError, suggestion
from scratchnn.training.storage import write_atomically
from scratchnn.workflows.configs import slug


@dataclass(frozen=True)
class InitResult:
    """The config that was written, and what it says of the table."""

    config: Path
    text: str
    rows: int
    targets: list[str]
    target: TargetProposal
    columns: list[Proposal]
    dialect: Dialect

    def to_json(self) -> dict[str, Any]:
        """The object in machine output."""
        return {
            "config": str(self.config),
            "source": self.dialect.settings,
            "rows": self.rows,
            "target": self.targets,
            "task": self.target.task,
            "columns": [asdict(column) for column in self.columns],
        }


def init(
    data: str | Path,
    target: str | Sequence[str],
    output: str | Path = "config.yaml",
    *,
    overrides: Sequence[str] = (),
    force: bool = False,
) -> InitResult:
    """Writes a commented config for a table, which `train` takes as it is.

    `overrides`, such as `data.features.age=ignore`, say what columns become; the others are looked at. The path of the
    data is written as seen from the config's folder. Raises `UsageError` where `output` is there already and not
    `force`d, or where an override sets anything else, `ConfigError` for a wrong feature, and `DataError` where a column
    would be a guess.
    """
    targets = [target] if isinstance(target, str) else list(target)
    if len(set(targets)) < len(targets):
        raise UsageError("a column is named twice", where="--target", hint="Name each target once.")
    output = Path(output)
    if output.exists() and not force:
        hint = "Name another file with -o, or replace it with --force."
        raise UsageError("is there already", where=str(output), hint=hint)
    chosen = _chosen(overrides)
    dialect = dialect_of(Path(data))
    table = read_path(data, dialect.source(data) if dialect.settings else None)
    if not isinstance(table, Table):
        hint = "See configs/ for how arrays are named in a config."
        raise UsageError("holds arrays, not a table of named columns", where=str(data), hint=hint)
    for name in targets:
        if name not in table.columns:
            raise UsageError(f'there is no column "{name}"', where="--target", hint=suggestion(name, table.columns))
    for name in chosen:
        where = f"--set {format_key_path(('data', 'features', name))}"
        if name not in table.columns:
            raise UsageError(f'there is no column "{name}"', where=where, hint=suggestion(name, table.columns))
        if name in targets:
            raise UsageError("it is the target, not a feature", where=where, hint="Remove it.")
    found, columns = propose_target(table, targets), propose(table, targets, chosen)
    source = Path(os.path.relpath(data, output.parent)).as_posix()
    text = starter(source, slug(Path(data).name.split(".")[0]), len(table), targets, found, columns, dialect)
    write_atomically(output, text.encode())
    return InitResult(output, text, len(table), targets, found, columns, dialect)


class _ChosenData(Settings):
    features: dict[str, Feature] = Field(default_factory=dict)


class _Chosen(Settings):
    """As much of a config as can be said before it is written."""

    data: _ChosenData = Field(default_factory=_ChosenData)


def _chosen(overrides: Sequence[str]) -> dict[str, Feature]:
    """The features that overrides set, by column."""
    for override in overrides:
        path, _ = split_key_path(override)
        if path and path[:2] != ("data", "features"):
            hint = "Change the rest in the config that is written, or with --set in train."
            raise UsageError("only data.features is set here", where=f"--set {override}", hint=hint)
    return validate(apply_overrides(Document({}, "--set"), overrides, _Chosen), _Chosen).data.features
