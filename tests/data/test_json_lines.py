from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scratchnn.data.json_lines import Bare, is_json_number, json_blocks
from scratchnn.data.tables import Table
from scratchnn.errors import DataError


def read(text: str, rows: int | None = None) -> list[Table]:
    return list(json_blocks(io.BytesIO(text.encode()), "a.jsonl", rows))


def test_cells_are_as_they_are_written() -> None:
    (table,) = read('{"n": 1.50, "code": "01", "b": true, "none": null, "deep": [1, {"é": 2.0}], "nan": NaN}\n')
    cells = {name: column[0] for name, column in table.columns.items()}
    assert cells == {"n": "1.50", "code": "01", "b": "true", "none": "", "deep": '[1, {"é": 2.0}]', "nan": "NaN"}
    assert [name for name, cell in cells.items() if isinstance(cell, Bare)] == ["n", "b", "none", "deep"]


def test_keys_in_any_order_and_lines_in_blocks() -> None:
    parts = read('{"a": 1, "b": 2}\r\n{"b": 4, "a": 3}\n{"a": 5, "b": 6}\n\n\n', 2)
    assert [part.columns for part in parts] == [{"a": ("1", "3"), "b": ("2", "4")}, {"a": ("5",), "b": ("6",)}]
    assert [part.lines.tolist() for part in parts] == [[1, 2], [3]]


@pytest.mark.parametrize("rows", [1, 2, None])
def test_a_key_that_a_row_lacks_is_a_missing_value(rows: int | None) -> None:
    parts = read('{"a": 1, "b": 2}\n{"b": 3}\n{}\n', rows)
    assert [cell for part in parts for cell in part.columns["a"]] == ["1", "", ""]
    assert [cell for part in parts for cell in part.columns["b"]] == ["2", "3", ""]


@given(st.lists(st.dictionaries(st.sampled_from("ab"), st.text(max_size=5), min_size=2, max_size=2), min_size=1))
def test_any_text_comes_back(rows: list[dict[str, str]]) -> None:
    (table,) = read("\n".join(json.dumps(row, ensure_ascii=False) for row in rows))
    assert [dict(zip(table.columns, cells, strict=True)) for cells in zip(*table.columns.values(), strict=True)] == rows


@pytest.mark.parametrize(
    ("text", "where", "message"),
    [
        ("", "a.jsonl", "the file is empty"),
        ("\n\n", "a.jsonl", "the file is empty"),
        ('{"a": 1}\n\n{"a": 2}\n', "a.jsonl:2", "the line is blank"),
        ('{"a": 1}\n{"a": 2\n', "a.jsonl:2", "not JSON: expecting ',' delimiter (character 8)"),
        ('{"a": 1}\n[1]\n', "a.jsonl:2", "the line holds an array, not an object"),
        ("null\n", "a.jsonl:1", "the line holds null, not an object"),
        ("1\n", "a.jsonl:1", "the line holds a number, not an object"),
        ('{}\n{"a": 1}\n', "a.jsonl:1", "the first object is empty"),
        ('{"a": 1, "a": 2}\n', "a.jsonl:1", 'the key "a" occurs twice'),
        ('{" ": 1}\n', "a.jsonl:1", "a key is empty"),
        ('{"a": 1}\n{"a": 1}\n{"a": 3, "b": 1}\n', "a.jsonl:3", 'the first row has no key "b"'),
        ('{"a": "\\ud800"}\n', "a.jsonl:1", "half of a pair"),
        ('{"a": ' + "[" * 100_000 + "}\n", "a.jsonl:1", "lie too deep in each other"),
    ],
)
@pytest.mark.parametrize("rows", [1, None])
def test_faults_have_their_line(text: str, where: str, message: str, rows: int | None) -> None:
    with pytest.raises(DataError) as caught:
        read(text, rows)
    assert caught.value.where == where
    assert message in caught.value.message


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False))
def test_what_json_writes_is_a_json_number(value: float) -> None:
    assert is_json_number(json.dumps(value))
