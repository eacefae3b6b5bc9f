"""What a source reads into: a `Table` of named text columns, or `Arrays` of inputs and targets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from scratchnn.data.lazy_columns import Cells, LazyColumns, span_of, take_cells
from scratchnn.data.samples import rows_at_once
from scratchnn.data.stored_array import StoredArray
from scratchnn.errors import DataError, suggestion

Array = np.ndarray[Any, np.dtype[Any]]
Task = Literal["classification", "regression", "multi_label", "count", "ordinal", "reconstruction", "language_modeling"]

LONG = 10**22  # whole numbers below are written out
PIECE = 1 << 20  # rows whose texts may be in memory together
MISSING = frozenset({"", "na", "n/a", "#n/a", "nan", "null", "none", "nil", "?", "-", "."})

COMMA_HINT = 'For decimal commas set {type: csv, path: ..., decimal: ","} in data.source; remove marks for thousands.'
_COMMA = re.compile(r"\s*[+-]?((\d{1,3}([. ']\d{3})+|\d*),\d+([eE][+-]?\d+)?|\d{1,3}(,\d{3})+(\.\d*)?)\s*", re.ASCII)


@dataclass(frozen=True)
class Gappy:
    """The numbers of a column some of whose cells have none: `values` (N,) float64 is NaN there.

    `odd` (N,) marks the cells that are no number; a cell "nan" is one.
    """

    values: Array
    odd: Array

    def take(self, place: Array | slice) -> Gappy:
        """Those of these rows."""
        return Gappy(self.values[place], self.odd[place])


@dataclass(frozen=True)
class Table:
    """Named columns of text, all of one length, in the order of the file.

    `where` is the file's name in messages, `lines` (N,) the line of the file on which each row starts. Of rows from
    several `files`, `file_of` (N,) tells which one; `place` gives file and line of a row.
    Cells stay text until a feature wants numbers, because "01" may be a code. A source that has read numbers already
    gives them beside columns that make their text when it is asked for: `_numbers` of columns that hold nothing else,
    `_gappy` of those with gaps.
    """

    where: str
    columns: Mapping[str, tuple[str, ...]]
    lines: Array
    _numbers: dict[str, Array | None] = field(default_factory=dict, repr=False, compare=False)
    _gappy: dict[str, Gappy | None] = field(default_factory=dict, repr=False, compare=False)
    files: tuple[str, ...] = ()
    file_of: Array | None = None

    def __len__(self) -> int:
        return len(self.lines)

    def take(self, rows: Array) -> Table:
        """The table of these rows (0-based), in this order. Rows that follow each other cost next to nothing."""
        if len(rows) == len(self) and bool((rows == np.arange(len(self))).all()):
            return self
        if isinstance(self.columns, LazyColumns):
            columns: Mapping[str, tuple[str, ...]] = self.columns.take(rows)
        else:
            columns = {name: take_cells(cells, rows) for name, cells in self.columns.items()}
        span = span_of(rows)
        place = rows if span is None else span
        numbers: dict[str, Array | None] = {
            name: values[place] for name, values in self._numbers.items() if values is not None
        }
        gappy = {name: known.take(place) for name, known in self._gappy.items() if known is not None}
        for name, known in gappy.items():
            numbers[name] = None if known.odd.any() else known.values  # the gaps may be in other rows
        file_of = None if self.file_of is None else self.file_of[place]
        return Table(self.where, columns, self.lines[place], numbers, dict(gappy), self.files, file_of)

    def pieces(self) -> Iterator[tuple[int, Table]]:
        """The table, or some rows of a long one at a time, so that their texts need not all be made at once.

        Each comes with the number of its first row.
        """
        if len(self) <= PIECE:
            yield 0, self
            return
        for start in range(0, len(self), PIECE):
            yield start, self.take(np.arange(start, min(start + PIECE, len(self))))

    def place(self, row: int) -> str:
        """Where a row stands, for messages: `file:line`."""
        file = self.where if self.file_of is None else self.files[int(self.file_of[row])]
        return f"{file}:{self.lines[row]}"

    def cells(self, name: str) -> tuple[str, ...]:
        """The text of a column. Raises `DataError` for an unknown column or a cell that is empty."""
        cells = self.texts(name)
        if not all(cells) or any(map(str.isspace, cells)):
            raise self.missing(name, next(row for row, cell in enumerate(cells) if not cell.strip()))
        return cells

    def texts(self, name: str) -> tuple[str, ...]:
        """The text of a column, with empty cells. Raises `DataError` for an unknown column."""
        self._check(name)
        return self.columns[name]

    def gaps(self, name: str) -> Array:
        """For each row (N,) whether its cell says that there is no value: NaN or, see `is_missing`, a word for it."""
        self._check(name)
        values = self._with_gaps(name)
        if values is not None:
            return np.isnan(values)
        cells = self.columns[name]
        return np.fromiter(map(is_missing, cells), bool, len(cells))

    def numbers_or_none(self, name: str) -> Array | None:
        """The column as (N,) float64, or None where a cell is no number. Infinite numbers and NaN stay in."""
        if name not in self._numbers:
            self._numbers[name] = floats(self.columns[name])
        return self._numbers[name]

    def numbers(self, name: str, *, gaps: bool = False, mend: str = "Mend the cell.") -> Array:
        """The column as (N,) float64; with `gaps` a cell without a value is NaN. `mend` is what to do about a text.

        Raises `DataError` for a cell that is no number or not finite, and without `gaps` for one that is missing.
        """
        self._check(name)
        values = self._with_gaps(name) if gaps else self.numbers_or_none(name)
        if values is None:
            cells = self.columns[name]
            row = next(row for row, cell in enumerate(cells) if not (is_number(cell) or (gaps and is_missing(cell))))
            if is_missing(cells[row]):
                raise self.missing(name, row)
            hint = COMMA_HINT if has_comma(cells[row]) else mend
            raise self.error(name, row, f"{quoted(cells[row])} is not a number", hint)
        bad = np.flatnonzero(np.isinf(values) if gaps else ~np.isfinite(values))
        if len(bad):
            row = int(bad[0])
            if np.isnan(values[row]):
                raise self.missing(name, row)
            hint = "Write a finite number below 1.8e308, or remove the row."
            raise self.error(name, row, f"{quoted(self.columns[name][row])} is not a finite number", hint)
        return values

    def gappy(self, name: str) -> Gappy | None:
        """The numbers of a column that may have gaps; None where a cell is neither a number nor missing."""
        values = self.numbers_or_none(name)
        if values is not None:
            return Gappy(values, np.zeros(len(values), bool))
        if name not in self._gappy:
            self._gappy[name] = gappy_floats(self.columns[name])
        return self._gappy[name]

    def _check(self, name: str) -> None:
        if name not in self.columns:
            raise DataError(f'there is no column "{name}"', where=self.where, hint=suggestion(name, self.columns))

    def _with_gaps(self, name: str) -> Array | None:
        """The column as numbers, NaN where a value is missing; None where a cell is neither."""
        known = self.gappy(name)
        return None if known is None else known.values

    def error(self, name: str, row: int, message: str, hint: str) -> DataError:
        """An error about one cell: `file:line:column`."""
        return DataError(message, where=f"{self.place(row)}:{name}", hint=hint)

    def missing(
        self, name: str, row: int, hint: str = "Fill the cell, remove the row, or ignore the column."
    ) -> DataError:
        """The error for a cell without a value."""
        cell = self.columns[name][row]
        got = f'the value is missing ("{cell}")' if cell.strip() else "the value is missing"
        return self.error(name, row, got, hint)


@dataclass(frozen=True)
class Arrays:
    """Inputs (N, *shape) of numbers and targets (N,) or (N, K), or None where the file has none.

    Inputs that are too large to be held stay in their file, see `StoredArray`.
    `task` is what the source knows about its targets, None where it knows nothing; `start` the number of the first
    sample where they are a part of a file; `names` the files that the samples are from, where each has its own.
    """

    where: str
    inputs: Array | StoredArray
    targets: Array | None = None
    task: Task | None = None
    start: int = 0
    names: Cells | None = None

    def __len__(self) -> int:
        return len(self.inputs)

    @classmethod
    def of(
        cls, inputs: Array | StoredArray, targets: Array | None = None, *, where: str = "data", task: Task | None = None
    ) -> Arrays:
        """Arrays that were checked: lengths, kinds, finite numbers. Inputs (N,) become (N, 1). Raises `DataError`."""
        if not isinstance(inputs, StoredArray):
            inputs = np.asarray(inputs)
            if inputs.ndim == 0 or not len(inputs):
                hint = "The first axis counts the samples."
                raise DataError(f"inputs of shape {inputs.shape} hold no sample", where=where, hint=hint)
            inputs = inputs[:, None] if inputs.ndim == 1 else inputs
        if inputs.nbytes == 0:
            raise DataError(f"inputs of shape {inputs.shape} hold no number", where=where)
        _check_numbers(inputs, "inputs", where)
        if targets is not None:
            targets = np.asarray(targets)
            cls.check_targets(targets, len(inputs), where)
            targets = targets[:, 0] if targets.ndim == 2 and targets.shape[1] == 1 else targets
        return cls(where, inputs, targets, task)

    @staticmethod
    def check_targets(targets: Array, count: int, where: str) -> None:
        """Raises `DataError` unless there is one target, a number or a text, for each of so many inputs."""
        if targets.ndim not in (1, 2) or (targets.size == 0 and count):
            hint = "Targets are (N,) or (N, K)."
            raise DataError(f"targets have the shape {targets.shape}", where=where, hint=hint)
        if len(targets) != count:
            hint = "Every input needs one target."
            raise DataError(f"{count} inputs but {len(targets)} targets", where=where, hint=hint)
        if targets.dtype.kind != "U":
            _check_numbers(targets, "targets", where)

    def take(self, rows: Array) -> Arrays:
        """The arrays of these rows (0-based), in this order."""
        if len(rows) == len(self) and bool((rows == np.arange(len(self))).all()):
            return self
        targets = None if self.targets is None else self.targets[rows]
        names = None if self.names is None else take_cells(self.names, rows)
        inputs = self.inputs.take(rows) if isinstance(self.inputs, StoredArray) else self.inputs[rows]
        return Arrays(self.where, inputs, targets, self.task, names=names)


def quoted(text: str, most: int = 60) -> str:
    """A text of a file as messages show it: in quotes, and cut where it is long.

    >>> print(quoted("ab"), quoted("abcdef", 3))
    "ab" "abc..."
    """
    return f'"{text[:most]}{"..." if len(text) > most else ""}"'


def is_number(cell: str) -> bool:
    """Whether a cell is written as a number: `1`, `-2.5e-3`, ` 7 `, `nan`, `inf`; not `1_000` nor `1,5`."""
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell and cell.isascii()


def has_comma(cell: str) -> bool:
    """Whether a cell is text that looks like a number with a decimal comma or a mark for thousands.

    >>> has_comma("1,5"), has_comma("1.234,5"), has_comma("1,234.5"), has_comma("1,2,3")
    (True, True, True, False)
    """
    return _COMMA.fullmatch(cell) is not None


def is_missing(cell: str) -> bool:
    """Whether a cell of a number column says that there is no value: empty, `NA`, `nan`, `null`, `?`, ..."""
    return cell.strip().lower() in MISSING


def in_order(names: Sequence[str]) -> list[str]:
    """Distinct texts in their order: by value where all are numbers, by alphabet otherwise.

    >>> in_order(["10", "9"]), in_order(["b", "10", "9"])
    (['9', '10'], ['10', '9', 'b'])
    """
    distinct = set(names)
    if all(is_number(name) for name in distinct):
        return sorted(distinct, key=lambda name: (_value(name), name))
    return sorted(distinct)


def number_name(cell: str) -> str:
    """The one name of a number, however it is written; a text that is no number stays as it is.

    >>> [number_name(cell) for cell in ("1", "1.0", "01", "1e0", "0.50", "-0.0", "1E300", "one")]
    ['1', '1', '1', '1', '0.5', '0', '1e+300', 'one']
    """
    if not is_number(cell):
        return cell
    value = _value(cell)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if abs(value) >= LONG and value == float(cell):  # exactly: another whole number keeps its digits
        return repr(float(cell))
    return str(value)


def _value(cell: str) -> int | float:
    """A whole number exactly, any other as a float."""
    try:
        return int(cell)
    except ValueError:
        return float(cell)


def floats(cells: Sequence[str]) -> Array | None:
    """The cells as (N,) float64, or None where one is no number, see `is_number`."""
    joined = "".join(cells)
    if "_" in joined or not joined.isascii():
        return None
    try:
        return np.fromiter(map(float, cells), np.float64, len(cells))
    except ValueError:
        return None


def gappy_floats(cells: Sequence[str]) -> Gappy | None:
    """The same for cells some of which may be missing, or None where one is neither a number nor missing."""
    values, odd = np.full(len(cells), np.nan), np.zeros(len(cells), bool)
    for row, cell in enumerate(cells):
        if is_number(cell):
            values[row] = float(cell)
        elif is_missing(cell):
            odd[row] = True
        else:
            return None
    return Gappy(values, odd)


def _check_numbers(values: Array | StoredArray, name: str, where: str) -> None:
    if values.dtype.kind not in "buif":
        hint = "Store booleans, integers or floats."
        raise DataError(f"{name} are of the type {values.dtype}, not numbers", where=where, hint=hint)
    step = rows_at_once(values)
    for start in range(0, len(values) if values.dtype.kind == "f" else 0, step):
        block = values[start : start + step]
        finite = np.isfinite(block)
        if not finite.all():
            row, *rest = np.argwhere(~finite)[0].tolist()
            index = (start + row, *rest)
            hint = "Missing and infinite values are not supported: remove the sample or fill the value."
            got = f"{name}[{', '.join(map(str, index))}] is {block[row, *rest]}, not a finite number"
            raise DataError(got, where=where, hint=hint)
