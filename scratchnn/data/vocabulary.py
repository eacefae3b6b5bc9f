"""The fitted half of preparing a text: which id each token has."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple, Self

import numpy as np
from pydantic import Field, model_validator

from scratchnn.component import Settings
from scratchnn.data.machine import memory
from scratchnn.data.passages import Passage, TokenKind, split_tokens
from scratchnn.data.tables import Array
from scratchnn.errors import DataError

UNKNOWN = 0


class Windows(NamedTuple):
    """Ids (N, T) in int64, those one step later (N, T), and the place (N,) in the text where each window starts."""

    inputs: Array
    targets: Array
    starts: Array


class TextInputs(Settings):
    """A window of a text as ids: 0 for a token that the training part lacks, from 1 on the vocabulary in its order.

    >>> inputs = TextInputs(tokens="characters", context=3, vocabulary=["a", "b"])
    >>> inputs.encode("abc").tolist(), inputs.decode([2, 1])
    ([1, 2, 0], 'ba')
    """

    type: Literal["text"] = "text"
    tokens: TokenKind = Field(description="What a token is.")
    context: Annotated[int, Field(ge=1)] = Field(description="Tokens of a window.")
    vocabulary: list[str] = Field(min_length=1, description="The known tokens.")

    @model_validator(mode="after")
    def _whole_tokens(self) -> Self:
        if len(set(self.vocabulary)) < len(self.vocabulary):
            raise ValueError("tokens must be distinct")
        for token in self.vocabulary:
            if list(split_tokens(token, self.tokens)) != [token]:
                raise ValueError(f"{token!r} is not one of {self.tokens}")
        return self

    @classmethod
    def fit(cls, passage: Passage, tokens: TokenKind, context: int) -> TextInputs:
        """The vocabulary of a training part. Raises `DataError` where it has a single token."""
        vocabulary = sorted(set(passage.tokens))
        if len(vocabulary) < 2:
            message = f"every one of the training {tokens} is {vocabulary[0]!r}"
            raise DataError(message, where=passage.where, hint="Give a text with two or more.")
        return cls(tokens=tokens, context=context, vocabulary=vocabulary)

    @property
    def count(self) -> int:
        """How many ids there are: the vocabulary and the unknown."""
        return len(self.vocabulary) + 1

    def encode(self, text: str) -> Array:
        """The ids (N,) of a text's tokens."""
        return self._ids(Passage("text", split_tokens(text, self.tokens)))

    def decode(self, ids: list[int]) -> str:
        """The text of ids; none of them may be the unknown."""
        return "".join(self.vocabulary[number - 1] for number in ids)

    def count_unseen(self, passage: Passage) -> int:
        """How many tokens are not in the vocabulary."""
        known = set(self.vocabulary)
        return sum(token not in known for token in passage.tokens)

    def note_unseen(self, count: int, of: str = "") -> list[str]:
        """What to tell of so many tokens (`of` what) that the training part lacks; nothing where there are none."""
        kind, verb = (self.tokens.removesuffix("s"), "occurs") if count == 1 else (self.tokens, "occur")
        return [f"{count} {kind}{of and f' of {of}'} never {verb} in the training text"] if count else []

    def windows(self, passage: Passage, stride: int | None = None, part: str = "") -> Windows:
        """Every whole window, one each `stride` tokens (`context` where None). What is left over at the end is cut off.

        Raises `DataError` where the text is too short for one, and where close windows of a long text take more memory
        than the machine has; `part` is its name in the message.
        """
        size, step = self.context, stride or self.context
        if len(passage) <= size:
            holder = f"the {part} part holds" if part else "holds"
            message = f"{holder} {len(passage)} {self.tokens}, too few for a window of {size} and the one after it"
            hint = "Give a longer text or part, or train with a smaller `context`."
            raise DataError(message, where=passage.where, hint=hint)
        ids = self._ids(passage)
        starts = np.arange(0, len(ids) - size, step)
        needed = 2 * len(starts) * size * ids.itemsize
        if needed > memory():
            message = (
                f"{len(starts):,} windows of {size:,} {self.tokens} take {needed / 2**30:,.1f} GiB, more than there is"
            )
            raise DataError(message, where=passage.where, hint="Use a larger `stride`, or a smaller `context`.")
        inputs, targets = (
            np.ascontiguousarray(np.lib.stride_tricks.sliding_window_view(row, size)[::step])
            for row in (ids[:-1], ids[1:])
        )
        return Windows(inputs, targets, starts)

    def _ids(self, passage: Passage) -> Array:
        places = {token: number for number, token in enumerate(self.vocabulary, 1)}
        return np.fromiter((places.get(token, UNKNOWN) for token in passage.tokens), np.int64, len(passage))
