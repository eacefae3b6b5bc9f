"""Blocks of rows against the reader of whole files."""

from __future__ import annotations

import gzip
import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scratchnn.data.blocks import csv_blocks, file_blocks, stream_blocks
from scratchnn.data.csv import Csv
from scratchnn.data.jsonl import JsonLines
from scratchnn.data.npy import Npy
from scratchnn.data.npz import Npz
from scratchnn.data.sources import Source
from scratchnn.data.tables import Arrays, Table
from scratchnn.errors import DataError

CSV = Csv(path="data.csv")


def blocks(text: str, rows: int | None, source: Csv = CSV) -> list[Table]:
    return list(csv_blocks(source, io.BytesIO(text.encode(source.encoding)), "data.csv", rows))


def whole(text: str, folder: Path, source: Csv = CSV) -> Table:
    (folder / "data.csv").write_bytes(text.encode(source.encoding))
    return source.read(folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("blocks")


@given(
    lines=st.lists(st.lists(st.sampled_from(["", "1", "x", '"a\nb"', '"\r\n"', '"']), max_size=3).map(",".join)),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    rows=st.integers(1, 4) | st.none(),
    source=st.sampled_from(
        [
            CSV,
            Csv(path="data.csv", columns=["a", "b"]),
            Csv(path="data.csv", header=False),
            Csv(path="data.csv", header=True, columns=["a", "c"]),
            Csv(path="data.csv", encoding="utf-16"),
            Csv(path="data.csv", encoding="cp1252", header=False),
        ]
    ),
)
def test_blocks_joined_are_the_table(folder: Path, lines: list[str], end: str, rows: int | None, source: Csv) -> None:
    text = end.join([*(["a,b"] * source.has_header), *lines])
    try:
        table = whole(text, folder, source)
    except DataError as error:
        message = re.escape(str(error).replace(f"{folder}/", "")) if rows is None else "data.csv"
        with pytest.raises(DataError, match=message):
            blocks(text, rows, source)
        return
    parts = blocks(text, rows, source)
    assert {name: sum((part.columns[name] for part in parts), ()) for name in table.columns} == table.columns
    assert np.concatenate([part.lines for part in parts]).tolist() == table.lines.tolist()
    assert all(len(part) == rows for part in parts[:-1])


@pytest.mark.parametrize(
    ("text", "where", "message"),
    [
        ("", "data.csv", "the file is empty"),
        ("\n\n", "data.csv", "the file is empty"),
        ("a,b\n", "data.csv", "there is no row of data, only a header"),
        ("a,b\n\n\n", "data.csv", "there is no row of data, only a header"),
        ("a,a\n1,2\n", "data.csv:1", 'two columns are named "a"'),
        ("a;b\n1;2\n", "data.csv:1", 'the header is a single column, "a;b"'),
        ("a,b\n1,2\n3,4\n5,6\n7,8\n9\n", "data.csv:6", "1 cell, expected 2"),
        ("a,b\n1,2\n3,4\n\n\n5,6\n", "data.csv:4", "the line is blank"),
        ("a,b\n1,2\n\n3,4\n\n\n\n5,6\n", "data.csv:3", "the line is blank"),
        ('a,b\n1,"2\n2"\n3,4\n5,"6"x\n', "data.csv:5", "not well-formed CSV"),
    ],
)
def test_a_fault_has_the_place_and_words_of_the_whole_file(folder: Path, text: str, where: str, message: str) -> None:
    with pytest.raises(DataError) as of_whole:
        whole(text, folder)
    for rows in (1, 2, 3, None):
        with pytest.raises(DataError) as caught:
            blocks(text, rows)
        assert str(caught.value) == str(of_whole.value).replace(f"{folder}/", "")
        assert caught.value.where == where
        assert message in caught.value.message


def test_rows_before_a_fault_come_first() -> None:
    made = csv_blocks(CSV, io.BytesIO(b"a,b\n1,2\n3,4\n5\n"), "data.csv", 2)
    assert next(made).columns == {"a": ("1", "3"), "b": ("2", "4")}
    with pytest.raises(DataError, match=r"data\.csv:4: 1 cell"):
        next(made)


@pytest.mark.parametrize("late", ["7,8", '7,"8"', "7,8\r", "7,é", "7", "", '7,"8\n8"'])
@pytest.mark.parametrize("rows", [1000, 40_000])
def test_a_long_file_is_read_the_same_whatever_comes_late(folder: Path, late: str, rows: int) -> None:
    """Some megabytes, so that the fast way stops in the middle, where a piece is not plain."""
    text = "a,b\n" + "1.5,x y\n" * 100_000 + late + "\n" + "3,z\n" * 50_000
    try:
        table = whole(text, folder)
    except DataError as error:
        with pytest.raises(DataError, match=re.escape(str(error).replace(f"{folder}/", ""))):
            list(csv_blocks(CSV, io.BytesIO(text.encode()), "data.csv", rows))
        return
    first = 0
    for part in csv_blocks(CSV, io.BytesIO(text.encode()), "data.csv", rows):
        expected = table.take(np.arange(first, first + len(part)))
        assert dict(part.columns) == dict(expected.columns)
        assert part.lines.tolist() == expected.lines.tolist()
        first += len(part)
    assert first == len(table)


def test_only_a_block_is_read_at_a_time() -> None:
    stream = io.BytesIO(b"a,b\n" + b"1,2\n" * 1_000_000)
    next(csv_blocks(CSV, stream, "data.csv", 10))
    assert stream.tell() < 3 << 20


def test_decimal_commas_become_points_and_a_point_is_refused() -> None:
    source = Csv(path="data.csv", delimiter=";", decimal=",")
    assert blocks("a;b\n1,5;x\n", 1, source)[0].columns == {"a": ("1.5",), "b": ("x",)}
    with pytest.raises(DataError, match=r"data\.csv:3:a: .* has a point"):
        blocks("a;b\n1,5;x\n1.5;x\n", 1, source)


def test_files_by_their_suffix_or_as_the_training(tmp_path: Path) -> None:
    def read(name: str, content: bytes, like: Any = None, suffix: str | None = None) -> Any:
        (tmp_path / name).write_bytes(content)
        return [part.columns for part in file_blocks(tmp_path / name, like, suffix, 1)]

    two = [{"a": ("1",), "b": ("2",)}, {"a": ("3",), "b": ("4",)}]
    semicolons = Csv(path="train.csv", delimiter=";")
    assert read("a.csv", b"a,b\n1,2\n3,4\n") == two
    assert read("a.csv.gz", gzip.compress(b"a,b\n1,2\n3,4\n")) == two
    assert read("a.csv", b"a;b\n1;2\n3;4\n", semicolons) == two
    assert read("a.tsv", b"a\tb\n1\t2\n3\t4\n", semicolons) == two
    assert read("a.jsonl", b'{"a": 1, "b": "2"}\n{"b": 4, "a": 3}\n', semicolons) == two
    assert read("a.dat", b"a\tb\n1\t2\n3\t4\n", None, ".tsv") == two
    with pytest.raises(DataError, match=r'cannot tell the type of the file by "\.dat"'):
        read("a.dat", b"")
    with pytest.raises(DataError, match="there is no such file"):
        list(file_blocks(tmp_path / "none.csv"))


def test_arrays_come_in_views_that_know_their_place(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", inputs=np.arange(10.0).reshape(5, 2))
    parts = list(file_blocks(tmp_path / "a.npz", rows=2))
    assert [(part.start, part.inputs.tolist()) for part in parts if isinstance(part, Arrays)] == [
        (0, [[0, 1], [2, 3]]),
        (2, [[4, 5], [6, 7]]),
        (4, [[8, 9]]),
    ]


def test_streams_are_as_the_training_or_as_named() -> None:
    def read(text: bytes, like: Source | None = None, suffix: str = "") -> Any:
        return [part.columns for part in stream_blocks(io.BytesIO(text), like, suffix, 1)]

    one = [{"a": ("1",), "b": ("2",)}]
    assert read(b"a;b\n1;2\n", Csv(path="train.csv", delimiter=";")) == one
    assert read(b"a\tb\n1\t2\n", Csv(path="train.tsv", delimiter="\t")) == one
    assert read(b"1,2\n", Csv(path="train.csv", columns=["a", "b"])) == one
    assert read(b"a,b\n1,2\n", Csv(path="train.tsv", delimiter="\t"), ".csv") == one
    assert read(b"a\tb\n1\t2\n", Npz(path="train.npz"), ".tsv") == one
    assert read(b'{"a": 1, "b": 2}', None, ".jsonl") == one
    with pytest.raises(DataError, match=r"stdin: cannot tell the format of the rows\. Name it: --format csv"):
        read(b"a,b\n1,2\n", Npz(path="train.npz"))
    with pytest.raises(DataError, match="stdin: the file is empty"):
        read(b"", CSV)


def test_files_of_a_pattern_come_in_blocks_too(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a\n1\n2\n")
    (tmp_path / "b.csv").write_text("a\n3\n")
    parts = list(file_blocks(tmp_path / "*.csv", rows=2))
    assert [part.columns for part in parts if isinstance(part, Table)] == [{"a": ("1", "2")}, {"a": ("3",)}]
    assert isinstance(parts[1], Table)
    assert parts[1].place(0) == f"{tmp_path}/b.csv:2"


def test_json_lines_of_a_model_of_json_lines_may_lack_keys(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"a": 1, "b": "x"}\n{"a": 2}\n')
    [part] = file_blocks(tmp_path / "a.jsonl", JsonLines(path="old.jsonl"))
    assert isinstance(part, Table)
    assert part.columns == {"a": ("1", "2"), "b": ("x", "")}


def test_mapped_arrays_come_in_blocks(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.arange(6.0).reshape(3, 2))
    parts = list(file_blocks(tmp_path / "x.npy", Npy(path="old.npy", targets="y.npy"), rows=2))
    assert [part.inputs.tolist() for part in parts if isinstance(part, Arrays)] == [[[0, 1], [2, 3]], [[4, 5]]]


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_rows_from_another_program_in_another_encoding(encoding: str) -> None:
    stream = io.BytesIO("a,b\n1,é\n".encode(encoding))
    [part] = stream_blocks(stream, Csv(path="old.csv", encoding=encoding))
    assert part.columns == {"a": ("1",), "b": ("é",)}
    with pytest.raises(DataError, match="this is UTF-8 text") as caught:
        list(stream_blocks(io.BytesIO(b"\xef\xbb\xbfa,b\n1,2\n"), Csv(path="old.csv", encoding="latin-1")))
    assert caught.value.where == "stdin"
