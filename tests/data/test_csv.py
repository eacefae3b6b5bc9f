from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scratchnn.data.csv import Csv
from scratchnn.data.tables import Table
from scratchnn.errors import ConfigError, DataError


def read(folder: Path, content: str | bytes, **settings: object) -> Table:
    path = folder / "data.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return Csv.model_validate({"type": "csv", "path": "data.csv", **settings}).read(folder)


def fault(folder: Path, content: str | bytes, **settings: object) -> tuple[str, str, str]:
    with pytest.raises(DataError) as caught:
        read(folder, content, **settings)
    error = caught.value
    return error.where.removeprefix(str(folder) + "/"), error.message, error.hint


def test_reads_names_cells_and_lines(tmp_path: Path) -> None:
    table = read(tmp_path, 'a,b\n1,"x, y"\n"2\n3",z\n4,\n')
    assert table.columns == {"a": ("1", "2\n3", "4"), "b": ("x, y", "z", "")}
    assert table.lines.tolist() == [2, 3, 5]
    assert table.where == str(tmp_path / "data.csv")


@pytest.mark.parametrize(
    "content", ["\ufeffa,b\n1,2\n", "a,b\r\n1,2\r\n", "a,b\n1,2", "a,b\n1,2\n\n\r\n\n", "a,b\r1,2"]
)
def test_byte_order_mark_line_ends_and_blank_lines_at_the_end_do_no_harm(tmp_path: Path, content: str) -> None:
    assert read(tmp_path, content).columns == {"a": ("1",), "b": ("2",)}


def test_delimiter_quote_and_columns_without_header(tmp_path: Path) -> None:
    table = read(tmp_path, "1;'x;''y'\n2;z\n", delimiter=";", quote="'", columns=["a", "b"])
    assert table.columns == {"a": ("1", "2"), "b": ("x;'y", "z")}
    assert table.lines.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("content", "where", "message"),
    [
        ("", "data.csv", "the file is empty"),
        ("\n\n", "data.csv", "the file is empty"),
        ("a,b\n", "data.csv", "there is no row of data, only a header"),
        ("a,b\n1,2\n3\n", "data.csv:3", "1 cell, expected 2"),
        ("a,b\n1,2\n3,4,5\n", "data.csv:3", "3 cells, expected 2"),
        ('a,b\n"1\n1",2\n3,4,5\n', "data.csv:4", "3 cells, expected 2"),
        ("a,b\n1,2\n\n3,4\n", "data.csv:3", "the line is blank"),
        ("a,a\n1,2\n", "data.csv:1", 'two columns are named "a"'),
        ("a, ,c\n1,2,3\n", "data.csv:1", "column 2 has no name"),
        ("a;b\n1;2\n", "data.csv:1", 'the header is a single column, "a;b"'),
        (b"a,b\n1,caf\xe9\n", "data.csv:2", "byte 0xe9 is not UTF-8 text"),
        ("a,b\n1,2\n".encode("utf-16"), "data.csv:1", "byte 0xff is not UTF-8 text"),
        (b"a,b\n1,2\n3,\0\n", "data.csv:3", "the line holds a NUL byte"),
        ('a,b\n1,2\n3,"4\n5,6\n', "data.csv:3", "not well-formed CSV: unexpected end of data"),
        ('a,b\n1,"2"2\n', "data.csv:2", "not well-formed CSV: ',' expected after '\"'"),
        (
            b"a,b\n1," + b"x" * 200_000 + b"\n",
            "data.csv:2",
            "not well-formed CSV: field larger than field limit (131072)",
        ),
    ],
)
def test_a_broken_file_names_its_line(tmp_path: Path, content: str | bytes, where: str, message: str) -> None:
    got_where, got_message, hint = fault(tmp_path, content)
    assert (got_where, got_message) == (where, message)
    assert hint.endswith((".", "?"))


def test_the_hint_for_another_delimiter_can_be_pasted(tmp_path: Path) -> None:
    assert fault(tmp_path, "a\tb\n1\t2\n")[2] == r'Set {type: csv, path: ..., delimiter: "\t"}.'


def test_an_empty_file_without_header(tmp_path: Path) -> None:
    assert fault(tmp_path, "", columns=["a"])[1] == "the file is empty"


@pytest.mark.parametrize(
    "settings",
    [{"delimiter": '"'}, {"delimiter": "\n"}, {"delimiter": ";;"}, {"columns": ["a", "a"]}, {"columns": [""]}],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        Csv.parse({"type": "csv", "path": "a.csv", **settings})


cells = st.text(st.characters(codec="utf-8"), max_size=6)


@given(
    st.integers(1, 4).flatmap(
        lambda width: st.lists(st.lists(cells, min_size=width, max_size=width), min_size=1, max_size=6)
    ),
    st.sampled_from([("\r\n", csv.QUOTE_MINIMAL), ("\n", csv.QUOTE_ALL)]),
)
def test_what_the_csv_module_writes_reads_back_equal_or_is_refused(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], style: tuple[str, int]
) -> None:
    names = [f"c{number}" for number in range(len(rows[0]))]
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator=style[0], quoting=style[1])  # type: ignore[arg-type]
    writer.writerows([names, *rows])
    folder = tmp_path_factory.mktemp("csv", numbered=True)
    if any("\0" in cell for row in rows for cell in row):
        assert fault(folder, text.getvalue())[1] == "the line holds a NUL byte"
    else:
        table = read(folder, text.getvalue())
        assert list(map(list, zip(*table.columns.values(), strict=True))) == rows
        assert list(table.columns) == names
