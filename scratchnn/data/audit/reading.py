"""From the `data` section of a config to the rows as an audit sees them, also where a training would refuse them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np

from scratchnn.data.audit.finding import Finding, counted, listed
from scratchnn.data.audit.view import Column, View
from scratchnn.data.features.inference import MOSTLY, infer
from scratchnn.data.features.lists import is_list
from scratchnn.data.fitting import fit, task_of
from scratchnn.data.moments import parse_moment
from scratchnn.data.preparation import Rows, divide, encode, in_time, read_parts, used_rows
from scratchnn.data.samples import held
from scratchnn.data.settings import DataSettings
from scratchnn.data.stored_array import StoredArray
from scratchnn.data.tables import Array, Arrays, Table, Task, is_missing, is_number, number_name
from scratchnn.data.targets import TargetRules, kind_of
from scratchnn.errors import DataError

MOST_BYTES = 1 << 28  # of a file that is looked at whole
OPEN = ("text", "hash", "datetime", "tokens", "items", "sequence")
"""Features of columns that may hold another text in each row."""


@dataclass(frozen=True)
class Audited:
    """What a config's source reads into: the rows of each part as they were read, and side by side.

    `findings` are those that reading itself came upon.
    """

    settings: DataSettings
    raw: dict[str, Rows]
    task: Task
    names: list[str]
    view: View
    findings: list[Finding]

    def refused_gaps(self) -> frozenset[str]:
        """The columns whose missing values the config does not say how to take."""
        train = self.raw["train"]
        features = self.settings.features or {}
        targets = self._train_targets()
        refused = set()
        for column in self.view.columns:
            if not isinstance(train, Table) or not column.gaps.any():
                continue
            try:
                fitted = (features.get(column.name) or infer(train, column.name)).fit(train, column.name, targets)
                for data in self.raw.values():
                    if fitted is not None and isinstance(data, Table):
                        fitted.encode(data, np.zeros((len(data), fitted.width)))
            except DataError:
                refused.add(column.name)
        return frozenset(refused)

    def _train_targets(self) -> Array | None:
        """As a feature that reads targets takes them."""
        trained = [target.take(self.view.train) for target in self.view.targets]
        if not trained:
            return None
        return trained[0].codes if self.view.is_classification else np.stack([one.numbers for one in trained], axis=1)

    def refusal(self) -> list[Finding]:
        """What a training on these rows would refuse, where anything."""
        try:
            encoder = fit(self.settings, self.raw["train"], self.task, self.names)
            for data in self.raw.values():
                encode(data, encoder, sample_weight=self.settings.sample_weight)
        except DataError as error:
            return [_refused("refused", error)]
        return []


def read(settings: DataSettings, base: Path, rng: np.random.Generator) -> Audited:
    """Reads the source of a table or of arrays and divides its rows as the training does.

    What a training would refuse for its cells becomes a finding: a target without a value (its rows are left out), a
    word among numbers (a gap from here on), rows that cannot be divided (all are for training). Raises `DataError` or
    `StorageError` where there is nothing to look at.
    """
    raw = cast("dict[str, Rows]", read_parts(settings.source, base))
    first = raw["train"]
    names = [] if settings.task == "reconstruction" else settings.target or _names_of_targets(first)
    raw = in_time(settings, raw, names)
    for data in raw.values():
        if isinstance(data, Table):
            _check_columns(settings, data, names)
    found: list[Finding] = []
    total = len(first)
    used = {name: used_rows(settings, data) for name, data in raw.items()}
    raw = {name: data.take(used[name]) for name, data in raw.items()}
    kept = {name: _with_targets(name, data, names, found) for name, data in raw.items()}
    raw = {name: data.take(kept[name]) for name, data in raw.items()}
    task: Task = "classification"
    try:
        task = task_of(settings, raw["train"], names)
        raw, rows = divide(settings, base, rng, raw, task, names, used["train"][kept["train"]], total)
    except DataError as error:
        found.append(_refused("not_divided", error))
        rows = {name: np.arange(len(data)) for name, data in raw.items()}
    thinned = _thinned(raw, found)
    raw = {name: data.take(thinned[name]) for name, data in raw.items()}
    rows = {name: rows[name][thinned[name]] for name in raw}
    parts = tuple(raw)
    tables = [data for data in raw.values() if isinstance(data, Table)]
    features = _columns(settings, names, tables, found) if tables else ()
    view = View(
        parts=parts,
        part=np.repeat(np.arange(len(parts)), [len(data) for data in raw.values()]),
        columns=features,
        targets=_targets(list(raw.values()), task, names, settings.target_rules),
        task=task,
        wheres=tuple(data.where for data in raw.values()),
        lines=np.concatenate(
            [data.lines if isinstance(data, Table) else rows[name] for name, data in raw.items()], dtype=np.int64
        ),
        samples=None if tables else _joined([held(data.inputs) for data in raw.values() if isinstance(data, Arrays)]),
        free=frozenset(settings.split.columns).union(_open_columns(settings, tables[0], features) if tables else ()),
    )
    return Audited(settings, raw, task, names, view, found)


def _refused(code: str, error: DataError) -> Finding:
    return Finding(
        code, "serious", f"a training would refuse this: {error}", examples=tuple(filter(None, [error.where]))
    )


def _names_of_targets(data: Rows) -> list[str]:
    if isinstance(data, Table) or data.targets is None:
        hint = "Set data.target." if isinstance(data, Table) else "Store them beside the inputs."
        raise DataError("there are no targets", where=data.where, hint=hint)
    return ["target"] if data.targets.ndim == 1 else [f"target_{number + 1}" for number in range(data.targets.shape[1])]


def _check_columns(settings: DataSettings, table: Table, names: list[str]) -> None:
    """Raises `DataError` for a column that the config names and the table lacks."""
    for name in [*names, *(settings.features or {}), *filter(None, [settings.sample_weight])]:
        table.texts(name)


def _with_targets(part: str, data: Rows, names: list[str], found: list[Finding]) -> Array:
    """The numbers of the rows that have every target."""
    if not isinstance(data, Table):
        return np.arange(len(data))
    absent = np.zeros(len(data), bool)
    for name in names:
        cells = data.texts(name)
        words = {cell for cell in set(cells) if is_missing(cell)}
        if not all(is_number(cell) for cell in set(cells) - words):
            words = {cell for cell in words if not cell.strip()}  # "none" may be the name of a class
        absent |= np.fromiter(map(words.__contains__, cells), bool, len(cells))
    if absent.all():
        raise DataError("no row has a target", where=f"{data.where}:{names[0]}")
    if not absent.any():
        return np.flatnonzero(~absent)
    count = int(absent.sum())
    places = tuple(data.place(int(row)) for row in np.flatnonzero(absent)[:5])
    message = f"the target is missing in {counted(count, 'row')}; they are left out here, a training would refuse them"
    found.append(Finding("missing_target", "serious", message, tuple(names), (part,), count, places))
    return np.flatnonzero(~absent)


def _columns(settings: DataSettings, names: list[str], tables: list[Table], found: list[Finding]) -> tuple[Column, ...]:
    """The features of a table: every column that is not ignored and has no other purpose."""
    features = settings.features or {}
    others = {*names, settings.sample_weight, *(settings.split.columns if settings.split.marks else [])}
    others |= {name for name, feature in features.items() if feature.tag() == "ignore"}
    if settings.windows is not None:
        others |= {name for name in settings.windows.marks if name not in features}
    made = []
    for name in tables[0].columns:
        if name not in others:
            declared = features[name].tag() if name in features else None
            made.append(_column(name, tables, declared, found))
    return tuple(made)


def _open_columns(settings: DataSettings, table: Table, columns: Sequence[Column]) -> set[str]:
    """The columns that may well hold another text in each row: texts, lists, what is hashed, and dates."""
    features = settings.features or {}
    made = {name for name, feature in features.items() if feature.tag() in OPEN}
    for column in columns:
        if column.kind == "category" and column.name not in features:
            cells = {cell for cell in set(table.texts(column.name)) if not is_missing(cell)}
            if cells and (all(map(is_list, cells)) or all(parse_moment(cell) is not None for cell in cells)):
                made.add(column.name)
    return made


def _column(name: str, tables: list[Table], declared: str | None, found: list[Finding]) -> Column:
    """A number where the config says so, or where nine tenths of the training cells are numbers; else a category."""
    values, odd = _numbers(tables[0], name)
    known = ~np.isnan(values)
    as_number = declared == "number"
    if declared != "category" and not as_number:
        as_number = bool(known.any() and known.sum() >= MOSTLY * (known | odd).sum())
    if not as_number:
        cells = tuple(cell for table in tables for cell in table.texts(name))
        return Column.of_texts(name, cells)
    pairs = [(values, odd), *(_numbers(table, name) for table in tables[1:])]
    places = [
        (table.place(int(row)), table.texts(name)[row])
        for table, (_, odd) in zip(tables, pairs, strict=True)
        for row in np.flatnonzero(odd).tolist()
    ]
    if places:
        shown = listed(list(dict.fromkeys(cell for _, cell in places)))
        message = f'"{name}" is a column of numbers, with something else in {counted(len(places), "cell")}: {shown}'
        examples = tuple(place for place, _ in places[:5])
        found.append(Finding("not_a_number", "serious", message, (name,), (), len(places), examples))
    return Column.of_numbers(name, np.concatenate([values for values, _ in pairs]))


def _numbers(table: Table, name: str) -> tuple[Array, Array]:
    """The column as numbers (N,), NaN for what is none; and (N,) where that is neither a number nor a missing value."""
    values = table.numbers_or_none(name)
    if values is None:
        cells = table.texts(name)
        distinct = set(cells)
        fitting = {cell: float(cell) if is_number(cell) else np.nan for cell in distinct}
        values = np.fromiter(map(fitting.__getitem__, cells), np.float64, len(cells))
        strange = {cell: not is_number(cell) and not is_missing(cell) for cell in distinct}
        odd = np.fromiter(map(strange.__getitem__, cells), bool, len(cells))
    else:
        odd = np.zeros(len(values), bool)
    infinite = np.isinf(values)
    return np.where(infinite, np.nan, values), odd | infinite


def _targets(data: Sequence[Rows], task: Task, names: list[str], rules: TargetRules) -> tuple[Column, ...]:
    """The targets of all parts, one below the other."""
    parts = [kind_of(task).seen(part, names, rules) for part in data]
    found = dict.fromkeys(name for part in parts for name in part)  # a label may be in one part alone
    pairs = list(zip(data, parts, strict=True))
    return tuple(_target(name, [seen.get(name, np.zeros(len(part))) for part, seen in pairs]) for name in found)


def _target(name: str, parts: Sequence[Array | list[str]]) -> Column:
    """One column of numbers, or of labels: different spellings of a number are one."""
    if isinstance(parts[0], np.ndarray):
        return Column.of_numbers(name, np.concatenate(parts))
    labels = [label for part in parts for label in part]
    if all(is_number(label) for label in set(labels)):
        labels = [number_name(label) for label in labels]
    return Column.of_texts(name, labels)


def _joined(data: list[Array]) -> Array:
    if len({inputs.shape[1:] for inputs in data}) > 1:
        shapes = ", ".join(str(inputs.shape[1:]) for inputs in data)
        raise DataError(f"the parts hold samples of the shapes {shapes}", where="data.source", hint="Use one shape.")
    return data[0] if len(data) == 1 else np.concatenate(data)


def _thinned(raw: dict[str, Rows], found: list[Finding]) -> dict[str, Array]:
    """The rows of each part to be looked at: all, or every so many of a file that is too large to be held."""
    stored = [data.inputs for data in raw.values() if isinstance(data, Arrays) and isinstance(data.inputs, StoredArray)]
    step = -(-sum(inputs.nbytes for inputs in stored) // MOST_BYTES) if stored else 1
    if step > 1:
        message = f"the file is large: of every {step} rows one was looked at"
        found.append(Finding("thinned", "info", message))
    return {name: np.arange(0, len(data), step) for name, data in raw.items()}
