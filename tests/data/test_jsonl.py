from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scratchnn.data.jsonl import JsonLines
from scratchnn.data.preparation import read_path
from scratchnn.data.sources import Source
from scratchnn.data.tables import Table
from scratchnn.errors import DataError


def read(folder: Path, content: str | bytes) -> Table:
    (folder / "t.jsonl").write_bytes(content.encode() if isinstance(content, str) else content)
    return JsonLines(path="t.jsonl").read(folder)


def test_numbers_keep_their_digits_and_what_is_absent_is_missing(tmp_path: Path) -> None:
    lines = [
        '{"id": 9007199254740993, "x": 1.50, "ok": true}',
        '{"x": null, "id": "01", "late": "é"}',
        '{"x": -1E+400, "id": 0, "ok": false, "late": ""}',
        '{"x": NaN}',
        "{}",
    ]
    table = read(tmp_path, "\n".join(lines) + "\r\n\n")
    assert table.columns == {
        "id": ("9007199254740993", "01", "0", "", ""),
        "x": ("1.50", "", "-1E+400", "NaN", ""),
        "ok": ("true", "", "false", "", ""),
        "late": ("", "é", "", "", ""),
    }
    assert table.lines.tolist() == [1, 2, 3, 4, 5]
    assert table.gaps("x").tolist() == [False, True, False, True, True]
    with pytest.raises(DataError) as caught:
        table.numbers("x", gaps=True)
    assert caught.value.where == f"{tmp_path / 't.jsonl'}:3:x"


@pytest.mark.parametrize("name", ["t.jsonl", "t.ndjson", "t.JSONL.gz", "t.ndjson.gz"])
def test_is_known_by_its_suffix(tmp_path: Path, name: str) -> None:
    content = '\ufeff{"a": 1}\r\n{"a": 2}'.encode()
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    assert Source.parse(name).read(tmp_path).columns == {"a": ("1", "2")}  # type: ignore[union-attr]
    assert read_path(tmp_path / name).columns == {"a": ("1", "2")}  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("content", "where", "message"),
    [
        ("", "", "the file is empty"),
        ("\n \n", "", "the file is empty"),
        ("{}\n{}", "", "no object holds a name"),
        ('{"a": 1}\n\n{"a": 2}', ":2", "the line is blank"),
        ('{"a": 1}\n[1]', ":2", "the line holds an array, not an object"),
        ('{"a": 1}\n3', ":2", "the line holds a number, not an object"),
        ('"a"', ":1", "the line holds a text, not an object"),
        ('{"a": 1}\n{"a": {"b": 2}}', ":2:a", "an object in place of a text, a number or a list"),
        ('{"a": 1, "a": 2}', ":1", 'the key "a" occurs twice'),
        ('{"": 1}', ":1", "a key is empty"),
        ('{"a": 1}\n{"a": 1,}', ":2", "not JSON: "),
        ('{"a": 1} {"a": 2}', ":1", "not JSON: extra data (character 10)"),
        ('{"a": 01}', ":1", "not JSON: "),
        ('{"a": "\\ud800"}', ":1", "a text holds half of a pair"),
        ('[{"a": 1},\n{"a": 2}]', ":1", "not JSON: "),
        (b'{"a": "\xe9"}', ":1", "byte 0xe9 is not UTF-8 text"),
        ("[" * 100_000, ":1", "arrays or objects lie too deep in each other"),
        ('{"a": 1}'.encode("utf-16"), "", "this is UTF-16 text, not UTF-8"),
    ],
)
def test_lines_that_are_no_row(tmp_path: Path, content: str | bytes, where: str, message: str) -> None:
    with pytest.raises(DataError) as caught:
        read(tmp_path, content)
    assert caught.value.where == f"{tmp_path / 't.jsonl'}{where}"
    assert caught.value.message.startswith(message)
    assert caught.value.hint


values = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(codec="utf-8"))


@given(st.lists(st.dictionaries(st.sampled_from("abc"), values, min_size=1), min_size=1, max_size=5), st.booleans())
@example([{"a": 1}, {"a": 2}, {"b": 3}], True)
def test_what_json_writes_reads_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, object]], escape: bool
) -> None:
    def cell(value: object) -> str:
        if value is None:
            return ""
        return value if isinstance(value, str) else json.dumps(value)

    content = "\n".join(json.dumps(row, ensure_ascii=escape) for row in rows)
    folder = tmp_path_factory.mktemp("jsonl", numbered=True)
    if not escape and "\0" in content:
        return
    table = read(folder, content)
    assert set(table.columns) == {name for row in rows for name in row}
    for name, cells in table.columns.items():
        assert cells == tuple(cell(row.get(name)) for row in rows)


def test_arrays_are_lists_in_json(tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_text('{"a": [1, 2.50], "b": ["é", "x y"]}\n{"a": [], "b": null}\n')
    table = JsonLines(path="t.jsonl").read(tmp_path)
    assert table.columns["a"] == ("[1, 2.5]", "[]")
    assert table.columns["b"] == ('["é", "x y"]', "")
