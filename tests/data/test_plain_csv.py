"""Every way through a CSV file gives the same table: the `csv` module's, the fast one, and that of polars."""

from __future__ import annotations

import csv
import io
from importlib.util import find_spec

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from scratchnn.data import plain_csv, polars_csv
from scratchnn.data.csv import Csv
from scratchnn.data.plain_csv import PlainRows, find, plain_bytes, scan, table_of
from scratchnn.data.polars_csv import find_with_polars
from scratchnn.data.tables import Table
from scratchnn.errors import DataError

WAYS = [
    pytest.param(find, id="python"),
    pytest.param(
        find_with_polars,
        id="polars",
        marks=pytest.mark.skipif(find_spec("polars") is None, reason="polars is not installed"),
    ),
]
ODD = [
    "",
    " ",
    "NA",
    "nan",
    "-nan",
    "?",
    "null",
    "-",
    "inf",
    "-Infinity",
    "1e999",
    "01",
    "1_0",
    "+.5",
    "1.",
    " 7",
    "7 ",
]
ODD += ["1e", "0x10", "--1", "\x1c7", "7\x0b", "\xa07", "٣", "é", "😀", "1,5", "1.234,5", "x", "yes", "#", "'"]

floats = st.floats().map(repr) | st.floats(width=32).map(str) | st.decimals(allow_nan=False).map(str)
whole = st.integers(-(10**25), 10**25).map(str)
digits = st.from_regex(r"[+-]?[0-9]{0,25}\.?[0-9]{0,25}([eE][+-]?[0-9]{1,3})?", fullmatch=True)
numbers = floats | whole | digits
words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5)
columns = st.sampled_from([floats, whole, numbers, numbers | st.just(""), numbers | st.sampled_from(ODD), words])


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    """Rows of cells, each column of its own kind; the first row holds the names."""
    kinds = draw(st.lists(columns, min_size=1, max_size=4))
    count = draw(st.integers(1, 12))
    rows = [[draw(kind) for kind in kinds] for _ in range(count)]
    names = [f"c{number}" for number in range(len(kinds))]
    return [names, *rows]


@st.composite
def dialects(draw: st.DrawFn) -> dict[str, str]:
    """Settings that a source takes."""
    delimiter = draw(st.sampled_from(",;\t| :"))
    return {
        "delimiter": delimiter,
        "quote": draw(st.sampled_from("\"'")),
        "decimal": draw(st.sampled_from("." if delimiter == "," else ".,")),
    }


def written(rows: list[list[str]], dialect: dict[str, str], end: str, quoting: int) -> str:
    text = io.StringIO(newline="")
    style = {"delimiter": dialect["delimiter"], "quotechar": dialect["quote"]}
    csv.writer(text, **style, lineterminator=end, quoting=quoting).writerows(rows)  # type: ignore[arg-type]
    return text.getvalue()


def facts(table: Table) -> list[object]:
    """Everything that a table tells of its columns, numbers by their bits."""
    told: list[object] = [table.lines.tolist()]
    for name in table.columns:
        told += [name, _bits(table.numbers_or_none(name)), table.gaps(name).tolist()]
        for gaps in (False, True):
            try:
                told.append(_bits(table.numbers(name, gaps=gaps)))
            except DataError as error:
                told.append(str(error))
        told.append(table.texts(name))
    return told


def _bits(values: np.ndarray | None) -> bytes | None:
    return None if values is None else np.where(np.isnan(values), np.nan, values).tobytes()


def exactly(source: Csv, text: str) -> Table | str:
    try:
        return source.read_exactly(text, "t.csv")
    except DataError as error:
        return str(error)


@pytest.mark.parametrize("way", WAYS)
@settings(deadline=None)
@given(
    tables(),
    dialects(),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    st.lists(st.integers(0, 11), max_size=12),
)
@example(
    [["a", "b"], ["1", "x"], ["", "y"]], {"delimiter": ",", "quote": "'", "decimal": "."}, "\n", csv.QUOTE_MINIMAL, [0]
)
def test_both_ways_give_the_same_table(
    way: plain_csv.Find, rows: list[list[str]], dialect: dict[str, str], end: str, quoting: int, taken: list[int]
) -> None:
    source = Csv.model_validate({"path": "t.csv", **dialect})
    text = written(rows, dialect, end, quoting)
    slow, fast = exactly(source, text), source.read_plain(text.encode(), "t.csv", way)
    if fast is None:
        return
    assert isinstance(slow, Table)
    index = np.array([row for row in taken if row < len(slow)], int)
    assert facts(fast.take(index)) == facts(slow.take(index))
    assert facts(fast) == facts(slow)
    assert fast.columns == slow.columns


@pytest.mark.parametrize("way", WAYS)
@settings(deadline=None)
@given(
    st.lists(st.lists(st.sampled_from([*ODD, "1", "2.5", "\n", "\r", ";", '"']), min_size=1, max_size=3), max_size=6)
)
@example([["a"], [""], ["1"]])
@example([["a", "b"], ["1", "2"], [""]])
def test_lines_of_any_kind_are_read_alike_or_left_to_the_slow_way(way: plain_csv.Find, rows: list[list[str]]) -> None:
    text = "\n".join(",".join(row) for row in [["a", "b"][: len(rows[0]) if rows else 2], *rows])
    source = Csv(path="t.csv")
    slow, fast = exactly(source, text), source.read_plain(text.encode(), "t.csv", way)
    if fast is not None:
        assert isinstance(slow, Table)
        assert facts(fast) == facts(slow)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "text",
    [
        "a,b\n1,x\n2.5,y\n",
        "a,b\r\n1,x\r\n,\r\n",
        "a\n1\n2\n\n\n",
        "a,b\n1e400,é\n-0.0,NA",
        "a;b\n1;2\n".replace(";", ","),
    ],
)
def test_plain_files_take_the_fast_way(way: plain_csv.Find, text: str) -> None:
    source = Csv(path="t.csv")
    fast = source.read_plain(text.encode(), "t.csv", way)
    assert fast is not None
    assert facts(fast) == facts(source.read_exactly(text, "t.csv"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "a,b",
        "a,b\n",
        'a,b\n"1",2\n',
        "a,b\r1,2\r",
        "a,b\r\n1,2\n",
        "a,b\n1,2\n3\n",
        "a,b\n1,2\n\n3,4\n",
        "a\n1\n\n2\n",
        "a,b\n1,2,3\n4\n",
        "a,b\n1\n2\n",
        "a,b\n1,\0\n",
        "a,a\n1,2\n",
        "\na,b\n1,2\n",
        "a,b\n1," + "x" * 140_000,
    ],
)
def test_what_is_not_plain_is_left_to_the_slow_way(text: str) -> None:
    assert Csv(path="t.csv").read_plain(text.encode(), "t.csv") is None


def test_bytes_that_are_no_text_are_left_to_the_slow_way() -> None:
    assert Csv(path="t.csv").read_plain(b"a,b\n1,\xff\n", "t.csv") is None
    assert Csv(path="t.csv").read_plain(b"a,\xff\n1,2\n", "t.csv") is None


def test_a_point_beside_decimal_commas_is_left_to_the_slow_way() -> None:
    source = Csv(path="t.csv", delimiter=";", decimal=",")
    assert source.read_plain(b"a;b\n1,5;x\n1.5;y\n", "t.csv") is None
    table = source.read_plain(b"a;b\n1,5;x\n2;y,z\n", "t.csv")
    assert table is not None
    assert table.columns == {"a": ("1.5", "2"), "b": ("x", "y,z")}
    assert table.take(np.array([1, 0])).texts("a") == ("2", "1.5")


def made(text: str, width: int) -> PlainRows:
    data = plain_bytes(text.encode(), '"')
    assert data is not None
    rows = scan(data, 0, ",", width)
    assert rows is not None
    return rows


@pytest.mark.parametrize("two_at_once", [0, 1 << 23])
def test_rows_across_the_borders_of_pieces_and_blocks(two_at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain_csv, "TWO_AT_ONCE", two_at_once)
    monkeypatch.setattr(plain_csv, "SCANNED", 7)
    monkeypatch.setattr(plain_csv, "BLOCK", 11)
    monkeypatch.setattr(plain_csv, "KEPT", 3)
    text = "".join(f"{row},{'x' * (row % 5)},{row / 7!r}\n" for row in range(40))
    rows = made(text, 3)
    assert len(rows) == 40
    found = find(rows)
    assert found is not None
    table = table_of(rows, ["a", "b", "c"], found, "t.csv", 1)
    part = table.take(np.arange(5, 17)).take(np.array([0, 3, 3, 11]))
    assert part.columns["a"] == ("5", "8", "8", "16")
    assert part.columns["c"] == tuple(repr(row / 7) for row in (5, 8, 8, 16))
    assert part.lines.tolist() == [6, 9, 9, 17]
    assert table.numbers("a").tolist() == list(range(40))
    assert table.numbers("c").tolist() == [row / 7 for row in range(40)]
    assert table.columns["a"] == tuple(map(str, range(40)))
    assert table.columns["b"] == tuple("x" * (row % 5) for row in range(40))


@pytest.mark.parametrize("two_at_once", [0, 1 << 23])
@pytest.mark.parametrize("row", range(8))
@pytest.mark.parametrize("text", ["1\n", "1,2,3\n", "\n"])
def test_no_row_has_other_cells(row: int, text: str, two_at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever it stands, also where another row makes up for it."""
    monkeypatch.setattr(plain_csv, "TWO_AT_ONCE", two_at_once)
    rows = ["1,2\n"] * 8
    rows[row] = text
    assert scan("".join([*rows, "3,4"]).encode(), 0, ",", 2) is None
    rows[(row + 1) % 8] = "1\n" if text == "1,2,3\n" else "1,2,3\n"
    assert scan("".join([*rows, "3,4"]).encode(), 0, ",", 2) is None


@pytest.mark.parametrize("count", range(1, 6))
@pytest.mark.parametrize("end", ["", "\n", "\n\n"])
def test_by_two_threads_the_rows_are_the_same(count: int, end: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data = ("head\n" + "\n".join(f"{row},{'x' * row}" for row in range(count)) + end).encode()
    alone = scan(data, 5, ",", 2)
    monkeypatch.setattr(plain_csv, "TWO_AT_ONCE", 0)
    both = scan(data, 5, ",", 2)
    assert alone is not None
    assert both is not None
    assert both.starts.tolist() == alone.starts.tolist()
    assert len(both) == count


def test_a_word_after_many_numbers_makes_the_whole_column_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain_csv, "BLOCK", 8)
    found = find(made("".join(f"0{row}\n" for row in range(9)) + "x\n3\n", 1))
    assert found is not None
    assert found[0].numbers is None
    assert found[0].cells == (*(f"0{row}" for row in range(9)), "x", "3")


def test_numbers_make_no_text_until_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = made("1,01\n2,02\n", 2)
    found = find(rows)
    assert found is not None
    table = table_of(rows, ["a", "b"], found, "t.csv", 1)
    asked: list[int] = []
    column = rows.column
    monkeypatch.setattr(rows, "column", lambda place, chosen=None: asked.append(place) or column(place, chosen))
    assert table.numbers("a").tolist() == [1, 2]
    assert not table.gaps("b").any()
    assert list(table.take(np.array([1])).columns) == ["a", "b"]
    assert asked == []
    assert table.cells("b") == table.cells("b") == ("01", "02")
    assert asked == [1]


@pytest.mark.skipif(find_spec("polars") is None, reason="polars is not installed")
def test_polars_is_imported_for_large_files_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(polars_csv, "find_with_polars", lambda rows: asked.append(len(rows)))
    rows = made("1\n2\n", 1)
    assert polars_csv.LARGE == 8 * 2**20
    for least, calls in ((polars_csv.LARGE, []), (4, [2])):
        found = polars_csv.find_fast(rows, least)
        assert found is not None
        assert found[0].numbers is not None
        assert found[0].numbers.values.tolist() == [1, 2]
        assert asked == calls
    monkeypatch.setattr(polars_csv, "is_installed", lambda module: False)
    assert polars_csv.find_fast(rows, 4) is not None
    assert asked == [2]
