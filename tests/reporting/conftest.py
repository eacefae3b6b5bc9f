"""What the tests of the page share: a strict reader of HTML."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser

import pytest

EMPTY = {"img", "meta", "link", "br", "hr", "input"}


class Reader(HTMLParser):
    """Checks that every element is closed in order, and collects ids, references, attributes and texts."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: Counter[str] = Counter()
        self.references: set[str] = set()
        self.attributes: list[tuple[str, str, str]] = []
        self.elements: Counter[str] = Counter()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements[tag] += 1
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names), (tag, names)
        for name, value in attrs:
            self.attributes.append((tag, name, value or ""))
            if name == "id":
                self.ids[value or ""] += 1
            if name == "href" and (value or "").startswith("#"):
                self.references.add((value or "")[1:])
            if name in ("aria-labelledby", "aria-describedby"):
                self.references |= set((value or "").split())
            if "url(#" in (value or ""):
                self.references.add((value or "").partition("url(#")[2].partition(")")[0])
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in EMPTY:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def read_page(page: str) -> Reader:
    """Reads a page, which must be whole: every element closed, ids unique, references to what is there."""
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    assert [name for name, count in reader.ids.items() if count > 1] == []
    assert reader.references - set(reader.ids) == set()
    for tag, name, value in reader.attributes:
        assert not name.startswith("on"), (tag, name)
        if name in ("src", "href"):
            assert value.startswith(("#", "data:")), (tag, name, value)
    assert reader.elements["script"] == 0
    assert "http" not in page.replace("http-equiv", "")
    return reader


@pytest.fixture
def read() -> Callable[[str], Reader]:
    return read_page
