"""The formats that predictions are written in.

CSV, TSV and JSON Lines take rows as they come; NPZ and Parquet keep all rows in memory until the end.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from json.encoder import encode_basestring
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from scratchnn.data.columns import Decoded
from scratchnn.data.json_lines import Bare, is_json_number
from scratchnn.data.sources import suffix_of
from scratchnn.data.tables import is_missing, is_number
from scratchnn.errors import UsageError
from scratchnn.nn.memory import Array
from scratchnn.workflows.prediction_rows import ROW, PredictedRows, Predictor, free_name, texts

Sink = Callable[[bytes], object]

FIRST = frozenset("=+-@\t\r")
SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".npz", ".parquet")
LARGEST_TEXTS = 1 << 30  # bytes of one array of texts, all as long as the longest

_WHOLE = re.compile(r"-?(0|[1-9]\d{0,17})", re.ASCII)  # below 2^63


class PredictionFile(ABC):
    """Writes predictions in one format."""

    @abstractmethod
    def add(self, rows: PredictedRows) -> None:
        """The next rows."""

    def finish(self) -> None:
        """After the last rows."""
        return


class DelimitedFile(PredictionFile):
    """CSV with a header and LF line ends (RFC 4180 otherwise).

    A spreadsheet runs a cell that begins with `=`, `+`, `-`, `@`, a tab or a carriage return as a formula. So a text
    that does, and is no number, gets an apostrophe before it: in carried cells, labels and the header alike. Numbers
    never do. `raw_text` leaves all as it is.
    """

    def __init__(self, sink: Sink, delimiter: str = ",", *, raw_text: bool = False) -> None:
        self._sink = sink
        self._delimiter = delimiter
        self._guard: Callable[[Sequence[str]], Sequence[str]] = list if raw_text else guarded
        self._begun = False

    def add(self, rows: PredictedRows) -> None:
        """The next rows, before the first ones the header."""
        columns = [self._guard(cells) for cells in rows.carried.values()]
        for values in rows.added.values():
            columns.append(texts(values) if isinstance(values, np.ndarray) else self._guard(values))
        lines: list[Sequence[str]] = [] if self._begun else [self._guard(rows.header)]
        lines.extend(zip(*columns, strict=True))
        self._begun = True
        self._sink(self._text(lines).encode())

    def _text(self, rows: Sequence[Sequence[str]]) -> str:
        text = io.StringIO()
        csv.writer(text, delimiter=self._delimiter, lineterminator="\n").writerows(rows)
        if "\r" not in text.getvalue():
            return text.getvalue()
        lines = _Lines()
        csv.writer(lines, delimiter=self._delimiter, lineterminator="\r\n").writerows(rows)
        return "".join(lines)


class _Lines(list[str]):
    """Takes rows from `csv.writer`, which quotes cells with a carriage return only where its rows end with one."""

    def write(self, row: str) -> None:
        self.append(f"{row[:-2]}\n")


class JsonLinesFile(PredictionFile):
    """JSON Lines: one object a row.

    Predictions that are numbers are JSON numbers, labels and flags texts. A carried cell is a number where its column
    is one that the model reads as a number (`null` where its value is missing), and what it was where it comes from
    JSON; any other is the text that it was, so that a code such as 01 stays one.
    """

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    def add(self, rows: PredictedRows) -> None:
        """The next rows."""
        columns: list[Sequence[str]] = [
            _json_cells(cells, name in rows.numeric) for name, cells in rows.carried.items()
        ]
        for values in rows.added.values():
            numbers = isinstance(values, np.ndarray)
            columns.append([text or "null" for text in texts(values)] if numbers else list(map(_json_text, values)))
        names = (encode_basestring(name).replace("%", "%%") for name in rows.header)
        line = "{" + ", ".join(f"{name}: %s" for name in names) + "}\n"
        self._sink("".join([line % cells for cells in zip(*columns, strict=True)]).encode())


class Collected(PredictionFile):
    """The base of formats that are written at the end."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._blocks: list[PredictedRows] = []

    def add(self, rows: PredictedRows) -> None:
        """Keeps them."""
        self._blocks.append(rows)

    def _carried(self) -> dict[str, Sequence[str]]:
        first = self._blocks[0]
        return {name: [cell for block in self._blocks for cell in block.carried[name]] for name in first.carried}


class NpzFile(Collected):
    """Arrays by name, as `numpy.load(path, allow_pickle=False)` reads them.

    Of classes `prediction` (N,) unicode, with probabilities `probabilities` (N, C) and their `classes` (C,); of numbers
    `values` (N, K) and their `targets` (K,), with `lower`, `upper` and `deviation` (N, K) or `quantiles` (N, Q, K) and
    their `quantile_shares` (Q,) where the loss tells them; of a reconstruction `reconstruction` (N, *shape), or
    `reconstructed_<column>` (N,) each, and `reconstruction_error` (N,); `flags` (N,) unicode. Carried columns stand
    under their own names: int64 or float64 where every cell is a number that is no code such as 01, or the model reads
    it as one (NaN where its value is missing), else unicode. Where two names clash, the prediction's gets a number.
    """

    def __init__(self, file: BinaryIO, predictor: Predictor) -> None:
        super().__init__(file)
        self._predictor = predictor

    def finish(self) -> None:
        """Writes all. Raises `UsageError` for texts that are too long for an array."""
        first = self._blocks[0]
        arrays: dict[str, Array] = {}
        for name, cells in self._carried().items():
            if name != ROW or ROW not in first.numeric:
                arrays[name] = typed(cells, name in first.numeric, name)
        parts = [self._predictor.arrays(block) for block in self._blocks]
        made = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        for name, array in (made | self._predictor.constants()).items():
            arrays[free_name(name, arrays)] = array
        with zipfile.ZipFile(self._file, "w") as archive:
            for name, array in arrays.items():
                with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as member:
                    np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)


class ParquetFile(Collected):
    """Parquet by polars, with the columns of the CSV: numbers as numbers, carried columns as in `NpzFile`."""

    def finish(self) -> None:
        """Writes all."""
        import polars

        first = self._blocks[0]
        columns: dict[str, Any] = {}
        for name, cells in self._carried().items():
            values = numbers_of(cells, name in first.numeric)
            columns[name] = list(map(str, cells)) if values is None else values
        for name in first.added:
            columns[name] = _joined([block.added[name] for block in self._blocks])
        frame = polars.DataFrame(
            [polars.Series(name, values, nan_to_null=name in first.numeric) for name, values in columns.items()]
        )
        frame.write_parquet(self._file)


def check_format(path: Path) -> str:
    """The suffix that tells the format of a file of predictions; CSV for a pipe or a device.

    Raises `UsageError` for a suffix that tells none, or where polars is wanted and absent.
    """
    suffix = suffix_of(path)
    if suffix not in SUFFIXES and path.exists() and not path.is_file() and not path.is_dir():
        return ".csv"
    if suffix not in SUFFIXES:
        if path.is_dir():
            raise UsageError("this is a folder", where=str(path), hint="Name a file in it, such as predictions.csv.")
        got = f'cannot tell the format of the predictions by "{suffix}"'
        raise UsageError(got, where=str(path), hint=f"Known: {', '.join(SUFFIXES)}.")
    if suffix == ".parquet" and find_spec("polars") is None:
        raise UsageError("Parquet needs polars", where=str(path), hint="pip install 'scratchnn[data]'")
    return suffix


def prediction_file(suffix: str, file: BinaryIO, predictor: Predictor, *, raw_text: bool = False) -> PredictionFile:
    """The writer for a suffix that `check_format` has passed."""
    if suffix in (".csv", ".tsv"):
        return DelimitedFile(file.write, "\t" if suffix == ".tsv" else ",", raw_text=raw_text)
    if suffix == ".npz":
        return NpzFile(file, predictor)
    return ParquetFile(file) if suffix == ".parquet" else JsonLinesFile(file.write)


def guarded(cells: Sequence[str]) -> Sequence[str]:
    """Texts that a spreadsheet does not take for formulas, see `DelimitedFile`.

    >>> guarded(["=1+1", "-5", "-five", "+49 30 1", "@me", "plain", "'=1"])
    ["'=1+1", '-5', "'-five", "'+49 30 1", "'@me", 'plain', "'=1"]
    """
    if FIRST.isdisjoint({cell[:1] for cell in cells}):
        return cells
    return [f"'{cell}" if cell[:1] in FIRST and not is_number(cell) else cell for cell in cells]


def numbers_of(cells: Sequence[str], numeric: bool) -> Array | None:
    """Cells (N,) as int64 or float64, None where they are texts, see `NpzFile`.

    >>> numbers_of(["1", "20"], False), numbers_of(["1", "2.5"], False), numbers_of(["01", "2"], False)
    (array([ 1, 20]), array([1. , 2.5]), None)
    >>> numbers_of(["01", "NA"], True)
    array([ 1., nan])
    """
    if all(map(_WHOLE.fullmatch, cells)):
        return np.array(list(map(int, cells)), np.int64)
    if numeric:
        if all(is_number(cell) or is_missing(cell) for cell in cells):
            return np.array([np.nan if is_missing(cell) else float(cell) for cell in cells])
    elif all(map(is_json_number, cells)):
        return np.array(list(map(float, cells)))
    return None


def typed(cells: Sequence[str], numeric: bool, name: str) -> Array:
    """The same with texts as an array of unicode. Raises `UsageError` where one of them makes it too large."""
    values = numbers_of(cells, numeric)
    if values is not None:
        return values
    longest = max(map(len, cells))
    if 4 * longest * len(cells) > LARGEST_TEXTS:
        got = f'column "{name}" has a cell of {longest:,} characters, and an array holds all cells at that length'
        raise UsageError(got, where="-o", hint="Leave the column out with --columns, or choose another format.")
    return np.array(cells, np.str_)


def _json_text(cell: str) -> str:
    """A text, or what is JSON already: a list of labels."""
    return cell if isinstance(cell, Bare) else encode_basestring(cell)


def _json_cells(cells: Sequence[str], numeric: bool) -> list[str]:
    other = _json_number if numeric else encode_basestring
    return [(cell or "null") if isinstance(cell, Bare) else other(cell) for cell in cells]


def _json_number(cell: str) -> str:
    """A cell of a column that the model reads as numbers."""
    if is_json_number(cell):
        return cell
    if is_missing(cell):
        return "null"
    finite = is_number(cell) and np.isfinite(float(cell))
    return repr(float(cell)) if finite else encode_basestring(cell)


def _joined(parts: Sequence[Decoded]) -> Decoded:
    if isinstance(parts[0], np.ndarray):
        return np.concatenate(parts)
    return [cell for part in parts for cell in part]
