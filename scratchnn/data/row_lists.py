"""Lists of row numbers in a file: JSON, NPZ or CSV."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scratchnn.data.csv import Csv
from scratchnn.data.files import decode, read_text, shown
from scratchnn.data.npz import open_archive, read_array
from scratchnn.data.sources import SUFFIXES, suffix_of
from scratchnn.errors import DataError

JSON_SUFFIXES = (".json", ".json.gz")
TABLE_SUFFIXES = tuple(suffix for suffix, kind in SUFFIXES.items() if kind["type"] == "csv")
LIST_SUFFIXES = (*JSON_SUFFIXES, ".npz", *TABLE_SUFFIXES)

_WRITE_JSON = 'Write an object such as {"validation": [3, 5], "test": [0, 8]}.'
_WRITE_NPZ = "Write it with numpy.savez(path, validation=..., test=...)."
_ONE_NUMBER = "Rows are whole numbers from 0, without the header."


@dataclass(frozen=True)
class RowList:
    """The entries of one list as the file has them, and the place of each in messages."""

    entries: Sequence[object]
    place: Callable[[int], str]

    def numbers(self, total: int) -> list[int]:
        """The entries as row numbers below `total`. Raises `DataError` for one that is none, or that stands twice."""
        seen: set[int] = set()
        for index, entry in enumerate(self.entries):
            if type(entry) is not int:
                raise DataError(f"{json.dumps(entry)[:60]} is no row number", where=self.place(index), hint=_ONE_NUMBER)
            if not 0 <= entry < total:
                got = f"there is no row {entry}: the source has {total} rows, 0 to {total - 1}"
                raise DataError(got, where=self.place(index), hint=_ONE_NUMBER)
            if entry in seen:
                hint = "List each row once."
                raise DataError(f"row {entry} stands twice in this list", where=self.place(index), hint=hint)
            seen.add(entry)
        return [entry for entry in self.entries if isinstance(entry, int)]


def read_lists(path: Path, fold: int | None) -> dict[str, RowList]:
    """Every list of a file by its name; with a `fold` that one of each, where they are lists of lists.

    JSON: an object of lists; what is no list in it counts as a remark. NPZ: arrays of integers, (N,) or (folds, N).
    CSV: a column `row` and a column `part`, the name of the row's list. Raises `DataError` or `StorageError`.
    """
    suffix = suffix_of(path)
    if suffix in TABLE_SUFFIXES:
        return _in_table(path)
    found = _in_json(path) if suffix in JSON_SUFFIXES else _in_archive(path)
    return {name: _chosen(name, entries, fold, shown(path)) for name, entries in found.items()}


def count_lists(path: Path, name: str) -> int | None:
    """How many lists a file has under a name, None where it has one list of row numbers there, or none.

    Raises `DataError` or `StorageError`.
    """
    if suffix_of(path) in TABLE_SUFFIXES:
        return None
    found = (_in_json(path) if suffix_of(path) in JSON_SUFFIXES else _in_archive(path)).get(name, [])
    return len(found) if found and all(isinstance(entry, list) for entry in found) else None


def _chosen(name: str, entries: list[Any], fold: int | None, where: str) -> RowList:
    """One list of row numbers, out of several where there is a `fold`."""
    nested = [isinstance(entry, list) for entry in entries]
    if fold is None:
        if any(nested):
            hint = f"Choose one of them with fold: 0 to {len(entries) - 1} in data.split."
            raise DataError(f'"{name}" holds {len(entries)} lists', where=where, hint=hint)
        return RowList(entries, lambda index: f"{where}:{name}[{index}]")
    if not all(nested) or not entries:
        got = f'data.split takes fold {fold}, but "{name}" is not a list of lists'
        raise DataError(got, where=where, hint="Remove fold from data.split, or write one list for each fold.")
    if fold >= len(entries):
        got = f'data.split takes fold {fold}, but "{name}" has {len(entries)} lists'
        raise DataError(got, where=where, hint=f"They are numbered 0 to {len(entries) - 1}.")
    return RowList(entries[fold], lambda index: f"{where}:{name}[{fold}][{index}]")


def _in_json(path: Path) -> dict[str, list[Any]]:
    where = shown(path)
    text = decode(read_text(path), where)
    try:
        document = json.loads(text, object_pairs_hook=lambda pairs: _distinct(pairs, where))
    except json.JSONDecodeError as error:
        place = f"{where}:{error.lineno}:{error.colno}"
        raise DataError(f"not well-formed JSON: {error.msg}", where=place, hint=_WRITE_JSON) from None
    except (RecursionError, ValueError) as error:  # nested too deep, or a number with thousands of digits
        reason = "it is nested too deep" if isinstance(error, RecursionError) else "it holds a number that is too long"
        raise DataError(f"not readable JSON: {reason}", where=where, hint=_WRITE_JSON) from None
    if not isinstance(document, dict):
        raise DataError("holds no JSON object", where=where, hint=_WRITE_JSON)
    return {name: value for name, value in document.items() if isinstance(value, list)}


def _distinct(pairs: list[tuple[str, Any]], where: str) -> dict[str, Any]:
    """A JSON object as a mapping. Raises `DataError` for a key that stands twice."""
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f'the key "{twice}" stands twice', where=where, hint="Write each list once.")
    return made


def _in_archive(path: Path) -> dict[str, list[Any]]:
    where = shown(path)
    found = {}
    with open_archive(path, _WRITE_NPZ) as archive:
        for name in archive.files:
            array = read_array(archive, name, where, _WRITE_NPZ)
            if array.ndim == 0:
                continue
            if array.dtype.kind == "b":
                hint = "Store the numbers of the rows: numpy.flatnonzero(mask)."
                raise DataError(f'the array "{name}" is a mask of booleans', where=where, hint=hint)
            if (array.dtype.kind not in "iu" and array.size) or array.ndim > 2:
                got = f'the array "{name}" is {array.dtype} of the shape {array.shape}, not a list of row numbers'
                raise DataError(got, where=where, hint=_WRITE_NPZ)
            found[name] = array.tolist()
    return found


def _in_table(path: Path) -> dict[str, RowList]:
    suffix = SUFFIXES[suffix_of(path)]
    table = Csv(path=str(path), delimiter=suffix.get("delimiter", ",")).read(Path())
    for name in ("row", "part"):
        if name not in table.columns:
            hint = "Write a header row,part, then one line for each row that is listed."
            raise DataError(f'there is no column "{name}"', where=table.where, hint=hint)
    rows, parts = table.columns["row"], table.cells("part")
    lines: dict[str, list[int]] = {}
    for line, part in enumerate(parts):
        lines.setdefault(part, []).append(line)
    return {
        part: RowList([_whole(rows[line]) for line in own], _placer(table.where, table.lines[own].tolist()))
        for part, own in lines.items()
    }


def _whole(cell: str) -> object:
    """A cell as a whole number, or as it stands."""
    digits = cell.strip()
    return int(digits) if digits.isdecimal() and digits.isascii() and len(digits) < 20 else cell


def _placer(where: str, lines: list[int]) -> Callable[[int], str]:
    return lambda index: f"{where}:{lines[index]}:row"
