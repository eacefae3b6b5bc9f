from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from scratchnn.data.csv import Csv
from scratchnn.data.preparation import prepare, read_path
from scratchnn.data.settings import DataSettings
from scratchnn.data.sources import Source
from scratchnn.data.tables import Table
from scratchnn.data.tabular import matching
from scratchnn.errors import DataError


@pytest.fixture
def parts(tmp_path: Path) -> Path:
    """Files with a column of numbers, one of numbers with gaps, and one that is text in the second file only."""
    folder = tmp_path / "parts"
    folder.mkdir()
    (folder / "b.csv").write_text("n,g,t\n3,,x\n4,5,7\n")
    (folder / "a.csv").write_text("n,g,t\n1,1,01\n2,2,02\n")
    (folder / "c.csv").write_text('t,n,g\n"q",5,NA\n')
    (folder / "notes.txt").write_text("no table")
    return tmp_path


def test_several_files_are_one_table_in_order_of_their_names(parts: Path) -> None:
    table = Csv(path="parts/*.csv").read(parts)
    assert table.columns == {
        "n": ("1", "2", "3", "4", "5"),
        "g": ("1", "2", "", "5", "NA"),
        "t": ("01", "02", "x", "7", "q"),
    }
    assert table.numbers("n").tolist() == [1, 2, 3, 4, 5]
    assert table.numbers_or_none("g") is None
    assert table.gaps("g").tolist() == [False, False, True, False, True]
    assert table.numbers("g", gaps=True)[[0, 1, 3]].tolist() == [1, 2, 5]
    assert table.numbers_or_none("t") is None
    assert table.place(3) == f"{parts}/parts/b.csv:3"


@pytest.mark.parametrize("rows", [[4, 0, 2, 2], [1, 2, 3], []])
def test_rows_of_several_files_keep_their_places(parts: Path, rows: list[int]) -> None:
    part = Csv(path="parts/*.csv").read(parts).take(np.array(rows, int))
    assert part.columns["t"] == tuple(("01", "02", "x", "7", "q")[row] for row in rows)
    assert part.numbers("n").tolist() == [row + 1 for row in rows]
    files = ["a.csv:2", "a.csv:3", "b.csv:2", "b.csv:3", "c.csv:2"]
    assert [part.place(row) for row in range(len(rows))] == [f"{parts}/parts/{files[row]}" for row in rows]


def test_errors_name_the_file(parts: Path) -> None:
    table = Csv(path="parts/*.csv").read(parts)
    with pytest.raises(DataError) as caught:
        table.take(np.array([4, 3, 2])).numbers("t")
    assert str(caught.value.where) == f"{parts}/parts/c.csv:2:t"
    (parts / "parts" / "c.csv").write_text("n,g,t\n5\n")
    with pytest.raises(DataError, match="1 cell, expected 3") as caught:
        Csv(path="parts/*.csv").read(parts)
    assert caught.value.where == f"{parts}/parts/c.csv:2"


@pytest.mark.parametrize(
    ("header", "message"),
    [("n,g", 'there is no column "t", unlike in '), ("n,g,t,u", 'there is a column "u", unlike in ')],
)
def test_files_with_other_columns_are_refused(parts: Path, header: str, message: str) -> None:
    (parts / "parts" / "c.csv").write_text(f"{header}\n{','.join('1' * len(header.split(',')))}\n")
    with pytest.raises(DataError) as caught:
        Csv(path="parts/*.csv").read(parts)
    assert caught.value.where == f"{parts}/parts/c.csv"
    assert caught.value.message == f"{message}{parts}/parts/a.csv"


def test_a_pattern_that_matches_nothing(parts: Path) -> None:
    with pytest.raises(DataError, match="no file matches the pattern") as caught:
        Csv(path="parts/*.tsv").read(parts)
    assert caught.value.where == f"{parts}/parts/*.tsv"


def test_patterns(parts: Path) -> None:
    def names(path: str) -> list[str]:
        return [str(file.relative_to(parts)) for file in matching(parts, path)]

    assert names("parts/[ab].csv") == names(f"{parts}/parts/[ab].csv") == ["parts/a.csv", "parts/b.csv"]
    assert names("**/?.csv") == ["parts/a.csv", "parts/b.csv", "parts/c.csv"]
    (parts / "[ab].csv").touch()
    assert names("[ab].csv") == ["[ab].csv"]
    odd = parts / "[x]*"
    odd.mkdir()
    (odd / "d.csv").touch()
    assert matching(odd, "*.csv") == [odd / "d.csv"]


def test_a_target_is_refused_in_its_file(parts: Path) -> None:
    for file in (parts / "parts").glob("*.csv"):
        file.write_text(file.read_text().replace("q", " "))
    settings = DataSettings.model_validate({"source": "parts/*.csv", "target": "t", "split": "none"})
    with pytest.raises(DataError, match="the value is missing") as caught:
        prepare(settings, parts, np.random.default_rng(0))
    assert caught.value.where == f"{parts}/parts/c.csv:2:t"


def test_other_tables_take_patterns_too(parts: Path) -> None:
    (parts / "a.jsonl").write_text('{"a": 1}\n')
    (parts / "b.jsonl").write_text('{"a": null}\n')
    table = Source.parse("*.jsonl").read(parts)
    assert isinstance(table, Table)
    assert table.columns == {"a": ("1", "")}
    assert read_path(parts / "*.jsonl").columns == table.columns  # type: ignore[union-attr]
