"""Running text as a source: what it reads, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scratchnn.data.passages import split_tokens
from scratchnn.data.settings import Source, Text
from scratchnn.errors import ConfigError, DataError


def test_the_suffix_is_enough() -> None:
    assert Source.parse("book.txt") == Text(path="book.txt", context=64, stride=None, tokens="characters")
    assert Source.parse({"train": "a.txt", "test": "b.txt"}).first == Text(path="a.txt")


@given(st.text())
def test_tokens_give_the_text_back(text: str) -> None:
    assert "".join(split_tokens(text, "characters")) == text
    assert "".join(split_tokens(text, "words")) == text


def test_line_ends_and_the_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("\ufeffé\r\nb\rc\n".encode())
    assert Text(path="a.txt").read(tmp_path).tokens == "é\nb\nc\n"
    assert Text(path="a.txt", tokens="words").read(tmp_path).tokens == ("é", "\n", "b", "\n", "c", "\n")


@pytest.mark.parametrize(
    ("content", "where", "message"),
    [
        (b"", "a.txt", "the file is empty"),
        (b"\xef\xbb\xbf", "a.txt", "the file is empty"),
        (b"one\ntwo\nthr\xe9e", "a.txt:3", "byte 0xe9 is not UTF-8 text. Save the file as UTF-8"),
        ("abc".encode("utf-16"), "a.txt", "this is UTF-16 text"),
        (b"one\n\0\1\2", "a.txt:2", "NUL byte"),
    ],
)
def test_what_is_no_text_is_refused(tmp_path: Path, content: bytes, where: str, message: str) -> None:
    (tmp_path / "a.txt").write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        Text(path="a.txt").read(tmp_path)
    assert caught.value.where == str(tmp_path / where)


def test_parts_must_be_of_one_kind() -> None:
    with pytest.raises(ConfigError, match="mix tables, arrays and texts"):
        Source.parse({"train": "a.txt", "test": "a.npz"})
    with pytest.raises(ConfigError, match="differ in `context`: 8 and 64"):
        Source.parse({"train": {"type": "text", "path": "a.txt", "context": 8}, "test": "b.txt"})
    with pytest.raises(ConfigError, match="differ in `tokens`: characters and words"):
        Source.parse({"train": "a.txt", "test": {"type": "text", "path": "b.txt", "tokens": "words"}})
