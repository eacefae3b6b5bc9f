"""Columns of running text, as token ids for models of sequences."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal

from pydantic import Field

from scratchnn.data.features.steps import VocabularyColumn, VocabularyFeature
from scratchnn.data.tables import Array, Table

Kind = Literal["words", "characters"]

_WORD = re.compile(r"\w+|[^\w\s]")


class TokenColumn(VocabularyColumn):
    """The ids of a text's tokens, see `tokens_of`."""

    type: Literal["tokens"] = "tokens"
    split: Kind = Field(description="What a token is.")
    lower: bool = Field(description="Whether small and capital letters are the same.")

    def sequences(self, table: Table) -> Iterator[Sequence[str]]:
        """The tokens of each row."""
        return (tokens_of(cell, self.split, lower=self.lower) for cell in table.texts(self.name))


class Tokens(VocabularyFeature):
    """Running text as token ids (T,), for `embedding` and the layers of sequences; see `text` for a bag of n-grams.

    A token is a word (letters, digits and _) or another sign alone, or with `characters` every character, a run of
    white space as one blank. Ids: 0 is padding behind the end, 1 a token that the vocabulary lacks, from 2 on the
    vocabulary of the training rows, the most frequent first. A cell without text is padding throughout and flagged as
    missing, one of unknown tokens alone as unseen.

    As the only input the network is given the ids themselves, and padding is masked without another word:

        data: {source: reviews.csv, target: stars, features: {review: {type: tokens, length: 100}}}
        model:
          layers: [{type: embedding, units: 32}, {type: gru, units: 32}, {type: dense, units: auto}]

    Beside other columns the layer `select` takes it out of the table.
    """

    type: Literal["tokens"] = "tokens"
    split: Kind = Field("words", description="words (and single other signs) or characters.")
    lower: bool = Field(True, description="Whether small and capital letters are the same.")

    def fit(self, table: Table, name: str, targets: Array | None = None) -> TokenColumn:
        """Takes the vocabulary and the length from these rows. Raises `DataError` where they have no text."""
        rows = [tokens_of(cell, self.split, lower=self.lower) for cell in table.texts(name)]
        length = self.fitted_length(list(map(len, rows)), table, name)
        vocabulary = self.fitted_vocabulary(rows, table, name)
        return TokenColumn(
            name=name, length=length, keep=self.keep, vocabulary=vocabulary, split=self.split, lower=self.lower
        )


def tokens_of(text: str, split: Kind, *, lower: bool) -> Sequence[str]:
    """The tokens of a text.

    >>> tokens_of("Red, red  wine!", "words", lower=True)
    ['red', ',', 'red', 'wine', '!']
    >>> "".join(tokens_of(" Red  wine ", "characters", lower=False))
    'Red wine'
    """
    text = text.lower() if lower else text
    return _WORD.findall(text) if split == "words" else " ".join(text.split())
