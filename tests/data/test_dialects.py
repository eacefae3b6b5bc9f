from __future__ import annotations

from pathlib import Path

import pytest

from scratchnn.data.dialects import dialect_of
from scratchnn.errors import DataError

TABLE = "name,size,kind\nJosé,1.5,a\nAna,2.25,b\n"


@pytest.mark.parametrize(
    ("name", "text", "encoding", "settings"),
    [
        ("a.csv", TABLE, "utf-8", {}),
        ("a.csv", TABLE, "utf-8-sig", {}),
        ("a.csv", TABLE.replace(",", ";"), "utf-8", {"delimiter": ";"}),
        ("a.csv", TABLE.replace(",", "\t"), "utf-8", {"delimiter": "\t"}),
        ("a.csv", TABLE.replace(",", "|").replace("\n", "\r\n"), "utf-8", {"delimiter": "|"}),
        ("a.tsv", TABLE.replace(",", "\t"), "utf-8", {}),
        ("a.tsv", TABLE, "utf-8", {"delimiter": ","}),
        ("a.csv", TABLE.replace(",", ";").replace(".", ","), "utf-8", {"delimiter": ";", "decimal": ","}),
        ("a.tsv", TABLE.replace(",", "\t").replace(".", ","), "utf-8", {"delimiter": "\t", "decimal": ","}),
        ("a.tsv", TABLE.replace(",", "\t"), "utf-16", {"encoding": "utf-16", "delimiter": "\t"}),
        ("a.csv", "name;size\nx;1,5\ny;1.5\n", "utf-8", {"delimiter": ";"}),  # both marks: no guess
        ("a.csv", TABLE, "utf-16", {"encoding": "utf-16"}),
        ("a.csv", TABLE, "cp1252", {"encoding": "cp1252"}),
        ("a.csv", TABLE.replace(",", ";"), "cp1252", {"encoding": "cp1252", "delimiter": ";"}),
        ("a.csv", "single\n1\n2\n", "utf-8", {}),
        ("a.csv", '"size, in cm";"kind"\n1;a\n', "utf-8", {"delimiter": ";"}),
        ("a.csv", '"a;b","c;d;e"\n1,2\n', "utf-8", {}),
        ("a.csv", "one; two,three\n1,2\n", "utf-8", {}),
        ("a.csv", "", "utf-8", {}),
        ("a.jsonl", '{"a": 1}', "utf-8", {}),
    ],
)
def test_how_a_file_seems_to_be_written(
    tmp_path: Path, name: str, text: str, encoding: str, settings: dict[str, str]
) -> None:
    (tmp_path / name).write_bytes(text.encode(encoding))
    found = dialect_of(tmp_path / name)
    assert found.settings == settings
    assert len(found.reasons) == len(settings) - (
        name == "a.tsv" and "," not in text.splitlines()[0] and bool(settings)
    )
    if settings:
        assert found.source("b.csv").model_dump(include=set(settings)) == settings


def test_bytes_that_are_no_text_stay_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"a,b\n\x81\xff,2\n")  # 0x81 is no letter of Windows either
    with pytest.raises(DataError, match=r"a\.csv:2: byte 0x81 is not UTF-8 text"):
        dialect_of(tmp_path / "a.csv")
    with pytest.raises(DataError, match="there is no such file"):
        dialect_of(tmp_path / "b.csv")


def test_an_open_quote_is_left_to_the_reader(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('a;b\n"1,5;2\n')
    assert dialect_of(tmp_path / "a.csv").settings == {"delimiter": ";"}
