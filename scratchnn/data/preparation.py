"""From settings to arrays that a network can train on: read, divide, fit on the training rows, encode."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, cast

import numpy as np
from numpy.typing import DTypeLike

from scratchnn.data.array_table import as_table
from scratchnn.data.encoder import Encoder
from scratchnn.data.fitting import fit, task_of
from scratchnn.data.keeping import keep_text
from scratchnn.data.new_files import read_like
from scratchnn.data.passages import Passage
from scratchnn.data.samples import Inputs
from scratchnn.data.series import SeriesTable
from scratchnn.data.settings import DataSettings, Source, SourceParts, Text
from scratchnn.data.splits import Division, Undivided
from scratchnn.data.tables import Array, Arrays, Table, Task
from scratchnn.data.targets import FittedTarget, NextToken, kind_of
from scratchnn.data.targets.target import own_targets
from scratchnn.data.vocabulary import TextInputs
from scratchnn.data.window_inputs import WindowInputs
from scratchnn.data.windowing import divide_series, encode_windows
from scratchnn.errors import DataError, TargetError

Rows = Table | Arrays
Raw = TypeVar("Raw", Table | Arrays, Passage)

CheckNumbers = Callable[[Array, bool], None]
"""Raises `TargetError` for a row of numbers (N, K) that cannot be a target: what a loss or a metric knows and the data
do not. Beside the numbers as they are in the data it is told whether the network sees them scaled."""


@dataclass(frozen=True)
class Part:
    """Encoded rows.

    `inputs` (N, *shape), C-contiguous, or samples that are made when they are asked for; `targets` class ids (N,)
    int64, scaled numbers (N, K), or for reconstruction the very array of the inputs; `weights` (N,) or None; `rows`
    (N,) the row numbers in the source, from 0. Of a text inputs and targets are ids (N, T) int64, and `rows` the places
    of the first token of each window.
    """

    inputs: Inputs
    targets: Array
    weights: Array | None
    rows: Array

    def __len__(self) -> int:
        return len(self.inputs)


@dataclass(frozen=True)
class Prepared:
    """The parts of a data set and what was fitted on its training rows.

    `unseen` counts, for each part and category column, the cells whose level training never saw; `ignored` are the
    columns of a table that are neither inputs nor targets, weights or marks of parts.
    """

    train: Part
    validation: Part | None
    test: Part | None
    encoder: Encoder
    unseen: dict[str, dict[str, int]]
    ignored: tuple[str, ...] = ()

    @property
    def parts(self) -> dict[str, Part]:
        """The parts that have rows, by name."""
        named = {"train": self.train, "validation": self.validation, "test": self.test}
        return {name: part for name, part in named.items() if part is not None}

    def summary(self) -> dict[str, object]:
        """What there is, for people: task, rows of each part, inputs, classes or labels with their counts."""
        encoder = self.encoder
        shown: dict[str, object] = {
            "task": encoder.task,
            "rows": {name: len(part) for name, part in self.parts.items()},
            "input_shape": list(encoder.input_shape),
            "features": encoder.feature_names,
            "target": encoder.target.names,
        }
        if encoder.columns:
            columns: dict[str, list[str]] = {}
            for column in encoder.columns:
                columns.setdefault(column.tag(), []).append(column.name)
            shown["columns"] = columns | ({"ignore": list(self.ignored)} if self.ignored else {})
        if encoder.class_names:
            counts = {
                name: np.bincount(part.targets, minlength=len(encoder.class_names)).tolist()
                for name, part in self.parts.items()
            }
            shown["classes"] = {
                label: {name: count[place] for name, count in counts.items()}
                for place, label in enumerate(encoder.class_names)
            }
        if encoder.target.label_names:
            shown["labels"] = {
                label: {name: int(part.targets[:, place].sum()) for name, part in self.parts.items()}
                for place, label in enumerate(encoder.target.label_names)
            }
        return shown | ({"unseen": self.unseen} if self.unseen else {})


def prepare(
    settings: DataSettings,
    base: Path,
    rng: np.random.Generator,
    dtype: DTypeLike = np.float32,
    encoder: Encoder | None = None,
    check: CheckNumbers | None = None,
    start: Encoder | None = None,
    *,
    fitted: bool = True,
) -> Prepared:
    """Reads the source (relative paths start at `base`), divides its rows with `rng` and encodes each part.

    Everything is fitted on the training rows only. With an `encoder` nothing is fitted: a trained model's rows come
    back as they were; `fitted` tells whether its inputs were fitted on them. Inputs of the encoder that is to `start`
    the training are kept, see `keep`. `check` is asked about the numbers that are targets. Raises `DataError` or
    `StorageError`.
    """
    if isinstance(settings.source.first, Text):
        return _prepare_text(settings, settings.source.first, base, rng, encoder, start)
    raw = cast("dict[str, Rows]", read_parts(settings.source, base))
    names = [] if settings.task == "reconstruction" else settings.target or _target_names(raw["train"])
    raw = in_time(settings, raw, names)
    whole = raw["train"]
    task = encoder.task if encoder else task_of(settings, whole, names)
    total = len(raw["train"])
    used = {name: used_rows(settings, data) for name, data in raw.items()}
    raw = {name: data.take(used[name]) for name, data in raw.items()}
    raw, rows = divide(settings, base, rng, raw, task, names, used["train"], total)
    if encoder is None:
        encoder = fit(settings, raw["train"], task, names, start=start)
    fitted = fitted and start is None
    weight = settings.sample_weight
    numbers = {name: used.get(name, used["train"])[places] for name, places in rows.items()}
    stride = 1 if settings.windows is None else settings.windows.stride
    parts = {}
    for name, data in raw.items():
        trained, own = fitted and name == "train", stride if name == "train" else 1
        parts[name] = encode(
            data, encoder, dtype, weight, numbers[name], check, fitted_on=trained, stride=own, part=name
        )
    unseen = {name: counts for name, data in raw.items() if (counts := encoder.count_unseen(data))}
    ignored = ignored_columns(settings, whole, names, encoder) if isinstance(whole, Table) else ()
    return Prepared(parts["train"], parts.get("validation"), parts.get("test"), encoder, unseen, ignored)


def _prepare_text(
    settings: DataSettings,
    source: Text,
    base: Path,
    rng: np.random.Generator,
    encoder: Encoder | None,
    start: Encoder | None,
) -> Prepared:
    """The same for a text, which is divided before it is cut into windows."""
    raw = cast("dict[str, Passage]", read_parts(settings.source, base))
    rows = {name: np.arange(len(data)) for name, data in raw.items()}
    if "validation" not in raw:
        whole, test = raw["train"], not isinstance(settings.source, SourceParts)
        raw, rows = _divided(whole, raw, settings.split.divide(Undivided(len(whole), rng, test=test)))
    if encoder is None:
        if start is None:
            inputs = TextInputs.fit(raw["train"], source.tokens, source.context)
        else:
            inputs = keep_text(start, source, raw["train"])
        encoder = Encoder(inputs=inputs, target=NextToken(names=[f"next_{source.tokens.removesuffix('s')}"]))
    parts = {}
    for name, data in raw.items():
        windows = encoder.encode_text(data, source.stride if name == "train" else None, name)
        parts[name] = Part(windows.inputs, windows.targets, None, rows[name][windows.starts])
    unseen = {name: counts for name, data in raw.items() if (counts := encoder.count_unseen(data))}
    return Prepared(parts["train"], parts.get("validation"), parts.get("test"), encoder, unseen)


def encode(
    data: Table | Arrays,
    encoder: Encoder,
    dtype: DTypeLike = np.float32,
    sample_weight: str | None = None,
    rows: Array | None = None,
    check: CheckNumbers | None = None,
    *,
    fitted_on: bool = False,
    stride: int = 1,
    part: str = "",
) -> Part:
    """Rows with their targets as a trained model takes them, or its windows over them. Raises `DataError`.

    `fitted_on`: the encoder was fitted on these very rows, see `FittedColumn.encode_training`. `check` is asked about
    targets that are numbers, as they are in the data. Windows begin each `stride` rows; `part` is the name of the rows
    in messages about them.
    """
    if isinstance(encoder.inputs, WindowInputs):
        if check is not None:
            check_targets(data, encoder.inputs.target, np.arange(len(data)), check)
        made = encode_windows(data, encoder, dtype, stride, part, fitted_on=fitted_on)
        return Part(made.inputs, made.targets, None, made.rows)
    targets = encoder.target.encode(data, dtype)
    rows = np.arange(len(data)) if rows is None else rows
    if check is not None:
        check_targets(data, encoder.target, rows, check)
    weights = None if sample_weight is None else sample_weights(data, sample_weight, dtype)
    if targets is None:
        inputs = encoder.encode_inputs(data, dtype)
        return Part(inputs, inputs, weights, rows)
    return Part(encoder.encode_samples(data, dtype, targets if fitted_on else None), targets, weights, rows)


def used_rows(settings: DataSettings, data: Table | Arrays) -> Array:
    """The numbers of the rows that no feature drops. Raises `DataError` where it drops every one."""
    if not isinstance(data, Table):
        return np.arange(len(data))
    rows = np.flatnonzero(undropped(settings, data))
    if not len(rows):
        raise no_row_used(data.where)
    return rows


def undropped(settings: DataSettings, table: Table) -> Array:
    """For each row (N,) whether no feature drops it."""
    dropped = np.zeros(len(table), bool)
    for name, feature in (settings.features or {}).items():
        if name in table.columns:
            dropped |= feature.drops(table, name)
    return ~dropped


def no_row_used(where: str) -> DataError:
    """The error for features that drop every row."""
    return DataError("data.features drops every row", where=where, hint="Fill the missing values instead.")


def read_path(path: str | Path, like: Source | None = None) -> Table | Arrays:
    """Reads a new file, for prediction or evaluation, the way that `like` (the source of the training) was written.

    So a CSV keeps its delimiter, an NPZ its keys, and next to IDX files the path is a file of images.
    Raises `DataError` or `StorageError`; texts are read by `read_text`.
    """
    return read_like(path, like)


def read_text(path: str | Path, like: Text) -> Passage:
    """Reads a new text, whatever its suffix, into tokens as `like` (the source of the training) has them."""
    return like.model_copy(update={"path": str(path)}).read(Path())


def in_time(settings: DataSettings, raw: dict[str, Rows], targets: list[str]) -> dict[str, Rows]:
    """The same rows, where windows are wanted as tables sorted by series and time. Raises `DataError`."""
    windows = settings.windows
    if windows is None:
        return raw
    tables = {name: data if isinstance(data, Table) else as_table(data, targets) for name, data in raw.items()}
    return {name: SeriesTable.of(table, windows.by, windows.order) for name, table in tables.items()}


def read_parts(source: Source, base: Path) -> dict[str, Table | Arrays | Passage]:
    """What each part reads into; `SourceParts` has checked that they are of one kind."""
    if not isinstance(source, SourceParts):
        return {"train": source.read(base)}
    given = {"train": source.train, "validation": source.validation, "test": source.test}
    return {name: part.read(base) for name, part in given.items() if part is not None}


def divide(
    settings: DataSettings,
    base: Path,
    rng: np.random.Generator,
    raw: dict[str, Rows],
    task: Task,
    names: list[str],
    numbers: Array,
    total: int,
) -> tuple[dict[str, Rows], dict[str, Array]]:
    """Divides what the source leaves whole: the parts with rows, and the row numbers of each in `raw`.

    `numbers` and `total` tell of the training source which of its rows are in `raw`, and how many it has.
    """
    if "validation" in raw:
        return raw, {name: np.arange(len(data)) for name, data in raw.items()}
    whole = raw["train"]
    strata = kind_of(task).strata(whole, names)
    table = whole if isinstance(whole, Table) else None
    test = not isinstance(settings.source, SourceParts)
    numbers = whole.numbers_in_source if isinstance(whole, SeriesTable) else numbers
    undivided = Undivided(len(whole), rng, strata, table, base, test, numbers, total)
    if isinstance(whole, SeriesTable) and settings.split.keeps_order:
        return _divided(whole, raw, divide_series(settings.split, undivided, whole))
    return _divided(whole, raw, settings.split.divide(undivided))


def _divided(whole: Raw, raw: dict[str, Raw], division: Division) -> tuple[dict[str, Raw], dict[str, Array]]:
    """The parts with rows, and their row numbers; parts of their own files stay whole."""
    rows = {"train": division.train, "validation": division.validation, "test": division.test}
    rows = {name: numbers for name, numbers in rows.items() if len(numbers)}
    parts = {name: whole.take(numbers) for name, numbers in rows.items()}
    others = {name: data for name, data in raw.items() if name != "train"}
    return parts | others, rows | {name: np.arange(len(data)) for name, data in others.items()}


def ignored_columns(settings: DataSettings, table: Table, names: list[str], encoder: Encoder) -> tuple[str, ...]:
    """The columns that are neither inputs nor targets, weights or marks of parts."""
    marks = settings.split.columns if settings.split.marks else []
    known = {*encoder.input_columns, *names, settings.sample_weight, *marks}
    return tuple(name for name in table.columns if name not in known)


def check_targets(data: Table | Arrays, target: FittedTarget, rows: Array, check: CheckNumbers) -> None:
    """Raises the `DataError` of a target that `check` refuses, with its place in the source."""
    values, names = target.as_in_data(data), target.names
    if values is None:
        return
    try:
        check(values, target.scaled)
    except TargetError as error:
        if isinstance(data, Table):
            column = "" if error.column is None else f":{names[error.column]}"
            place = f"{data.place(error.row)}{column}"
        else:
            column = "" if error.column is None or len(names) == 1 else f", {error.column}"
            place = f"{data.where}:targets[{rows[error.row]}{column}]"
        raise DataError(error.message, where=place, hint=error.hint) from None


def _target_names(data: Table | Arrays) -> list[str]:
    """Names for the targets of arrays: `target`, or `target_1`, `target_2`, ..."""
    if isinstance(data, Table):
        raise DataError("a table needs the name of its target", where=data.where, hint="Set data.target.")
    targets = own_targets(data)
    return ["target"] if targets.ndim == 1 else [f"target_{number + 1}" for number in range(targets.shape[1])]


def sample_weights(data: Table | Arrays, name: str, dtype: DTypeLike) -> Array:
    """The weight (N,) of each row, from a column. Raises `DataError` for one that is negative, and where all are 0."""
    if isinstance(data, Arrays):
        raise DataError("arrays have no column of weights", where=data.where, hint="Remove sample_weight.")
    values = data.numbers(name)
    negative = np.flatnonzero(values < 0)
    if len(negative):
        row = int(negative[0])
        raise data.error(name, row, f'the weight "{data.columns[name][row]}" is negative', "Weights are 0 or more.")
    if not values.any():
        raise DataError("every weight is 0", where=f"{data.where}:{name}", hint="Give some row a positive weight.")
    with np.errstate(over="ignore"):
        weights = values.astype(dtype)
    if not np.isfinite(weights.sum()):
        raise DataError(
            "the weights are too large", where=f"{data.where}:{name}", hint="Divide them by a large number."
        )
    return weights
