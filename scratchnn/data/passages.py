"""Running text as a source reads it: a row of tokens."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from scratchnn.data.tables import Array

TokenKind = Literal["characters", "words"]

_WORDS = re.compile(r"\w+|\s+|[^\w\s]")


@dataclass(frozen=True)
class Passage:
    """A text of tokens that give it back when they are joined. `where` is the file's name in messages."""

    where: str
    tokens: Sequence[str]

    def __len__(self) -> int:
        return len(self.tokens)

    def take(self, rows: Array) -> Passage:
        """The tokens of these places (0-based), which follow each other."""
        return Passage(self.where, self.tokens[int(rows[0]) : int(rows[-1]) + 1])


def with_line_feeds(text: str) -> str:
    """The text with a line feed for every kind of line end.

    >>> with_line_feeds("one\\r\\ntwo\\rthree\\n")
    'one\\ntwo\\nthree\\n'
    """
    return text.replace("\r\n", "\n").replace("\r", "\n")


def split_tokens(text: str, kind: TokenKind) -> Sequence[str]:
    """The tokens of a text: its characters, or its words, its runs of white space and single other signs.

    >>> list(split_tokens("Two, three", "words"))
    ['Two', ',', ' ', 'three']
    """
    return text if kind == "characters" else tuple(_WORDS.findall(text))
