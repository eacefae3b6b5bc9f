from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import csv_files
from benchmarks.csv_files import compare_readers, installed_readers, reader_ratio, write_numbers
from benchmarks.environment import BenchmarkError
from benchmarks.rounds import Ratio

ROOT = Path(__file__).parents[2]


def test_the_command(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    words = ["-m", "benchmarks", "csv", "--rows", "50", "--columns", "3", "--rounds", "2", "--json", str(file)]
    done = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    written = json.loads(file.read_text())
    assert written["options"] == {"rows": 50, "columns": 3, "rounds": 2}
    seconds = written["results"]["seconds"]
    assert list(seconds) == list(installed_readers()[0])
    assert all(len(samples) == 2 and min(samples) > 0 for samples in seconds.values())
    assert "50 rows x 3" in done.stdout


def test_every_reader_finds_the_same_sum(tmp_path: Path) -> None:
    write_numbers(tmp_path / "a.csv", 20, 2)
    lines = (tmp_path / "a.csv").read_text().splitlines()
    assert len(lines) == 21
    total = sum(float(cell) for line in lines[1:] for cell in line.split(","))
    for read in installed_readers()[0].values():
        assert read(tmp_path / "a.csv") == pytest.approx(total, abs=1e-9)


def test_a_reader_that_reads_something_else_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    readers = installed_readers()[0]
    with pytest.raises(BenchmarkError, match="the numbers that other reads have the sum"):
        compare_readers({**readers, "other": lambda path: readers["scratchnn"](path) + 1}, 5, 2, 1)


def test_ratios_are_beside_pandas_in_the_same_round() -> None:
    results = {"scratchnn": [6.0, 10.0, 9.0], csv_files.PANDAS: [1.0, 2.0, 3.0]}
    assert reader_ratio(results, "scratchnn") == Ratio(5.0, 3.0, 6.0)
    assert reader_ratio(results, csv_files.PANDAS) is None
    assert reader_ratio({"scratchnn": [1.0]}, "scratchnn") is None
