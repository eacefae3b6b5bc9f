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


cells = st.text(st.characters(codec="utf-8") | st.sampled_from("\"',;\t\r\n 0.5"), max_size=6)


@given(
    st.integers(1, 4).flatmap(
        lambda width: st.lists(st.lists(cells, min_size=width, max_size=width), min_size=1, max_size=6)
    ),
    st.sampled_from([",", ";", "\t", "|", " ", "\u00a6"]),
    st.sampled_from(["'", '"']),
    st.sampled_from(["\r\n", "\n", "\r"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32-le"]),
)
def test_what_the_csv_module_writes_reads_back_equal_or_is_refused(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[list[str]],
    delimiter: str,
    quote: str,
    end: str,
    quoting: int,
    encoding: str,
) -> None:
    names = [f"c{number}" for number in range(len(rows[0]))]
    text = io.StringIO(newline="")
    if any(mark in cell for row in rows for cell in row for mark in {"\r", "\n"} - set(end)):
        quoting = csv.QUOTE_ALL  # Python before 3.13 writes a line end other than its own without quotes
    style = {"delimiter": delimiter, "quotechar": quote, "lineterminator": end, "quoting": quoting}
    writer = csv.writer(text, **style)  # type: ignore[arg-type]
    writer.writerows([names, *rows])
    folder = tmp_path_factory.mktemp("csv", numbered=True)
    data = text.getvalue().encode(encoding)
    settings = {"delimiter": delimiter, "quote": quote, "encoding": encoding}
    if any("\0" in cell for row in rows for cell in row):
        assert fault(folder, data, **settings)[1] == "the line holds a NUL byte"
    else:
        table = read(folder, data, **settings)
        assert list(map(list, zip(*table.columns.values(), strict=True))) == rows
        assert list(table.columns) == names


marks = st.text(st.sampled_from("ab1,;\"'\t\r\n. \ufeff\0é"), max_size=30)


@given(marks, st.sampled_from([",", ";", "'"]), st.sampled_from(['"', "'"]), st.booleans())
def test_any_text_reads_as_the_csv_module_reads_it_or_is_refused(
    tmp_path_factory: pytest.TempPathFactory, text: str, delimiter: str, quote: str, header: bool
) -> None:
    if delimiter == quote:
        return
    folder = tmp_path_factory.mktemp("csv", numbered=True)
    try:
        table = read(folder, text, delimiter=delimiter, quote=quote, header=header)
    except DataError:
        return
    source = io.StringIO(text.removeprefix("\ufeff"), newline="")
    rows = list(csv.reader(source, delimiter=delimiter, quotechar=quote, strict=True))
    while not rows[-1]:
        rows.pop()
    names, rows = (rows[0], rows[1:]) if header else (list(table.columns), rows)
    assert list(table.columns) == names
    assert list(map(list, zip(*table.columns.values(), strict=True))) == rows


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
        (b"PAR1\x15\x04", "is a Parquet file, not text", "set {type: parquet, path: ...}"),
        ("a,b\n1,2\n".encode("utf-16"), "is UTF-16 text, not UTF-8", "Set encoding: utf-16 in the source, or save"),
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


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf_32", "latin-1", "cp1252", "UTF8", "shift_jis"])
def test_other_encodings(tmp_path: Path, encoding: str) -> None:
    word = "表" if encoding == "shift_jis" else "é"
    content = f"{word},b\n1,{word}{word}\n2,\n"
    table = read(tmp_path, content.encode(encoding), encoding=encoding)
    assert table.columns == {word: ("1", "2"), "b": (word * 2, "")}
    quoted = read(tmp_path, content.replace("2,", '"2",').encode(encoding), encoding=encoding)
    assert quoted.columns == table.columns


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    for encoding in ("utf-16-le", "utf-16-be", "utf-8"):
        assert list(read(tmp_path, "\ufeffa,b\n1,2\n".encode(encoding), encoding=encoding).columns) == ["a", "b"]
        assert list(read(tmp_path, '\ufeff"a",b\n1,2\n'.encode(encoding), encoding=encoding).columns) == ["a", "b"]


@pytest.mark.parametrize(
    ("content", "encoding", "place", "message", "hint"),
    [
        (b"a\n1\n\xe9", "utf-8", "data.csv:3", "byte 0xe9 is not utf-8 text", "name its encoding in the source"),
        (b"a\r1\r\xe9", "utf-8", "data.csv:3", "byte 0xe9 is not utf-8 text", "name its encoding in the source"),
        (b"a\n1\n\x81", "cp1252", "data.csv:3", "byte 0x81 is not cp1252 text", "name its encoding in the source"),
        ("a\n1".encode("utf-16-le"), "utf-16", "data.csv", "the byte order mark of UTF-16 is missing", "utf-16-le"),
        ("a\n1\n".encode("utf-16")[:-1], "utf-16", "data.csv:2", "byte 0x0a is not utf-16 text", "name its encoding"),
        (b"\xef\xbb\xbfa\n1", "latin-1", "data.csv", "this is UTF-8 text, not iso8859-1", "Remove `encoding`"),
        ("a\n1".encode("utf-16-le"), "latin-1", "data.csv:1", "the line holds a NUL byte", "is it UTF-16"),
    ],
)
def test_bytes_that_are_not_of_the_encoding(
    tmp_path: Path, content: bytes, encoding: str, place: str, message: str, hint: str
) -> None:
    got_place, got, mend = fault(tmp_path, content, encoding=encoding)
    assert (got_place, got.lower()) == (place, message.lower())
    assert hint in mend


@pytest.mark.parametrize("encoding", ["", "utf-9", "base64", "rot13", "idna", "unicode_escape", "undefined"])
def test_encodings_that_are_none_of_text(encoding: str) -> None:
    with pytest.raises(ConfigError, match="encoding"):
        Csv.parse({"type": "csv", "path": "a.csv", "encoding": encoding})


@pytest.mark.parametrize("start", ["", '"0",x\n'])
def test_without_a_header_columns_have_numbers(tmp_path: Path, start: str) -> None:
    table = read(tmp_path, f"{start}1,2\n3,x\n", header=False)
    assert list(table.columns) == ["c1", "c2"]
    assert table.columns["c1"][-2:] == ("1", "3")
    assert table.lines.tolist() == list(range(1, 3 + bool(start)))


@pytest.mark.parametrize("quote", ["", '"'])
def test_names_in_place_of_a_header(tmp_path: Path, quote: str) -> None:
    content = f"{quote}old{quote},old\n1,2\n"
    table = read(tmp_path, content, header=True, columns=["a", "b"])
    assert table.columns == {"a": ("1",), "b": ("2",)}
    assert table.lines.tolist() == [2]
    assert fault(tmp_path, content, header=True, columns=["a"])[:2] == ("data.csv:1", "2 cells, expected 1")
    assert fault(tmp_path, "old,old\n", header=True, columns=["a", "b"])[1] == "there is no row of data, only a header"


def test_hints_of_lines_of_another_length(tmp_path: Path) -> None:
    assert fault(tmp_path, "made by x\na,b\n1,2\n") == (
        "data.csv:2",
        "2 cells, expected 1",
        "Is line 1 a title? Delete it: the first line names the columns.",
    )
    assert fault(tmp_path, "a,b\n1;2\n")[2] == 'Fill the row. Set {type: csv, path: ..., delimiter: ";"}.'
    place, got, hint = fault(tmp_path, "1;2\n", header=False)
    assert (place, got) == ("data.csv:1", 'the first line is a single column, "1;2"')
    assert hint == 'Set {type: csv, path: ..., delimiter: ";"}.'
    assert fault(tmp_path, "1;2\n", columns=["a", "b"])[1] == 'the first line is a single column, "1;2"'


def test_long_cells_are_cut_in_messages(tmp_path: Path) -> None:
    _, got, hint = fault(tmp_path, "x" * 600_000 + ",b\n1,2\n")
    assert got == "not well-formed CSV: field larger than field limit (131072)"
    assert hint == 'Is a " left open, or is this no CSV file?'
    name = "x" * 100_000
    assert fault(tmp_path, f"{name},{name}\n1,2\n")[1] == f'two columns are named "{"x" * 60}..."'
    table = read(tmp_path, f"a\n1\n{name}\n")
    with pytest.raises(DataError) as caught:
        table.numbers("a")
    assert caught.value.message == f'"{"x" * 60}..." is not a number'


def test_new_files_keep_the_style_of_the_training_file(tmp_path: Path) -> None:
    like = Csv(path="old.csv", encoding="latin-1", header=False, quote="'", delimiter=";", decimal=",")
    (tmp_path / "new.tsv").write_bytes("'é'\t1,5\n".encode("latin-1"))
    assert read_path(tmp_path / "new.tsv", like).columns == {"c1": ("é",), "c2": ("1.5",)}
    (tmp_path / "new.csv").write_bytes("'é';1,5\n".encode("latin-1"))
    assert read_path(tmp_path / "new.csv", like).columns == {"c1": ("é",), "c2": ("1.5",)}
