"""The next token of a text."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from scratchnn.data.targets.target import FittedTarget


class NextToken(FittedTarget):
    """At each step of a window the token after it. Windows of a text bring it along: see `TextInputs.windows`."""

    type: Literal["language_modeling"] = "language_modeling"
    what: ClassVar[str] = "the target is the next token"

    names: list[str] = Field(min_length=1, max_length=1, description="`next_character` or `next_word`.")
