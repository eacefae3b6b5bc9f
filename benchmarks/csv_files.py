"""The third comparison: seconds to read a CSV file of numbers."""

from __future__ import annotations

import gc
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np

from benchmarks.environment import BenchmarkError
from benchmarks.rounds import Ratio, take_turns
from scratchnn.data.csv import Csv
from scratchnn.data.files import read_text
from scratchnn.data.plain_csv import Find, find
from scratchnn.data.polars_csv import find_with_polars

PANDAS = "pandas"
BLOCK = 10_000  # rows that are written at once
SAME = 1e-9  # pandas rounds the last digit of some numbers to another one

Reader = Callable[[Path], float]
"""Reads a file; gives the sum of its numbers."""


def installed_readers() -> tuple[dict[str, Reader], list[str]]:
    """The readers by name, and the libraries that are missing."""
    readers: dict[str, Reader] = {"scratchnn": partial(_ours, find)}
    if find_spec("polars") is not None:
        readers["scratchnn with polars"] = partial(_ours, find_with_polars)
    if find_spec(PANDAS) is not None:
        readers[PANDAS] = _pandas
    return readers, [name for name in ("polars", PANDAS) if find_spec(name) is None]


def compare_readers(readers: Mapping[str, Reader], rows: int, columns: int, rounds: int) -> dict[str, list[float]]:
    """The seconds of each reader by round. Raises `BenchmarkError` where their sums differ."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "numbers.csv"
        write_numbers(path, rows, columns)
        sums = {name: read(path) for name, read in readers.items()}  # which also fills the disk cache
        for name, total in sums.items():
            if not abs(total - sums["scratchnn"]) <= SAME * rows * columns:
                raise BenchmarkError(f"the numbers that {name} reads have the sum {total}, not {sums['scratchnn']}")
        return take_turns({name: partial(_timed, read, path) for name, read in readers.items()}, rounds)


def reader_ratio(results: Mapping[str, Sequence[float]], name: str) -> Ratio | None:
    """A reader's time / that of pandas within each round; None without pandas and for itself."""
    if PANDAS not in results or name == PANDAS:
        return None
    values = [ours / theirs for ours, theirs in zip(results[name], results[PANDAS], strict=True)]
    return Ratio(median(values), min(values), max(values))


def write_numbers(path: Path, rows: int, columns: int) -> None:
    """A header and rows of normal numbers, with as many digits as they need."""
    rng = np.random.default_rng(0)
    with path.open("w") as file:
        file.write(",".join(f"x{number}" for number in range(columns)) + "\n")
        for start in range(0, rows, BLOCK):
            numbers = rng.standard_normal((min(BLOCK, rows - start), columns)).tolist()
            file.writelines(",".join(map(repr, row)) + "\n" for row in numbers)


def _timed(read: Reader, path: Path) -> float:
    gc.collect()
    start = perf_counter()
    read(path)
    return round(perf_counter() - start, 4)


def _ours(way: Find, path: Path) -> float:
    table = Csv(path=str(path)).read_plain(read_text(path), str(path), way)
    if table is None:
        raise BenchmarkError("the file is not read in the fast way")
    return float(sum(table.numbers(name).sum() for name in table.columns))


def _pandas(path: Path) -> float:
    import pandas

    return float(pandas.read_csv(path).to_numpy().sum())
