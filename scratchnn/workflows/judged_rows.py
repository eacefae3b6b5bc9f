"""The rows that a model is judged on: a split of its own data, or a new file; and columns of theirs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path

from scratchnn.data.blocks import table_blocks
from scratchnn.data.kept_columns import KeptColumns
from scratchnn.data.large_tables import BLOCK_ROWS
from scratchnn.data.new_targets import with_targets
from scratchnn.data.preparation import Part, Prepared, encode, read_path, read_text, used_rows
from scratchnn.data.sources import SourceParts
from scratchnn.data.tables import Table
from scratchnn.data.tabular import TabularSource
from scratchnn.data.text import Text
from scratchnn.data.vocabulary import TextInputs
from scratchnn.data.window_inputs import WindowInputs
from scratchnn.data.windowing import in_series
from scratchnn.errors import DataError, UsageError, suggestion
from scratchnn.training.run_directory import RunDirectory
from scratchnn.workflows.building import target_check
from scratchnn.workflows.configs import LoadedConfig, load_config, paths_of_runs
from scratchnn.workflows.identity import fingerprints
from scratchnn.workflows.model import Model
from scratchnn.workflows.preparing import prepare_rows

SPLITS = ("train", "validation", "test")
NO_COLUMNS = "is for columns of a table, but the rows are"


@dataclass(frozen=True)
class NewRows:
    """Encoded rows of a new file, what to tell of it, and the table of these rows, if it is one.

    Of windows it holds the first row of each.
    """

    part: Part
    notes: list[str] = field(default_factory=list)
    table: Table | None = None

    def columns(self, names: Sequence[str]) -> Table:
        """The table, which has these columns. Raises `UsageError`."""
        if self.table is None:
            raise UsageError(f"{NO_COLUMNS} arrays or texts", where="--by", hint="Remove it.")
        check_columns(names, self.table)
        return self.table


def new_rows(model: Model, path: str | Path, targets: str | Path | None = None) -> NewRows:
    """What a new file holds; `targets` is the file of the targets where the first one holds arrays alone."""
    source, inputs = model.config.data.source.first, model.encoder.inputs
    if isinstance(source, Text) and isinstance(inputs, TextInputs):
        if targets is not None:
            raise UsageError("is for arrays, but the model is one of texts", where="--targets", hint="Remove it.")
        passage = read_text(path, source)
        windows = inputs.windows(passage)
        notes = inputs.note_unseen(inputs.count_unseen(passage))
        return NewRows(Part(windows.inputs, windows.targets, None, windows.starts), notes)
    data = read_path(path, like=model.config.data.source)
    if targets is not None:
        if model.encoder.task == "reconstruction":
            hint = "Remove it: the inputs themselves are what is to be told."
            raise UsageError("is for models that learn targets", where="--targets", hint=hint)
        data = with_targets(data, targets)
    elif not isinstance(data, Table) and data.targets is None and model.encoder.task != "reconstruction":
        raise DataError("holds no targets", where=data.where, hint="Give the file that does: --targets FILE.")
    raw = data
    if isinstance(inputs, WindowInputs):
        data = in_series(data, inputs)  # before rows are dropped, which no window reaches over
    weight = model.config.data.sample_weight
    if isinstance(data, Table) and weight not in data.columns:
        weight = None  # new rows need no weights: then each counts the same
    rows = used_rows(model.config.data, data)
    data = data.take(rows)
    check = target_check(model.config)
    part = encode(data, model.encoder, model.built.network.dtype, weight, rows, check=check)
    return NewRows(part, table=raw.take(part.rows) if isinstance(raw, Table) else None)


def own_parts(model: Model, needed: Set[str], plugins: Iterable[str | Path], fitting: str = "") -> dict[str, Part]:
    """The rows of each split, as `own_rows` gives them."""
    return own_rows(model, needed, plugins, fitting).parts


def own_rows(model: Model, needed: Set[str], plugins: Iterable[str | Path], fitting: str = "") -> Prepared:
    """The rows of each split, divided again as the training did, encoded by what the model has fitted.

    `fitting` is the option that something is fitted for, on the validation rows.
    Raises `DataError` where the rows of those that are needed are others than the training had.
    """
    for split in needed - set(SPLITS):
        raise UsageError(f'no split "{split}"', where="--split", hint=f"Choose one of: {', '.join(SPLITS)}.")
    loaded, run = _loaded(model, plugins)
    with paths_of_runs(loaded):
        check = target_check(model.config)
        prepared = prepare_rows(loaded.config, loaded.base, run.path.parent, model.encoder, check)
    for split in sorted(needed - prepared.parts.keys()):
        if split == "validation" and fitting:
            hint = "Train with some: --set data.split.validation=0.15."
            raise UsageError("needs validation rows, and the run has none", where=fitting, hint=hint)
        have = ", ".join(prepared.parts)
        raise UsageError(f"the run has no {split} rows", where="--split", hint=f"It has: {have}. Or give --data FILE.")
    found = fingerprints(loaded.config, prepared)
    for split in sorted(needed):
        if model.parts.get(split) != found[split]:
            message = f"the {split} rows are not those of the training: the data or the config has changed"
            hint = "Put them back as they were, or judge rows that the training did not have: --data FILE."
            raise DataError(message, where=str(run.path), hint=hint)
    return prepared


def own_columns(
    model: Model, split: str, part: Part, names: Sequence[str], plugins: Iterable[str | Path] = ()
) -> Table:
    """These columns of the rows of a split, read again from its source; of windows those of the first row of each.

    Raises `UsageError` where the source has none.
    """
    loaded, _ = _loaded(model, plugins)
    source = loaded.config.data.source
    if isinstance(source, SourceParts):
        source = {"validation": source.validation, "test": source.test}.get(split) or source.train
    if not isinstance(source, TabularSource):
        raise UsageError(f"{NO_COLUMNS} from {source.tag()}, which has none", where="--by", hint="Remove it.")
    kept = KeptColumns(names, texts=names)
    where = ""
    with paths_of_runs(loaded):
        for block in table_blocks(source, loaded.base, BLOCK_ROWS):
            check_columns(names, block)
            where = block.where
            kept.add(block)
    return kept.table(where).take(part.rows)


def check_columns(names: Sequence[str], table: Table) -> None:
    """Raises `UsageError` where a table lacks a column."""
    for name in names:
        if name not in table.columns:
            where = f"--by {name}"
            raise UsageError(
                f"there is no such column in {table.where}", where=where, hint=suggestion(name, table.columns)
            )


def _loaded(model: Model, plugins: Iterable[str | Path]) -> tuple[LoadedConfig, RunDirectory]:
    """The config of the model's run, which tells where its data are. Raises `UsageError` for a model file alone."""
    if model.run is None:
        hint = (
            "Give rows with --data FILE (without --baseline linear, --calibrate and --choose-threshold, which need "
            "others of the run), or give the run directory."
        )
        raise UsageError("a model file alone does not know its data", where=str(model.path), hint=hint)
    return load_config(model.run.config, plugins=plugins), model.run
