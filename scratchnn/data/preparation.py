"""From settings to arrays that a network can train on: read, divide, fit on the training rows, encode."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, cast

import numpy as np
from numpy.typing import DTypeLike

from scratchnn.data.encoder import ArrayInputs, Encoder, TableInputs, own_targets, raw_labels, raw_numbers
from scratchnn.data.features import infer, standard
from scratchnn.data.idx import Idx, read_images
from scratchnn.data.passages import Passage
from scratchnn.data.settings import Csv, DataSettings, Feature, Npz, Source, SourceParts, Text
from scratchnn.data.sources import SUFFIXES, suffix_of
from scratchnn.data.splits import Division, Strata, Undivided
from scratchnn.data.tables import Array, Arrays, Table, Task, in_order, is_missing, is_number, number_name
from scratchnn.data.vocabulary import TextInputs
from scratchnn.errors import DataError, TargetError, suggestion

MOST_CLASSES = 20
Rows = Table | Arrays
Raw = TypeVar("Raw", Table | Arrays, Passage)

CheckNumbers = Callable[[Array], None]
"""Raises `TargetError` for a row of numbers (N, K) that cannot be a target: what a loss knows and the data do not."""


@dataclass(frozen=True)
class Part:
    """Encoded rows.

    `inputs` (N, *shape), C-contiguous; `targets` class ids (N,) int64, scaled numbers (N, K), or for reconstruction the
    very array of the inputs; `weights` (N,) or None; `rows` (N,) the row numbers in the source, from 0. Of a text
    inputs and targets are ids (N, T) int64, and `rows` the places of the first token of each window.
    """

    inputs: Array
    targets: Array
    weights: Array | None
    rows: Array

    def __len__(self) -> int:
        return len(self.inputs)


@dataclass(frozen=True)
class Prepared:
    """The parts of a data set and what was fitted on its training rows.

    `unseen` counts, for each part and category column, the cells whose level training never saw.
    """

    train: Part
    validation: Part | None
    test: Part | None
    encoder: Encoder
    unseen: dict[str, dict[str, int]]

    @property
    def parts(self) -> dict[str, Part]:
        """The parts that have rows, by name."""
        named = {"train": self.train, "validation": self.validation, "test": self.test}
        return {name: part for name, part in named.items() if part is not None}

    def summary(self) -> dict[str, object]:
        """What there is, for people: task, rows of each part, inputs, classes with their counts."""
        encoder = self.encoder
        shown: dict[str, object] = {
            "task": encoder.task,
            "rows": {name: len(part) for name, part in self.parts.items()},
            "input_shape": list(encoder.input_shape),
            "features": encoder.feature_names,
            "target": encoder.targets,
        }
        if encoder.task == "classification":
            counts = {
                name: np.bincount(part.targets, minlength=len(encoder.classes)).tolist()
                for name, part in self.parts.items()
            }
            shown["classes"] = {
                label: {name: count[place] for name, count in counts.items()}
                for place, label in enumerate(encoder.classes)
            }
        return shown | ({"unseen": self.unseen} if self.unseen else {})


def prepare(
    settings: DataSettings,
    base: Path,
    rng: np.random.Generator,
    dtype: DTypeLike = np.float32,
    encoder: Encoder | None = None,
    check: CheckNumbers | None = None,
) -> Prepared:
    """Reads the source (relative paths start at `base`), divides its rows with `rng` and encodes each part.

    Everything is fitted on the training rows only. With an `encoder` nothing is fitted: a trained model's rows come
    back as they were. `check` is asked about the numbers that are targets. Raises `DataError` or `StorageError`.
    """
    if isinstance(settings.source.first, Text):
        return _prepare_text(settings, settings.source.first, base, rng, encoder)
    raw = cast("dict[str, Rows]", _read_parts(settings.source, base))
    whole = raw["train"]
    names = [] if settings.task == "reconstruction" else settings.target or _target_names(whole)
    task = encoder.task if encoder else settings.task if settings.task != "auto" else infer_task(whole, names)
    rows = {name: np.arange(len(data)) for name, data in raw.items()}
    if "validation" not in raw:
        strata = _strata(whole, names) if task == "classification" else None
        table = whole if isinstance(whole, Table) else None
        undivided = Undivided(len(whole), rng, strata, table, base, test=not isinstance(settings.source, SourceParts))
        raw, rows = _divided(whole, raw, settings.split.divide(undivided))
    if encoder is None:
        encoder = fit(settings, raw["train"], task, names)
    weight = settings.sample_weight
    parts = {name: encode(data, encoder, dtype, weight, rows[name], check) for name, data in raw.items()}
    unseen = {name: counts for name, data in raw.items() if (counts := encoder.count_unseen(data))}
    return Prepared(parts["train"], parts.get("validation"), parts.get("test"), encoder, unseen)


def _prepare_text(
    settings: DataSettings, source: Text, base: Path, rng: np.random.Generator, encoder: Encoder | None
) -> Prepared:
    """The same for a text, which is divided before it is cut into windows."""
    raw = cast("dict[str, Passage]", _read_parts(settings.source, base))
    rows = {name: np.arange(len(data)) for name, data in raw.items()}
    if "validation" not in raw:
        whole, test = raw["train"], not isinstance(settings.source, SourceParts)
        raw, rows = _divided(whole, raw, settings.split.divide(Undivided(len(whole), rng, test=test)))
    if encoder is None:
        inputs = TextInputs.fit(raw["train"], source.tokens, source.context)
        encoder = Encoder(task="language_modeling", inputs=inputs, targets=[f"next_{source.tokens.removesuffix('s')}"])
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
) -> Part:
    """Rows with their targets as a trained model takes them. Raises `DataError`.

    `check` is asked about targets that are numbers and not scaled, as they are in the data.
    """
    targets = None if encoder.task == "reconstruction" else encoder.encode_targets(data, dtype)
    rows = np.arange(len(data)) if rows is None else rows
    if check is not None and encoder.task == "regression" and not encoder.scales_targets:
        _check_targets(data, encoder.targets, rows, check)
    weights = None if sample_weight is None else _weights(data, sample_weight, dtype)
    inputs = encoder.encode_inputs(data, dtype)
    return Part(inputs, inputs if targets is None else targets, weights, rows)


def fit(settings: DataSettings, train: Table | Arrays, task: Task, names: list[str]) -> Encoder:
    """Everything that preprocessing learns, from these rows alone. Raises `DataError`."""
    inputs = _fit_table(settings, train, names) if isinstance(train, Table) else _fit_array(settings, train)
    if task == "classification":
        classes = _in_given_order(settings, train, list(_strata(train, names).names))
        if len(classes) < 2:
            hint = "Training needs rows of two classes or more."
            raise DataError(f'every training row has the class "{classes[0]}"', where=train.where, hint=hint)
        return Encoder(task=task, inputs=inputs, targets=names, classes=classes)
    if task == "reconstruction":
        return Encoder(task=task, inputs=inputs, targets=[])
    if settings.class_order is not None:
        got = "data.class_order orders classes, but the target is a number"
        raise DataError(got, where=train.where, hint="Remove it, or set data.task: classification.")
    values = raw_numbers(train, names)
    scales = [standard(column) if settings.target_scale == "standard" else (0.0, 1.0) for column in values.T]
    if not np.isfinite(scales).all():
        raise DataError("the targets are too large to scale", where=train.where, hint="Use other units.")
    return Encoder(
        task=task,
        inputs=inputs,
        targets=names,
        target_offset=[offset for offset, _ in scales],
        target_scale=[scale or 1.0 for _, scale in scales],
    )


def infer_task(data: Table | Arrays, names: list[str]) -> Task:
    """What to learn, where the config does not say.

    A source that knows its task decides. Several targets are regression. A text is a class; whole numbers with at
    most 20 distinct values are classes; any other number is regression.
    """
    if isinstance(data, Table):
        if len(names) > 1:
            return "regression"
        mend = "data.task: classification"
        if data.cells(names[0]) and infer(data, names[0], mend).tag() == "category":
            return "classification"
        values = data.numbers(names[0])
    else:
        if data.task is not None:
            return data.task
        values = own_targets(data)
        if values.ndim > 1:
            return "regression"
        if values.dtype.kind in "bU":
            return "classification"
    whole = bool((values == np.floor(values)).all())
    return "classification" if whole and len(np.unique(values)) <= MOST_CLASSES else "regression"


def read_path(path: str | Path, like: Source | None = None) -> Table | Arrays:
    """Reads a new file, for prediction or evaluation, the way that `like` (the source of the training) was written.

    So a CSV keeps its delimiter, an NPZ its keys, and next to IDX files the path is a file of images.
    Raises `DataError` or `StorageError`; texts are read by `read_text`.
    """
    path = Path(path)
    like = like.first if like is not None else None
    suffix = suffix_of(path)
    kinds = {ending: kind for ending, kind in SUFFIXES.items() if kind["type"] != Text.tag()}
    kind = kinds.get(suffix, {}).get("type")
    if isinstance(like, Csv | Npz) and kind in (None, like.type):
        as_tabs = isinstance(like, Csv) and suffix.startswith(".tsv") != suffix_of(like.path).startswith(".tsv")
        if not as_tabs:
            return like.model_copy(update={"path": str(path)}).read(Path())
    if kind is not None:
        decimal = {"decimal": like.decimal} if isinstance(like, Csv) and kind == "csv" else {}
        return cast("Rows", Source.parse({**kinds[suffix], **decimal, "path": str(path)}).read(Path()))
    if isinstance(like, Idx):
        return read_images(path)
    known = ", ".join(kinds)
    raise DataError(f'cannot tell the type of the file by "{suffix}"', where=str(path), hint=f"Known: {known}.")


def read_text(path: str | Path, like: Text) -> Passage:
    """Reads a new text, whatever its suffix, into tokens as `like` (the source of the training) has them."""
    return like.model_copy(update={"path": str(path)}).read(Path())


def _read_parts(source: Source, base: Path) -> dict[str, Table | Arrays | Passage]:
    """What each part reads into; `SourceParts` has checked that they are of one kind."""
    if not isinstance(source, SourceParts):
        return {"train": source.read(base)}
    given = {"train": source.train, "validation": source.validation, "test": source.test}
    return {name: part.read(base) for name, part in given.items() if part is not None}


def _divided(whole: Raw, raw: dict[str, Raw], division: Division) -> tuple[dict[str, Raw], dict[str, Array]]:
    """The parts with rows, and their row numbers; parts of their own files stay whole."""
    rows = {"train": division.train, "validation": division.validation, "test": division.test}
    rows = {name: numbers for name, numbers in rows.items() if len(numbers)}
    parts = {name: whole.take(numbers) for name, numbers in rows.items()}
    others = {name: data for name, data in raw.items() if name != "train"}
    return parts | others, rows | {name: np.arange(len(data)) for name, data in others.items()}


def _fit_table(settings: DataSettings, table: Table, names: list[str]) -> TableInputs:
    features: dict[str, Feature] = settings.features or {}
    for name in features:
        if name not in table.columns:
            got = f'data.features names a column "{name}" that is not there'
            raise DataError(got, where=table.where, hint=suggestion(name, table.columns))
    others = {*names, settings.sample_weight, *(settings.split.columns if settings.split.marks else [])}
    used = [name for name in table.columns if name not in others]
    fitted = [(features.get(name) or infer(table, name)).fit(table, name) for name in used]
    columns = [column for column in fitted if column is not None]
    if not columns:
        hint = "Add a column, or ignore fewer."
        raise DataError("no column is left to learn from", where=table.where, hint=hint)
    return TableInputs(columns=columns)


def _fit_array(settings: DataSettings, data: Arrays) -> ArrayInputs:
    values = data.inputs
    by_kind = {"b": "none", "u": "unit" if values.dtype == np.uint8 else "standard"}
    scale = settings.input_scale if settings.input_scale != "auto" else by_kind.get(values.dtype.kind, "standard")
    if scale == "standard":
        scales = [standard(column) for column in values.T] if values.ndim == 2 else [standard(values)]
        if not np.isfinite(scales).all():
            hint = "Divide them by a large number."
            raise DataError("the numbers are too large to scale", where=data.where, hint=hint)
    else:
        scales = [(0.0, 255.0 if scale == "unit" else 1.0)]
    offsets, deviations = zip(*scales, strict=True)
    return ArrayInputs(shape=list(values.shape[1:]), offset=list(offsets), scale=list(deviations))


def _strata(data: Table | Arrays, names: list[str]) -> Strata:
    """The classes of these rows in their order, and the class of each row. Different spellings of a number are one."""
    if isinstance(data, Arrays) and data.targets is not None and data.targets.dtype.kind == "f":
        _refuse_fractions(data)
    distinct, inverse = raw_labels(data, names)
    known = [label for label in distinct if not is_missing(label)]
    if all(is_number(label) for label in known):
        for place, label in enumerate(distinct):
            if is_missing(label) and isinstance(data, Table):
                raise data.missing(names[0], int(np.flatnonzero(inverse == place)[0]))
        distinct = [number_name(label) for label in distinct]
    classes = in_order(distinct)
    places = {label: place for place, label in enumerate(classes)}
    return Strata(np.array([places[label] for label in distinct], np.int64)[inverse], classes)


def _in_given_order(settings: DataSettings, train: Table | Arrays, classes: list[str]) -> list[str]:
    """The classes in the order that the settings give, where they give one."""
    order = settings.class_order
    if order is None:
        return classes
    if sorted(order) != sorted(classes):
        missing = [f'lacks the class "{name}"' for name in classes if name not in order]
        absent = [f'names "{name}", which is no class of the training rows' for name in order if name not in classes]
        hint = f"The classes are: {', '.join(classes)}."
        raise DataError(f"data.class_order {(missing + absent)[0]}", where=train.where, hint=hint)
    return order


def _check_targets(data: Table | Arrays, names: list[str], rows: Array, check: CheckNumbers) -> None:
    """Raises the `DataError` of a target that `check` refuses, with its place in the source."""
    try:
        check(raw_numbers(data, names))
    except TargetError as error:
        if isinstance(data, Table):
            column = "" if error.column is None else f":{names[error.column]}"
            place = f"{data.where}:{data.lines[error.row]}{column}"
        else:
            column = "" if error.column is None or len(names) == 1 else f", {error.column}"
            place = f"{data.where}:targets[{rows[error.row]}{column}]"
        raise DataError(error.message, where=place, hint=error.hint) from None


def _refuse_fractions(data: Arrays) -> None:
    targets = own_targets(data)
    broken = np.flatnonzero((targets != np.floor(targets)).reshape(len(targets), -1).any(axis=1))
    if len(broken):
        got = f"targets[{broken[0]}] is {targets[broken[0]]}, not a class"
        raise DataError(got, where=data.where, hint="Store whole numbers, or set data.task: regression.")


def _target_names(data: Table | Arrays) -> list[str]:
    """Names for the targets of arrays: `target`, or `target_1`, `target_2`, ..."""
    if isinstance(data, Table):
        raise DataError("a table needs the name of its target", where=data.where, hint="Set data.target.")
    targets = own_targets(data)
    return ["target"] if targets.ndim == 1 else [f"target_{number + 1}" for number in range(targets.shape[1])]


def _weights(data: Table | Arrays, name: str, dtype: DTypeLike) -> Array:
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
