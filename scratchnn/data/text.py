"""Running text in plain files, to learn which token comes next."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from scratchnn.data.files import decode, locate, read_text, shown
from scratchnn.data.passages import Passage, TokenKind, split_tokens, with_line_feeds
from scratchnn.data.sources import Source
from scratchnn.errors import DataError


class Text(Source):
    """A text in UTF-8 (a byte order mark is accepted), cut into windows; the targets are the tokens one step later.

    The vocabulary are the tokens of the training part, in order of their code points; tokens that only occur elsewhere
    count as one more, `unknown`. Every kind of line end counts as a line feed. A `.gz` file is
    unpacked.
    """

    type: Literal["text"] = "text"
    textual: ClassVar[bool] = True
    paths: ClassVar[tuple[str, ...]] = ("path",)
    path: str = Field(min_length=1, description="The file.")
    context: int = Field(64, ge=1, description="Tokens of a window, from which the next ones are learned.")
    stride: int | None = Field(
        None,
        ge=1,
        description="Tokens between the starts of training windows; `context` when absent. Others never overlap.",
    )
    tokens: TokenKind = Field(
        "characters", description="characters, or words (also runs of white space and single other signs)."
    )

    def read(self, base: Path) -> Passage:
        """The whole text. Raises `DataError` with file and line, or `StorageError`."""
        path = locate(base, self.path)
        where = shown(path)
        text = decode(read_text(path), where)
        if not text:
            raise DataError("the file is empty", where=where, hint="Give it some text to learn from.")
        return Passage(where, split_tokens(with_line_feeds(text), self.tokens))
