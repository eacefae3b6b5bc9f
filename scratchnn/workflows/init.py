"""What `scratchnn init` does: a table in, a config for it out."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from scratchnn.config.starter import starter
from scratchnn.data.dialects import Dialect, dialect_of
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
    data: str | Path, target: str | Sequence[str], output: str | Path = "config.yaml", *, force: bool = False
) -> InitResult:
    """Writes a commented config for a table, which `train` takes as it is.

    The path of the data is written as seen from the config's folder. Raises `UsageError` where `output` is there
    already and not `force`d, and `DataError` where a column would be a guess.
    """
    targets = [target] if isinstance(target, str) else list(target)
    if len(set(targets)) < len(targets):
        raise UsageError("a column is named twice", where="--target", hint="Name each target once.")
    output = Path(output)
    if output.exists() and not force:
        hint = "Name another file with -o, or replace it with --force."
        raise UsageError("is there already", where=str(output), hint=hint)
    dialect = dialect_of(Path(data))
    table = read_path(data, dialect.source(data) if dialect.settings else None)
    if not isinstance(table, Table):
        hint = "See configs/ for how arrays are named in a config."
        raise UsageError("holds arrays, not a table of named columns", where=str(data), hint=hint)
    for name in targets:
        if name not in table.columns:
            raise UsageError(f'there is no column "{name}"', where="--target", hint=suggestion(name, table.columns))
    found, columns = propose_target(table, targets), propose(table, targets)
    source = Path(os.path.relpath(data, output.parent)).as_posix()
    text = starter(source, slug(Path(data).name.split(".")[0]), len(table), targets, found, columns, dialect)
    write_atomically(output, text.encode())
    return InitResult(output, text, len(table), targets, found, columns, dialect)
