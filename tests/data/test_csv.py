from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scratchnn.data.csv import Csv
from scratchnn.data.preparation import read_path
from scratchnn.data.sources import Source
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
        ("a,b\n1,2\n".encode("utf-16"), "data.csv", "this is UTF-16 text, not UTF-8"),
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


def test_a_decimal_comma_becomes_a_point(tmp_path: Path) -> None:
    content = "a;b;c\n1,5;x,y;-,25\n 2 ;1,2,3;+1,5e-3\n"
    table = read(tmp_path, content, delimiter=";", decimal=",")
    assert table.columns == {"a": ("1.5", " 2 "), "b": ("x,y", "1,2,3"), "c": ("-.25", "+1.5e-3")}
    assert table.numbers("c").tolist() == [-0.25, 0.0015]


def test_a_point_in_a_number_is_refused_beside_decimal_commas(tmp_path: Path) -> None:
    place, message, hint = fault(tmp_path, "a;b\n1,5;x\n1.234;y\n", delimiter=";", decimal=",")
    assert (place, message) == ("data.csv:3:a", '"1.234" has a point, but the decimal mark is ","')
    assert "thousands are not supported" in hint


def test_the_decimal_mark_and_the_delimiter_differ() -> None:
    with pytest.raises(ConfigError, match="decimal and delimiter must differ"):
        Csv.parse({"type": "csv", "path": "a.csv", "decimal": ","})


@pytest.mark.parametrize("name", ["data.csv.gz", "data.CSV.GZ"])
def test_reads_gzip_by_the_suffix(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(gzip.compress(b"a,b\n1,2\n"))
    assert Source.parse(name).read(tmp_path).columns == {"a": ("1",), "b": ("2",)}
    assert read_path(tmp_path / name).columns == {"a": ("1",), "b": ("2",)}


def test_reads_tabs_from_gzip(tmp_path: Path) -> None:
    (tmp_path / "data.tsv.gz").write_bytes(gzip.compress(b"a\tb\n1\t2\n"))
    assert Source.parse("data.tsv.gz").read(tmp_path).columns == {"a": ("1",), "b": ("2",)}
    like = Csv(path="x.csv.gz", delimiter=";")
    assert read_path(tmp_path / "data.tsv.gz", like).columns == {"a": ("1",), "b": ("2",)}


@pytest.mark.parametrize(
    "damage", [b"a,b\n1,2\n", gzip.compress(b"a,b\n1,2\n" * 99, mtime=0)[:-9], b"\x1f\x8b\x08" + 30 * b"x"]
)
def test_damaged_gzip(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "data.csv.gz").write_bytes(damage)
    with pytest.raises(DataError, match="cannot be unpacked") as caught:
        Source.parse("data.csv.gz").read(tmp_path)
    assert caught.value.where == str(tmp_path / "data.csv.gz")


@pytest.mark.parametrize(
    ("content", "message", "hint"),
    [
        (gzip.compress(b"a,b\n1,2\n", mtime=0), "is a gzip file, not text", ".csv.gz"),
        (b"PK\x03\x04\x14\0\x06\0", "is a ZIP archive or an Excel workbook, not text", "save the sheet as CSV"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "is an old Excel workbook, not text", "Save the sheet as CSV"),
        (b"PAR1\x15\x04", "is a Parquet file, not text", "Convert it to CSV"),
        ("a,b\n1,2\n".encode("utf-16"), "is UTF-16 text, not UTF-8", "Save the file as UTF-8"),
        ("a,b\n1,2\n".encode("utf-16-le"), "holds a NUL byte", "UTF-16"),
    ],
)
def test_another_kind_of_file(tmp_path: Path, content: bytes, message: str, hint: str) -> None:
    place, got, mend = fault(tmp_path, content)
    assert place.startswith("data.csv")
    assert message in got
    assert hint in mend


@pytest.mark.parametrize("path", ["https://example.org/a.csv", "s3://bucket/a.csv"])
def test_an_address_is_no_file(tmp_path: Path, path: str) -> None:
    with pytest.raises(DataError, match="an address on the network, not a file") as caught:
        Source.parse(path).read(tmp_path)
    assert "Download it" in caught.value.hint
    with pytest.raises(DataError, match="an address on the network, not a file"):
        read_path(path)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "d.csv").mkdir()
    with pytest.raises(DataError, match="is a folder, not a file"):
        Source.parse("d.csv").read(tmp_path)
