"""Columns of running text."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from scratchnn.data.columns import FittedColumn
from scratchnn.data.features.feature import Feature
from scratchnn.data.features.hashing import bucket
from scratchnn.data.tables import Array, Table
from scratchnn.errors import DataError

Grams = Literal["words", "characters"]
Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]

_WORD = re.compile(r"\w+")


class HashedTextColumn(FittedColumn):
    """One input a bucket; the n-grams of a text fall into buckets by their check sums, see `hashing.bucket`.

    x_j = (1 + ln c_j) w_j where the text has c_j > 0 n-grams in bucket j, else 0; then x / |x|. The weight is
    w_j = ln((1 + N) / (1 + d_j)) + 1 for the d_j of the N training rows that have the bucket, and 0 where d_j is 0:
    nothing was learned of it. Source: scikit-learn's TfidfTransformer with sublinear_tf, on hashed n-grams without sign
    (Weinberger et al. 2009). A cell without text is 0 throughout, and so is a text of which no bucket is known.
    """

    type: Literal["hashed_text"] = "hashed_text"
    grams: Grams = Field(description="What an n-gram is made of.")
    shortest: int = Field(ge=1, description="The smallest n.")
    longest: int = Field(ge=1, description="The largest n.")
    weights: list[Weight] = Field(min_length=1, description="The weight of each bucket.")

    @property
    def width(self) -> int:
        """One a bucket."""
        return len(self.weights)

    @property
    def names(self) -> list[str]:
        """`title#0`, ..."""
        return [f"{self.name}#{number}" for number in range(self.width)]

    @property
    def scaled(self) -> bool:
        """They are no numbers of the table."""
        return True

    def encode(self, table: Table, out: Array) -> None:
        """Writes the weighted counts of each row, of length 1."""
        for row, counts in enumerate(self._counts(table)):
            for place, count in counts.items():
                out[row, place] = (1 + math.log(count)) * self.weights[place]
        norms = np.sqrt(np.einsum("nj,nj->n", out, out))
        np.divide(out, norms[:, None], out=out, where=norms[:, None] > 0)

    def unseen(self, table: Table) -> Array:
        """The texts of which no bucket is known."""
        rows = [bool(counts) and not any(self.weights[place] for place in counts) for counts in self._counts(table)]
        return np.array(rows, bool)

    def missing(self, table: Table) -> Array:
        """The cells without a word or sign."""
        return np.array([not counts for counts in self._counts(table)], bool)

    def _counts(self, table: Table) -> Iterator[Counter[int]]:
        """How many n-grams of each row fall into each bucket."""
        return bucket_counts(table.texts(self.name), self.width, self.grams, self.shortest, self.longest)


class Text(Feature):
    """Running text as a bag of n-grams that share inputs: x_j = (1 + ln c_j) idf_j, then divided by its length.

    An n-gram is n words that follow each other (letters, digits and _, in small letters; all else parts them), or n
    characters of the text with a space at both ends and one for each run of white space. All n from `shortest` to
    `longest` are taken. A cell without text is 0 throughout and flagged as missing; `HashedTextColumn` has the weights.
    The order of the words is lost beyond that: `tokens` keeps it, for layers of sequences.
    """

    type: Literal["text"] = "text"
    grams: Grams = Field("words", description="Whether an n-gram is made of words or of characters.")
    shortest: int = Field(1, ge=1, le=10, description="The smallest n.")
    longest: int = Field(2, ge=1, le=10, description="The largest n.")
    buckets: int = Field(256, ge=1, le=100_000, description="How many inputs the n-grams share.")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.longest < self.shortest:
            raise ValueError("`longest` is below `shortest`.")
        return self

    @property
    def can_be_reconstructed(self) -> bool:
        """No text can be told from its buckets."""
        return False

    def fit(self, table: Table, name: str, targets: Array | None = None) -> HashedTextColumn:
        """Counts in how many of these rows each bucket is."""
        rows: Counter[int] = Counter()
        for counts in bucket_counts(table.texts(name), self.buckets, self.grams, self.shortest, self.longest):
            rows.update(counts.keys())
        if not rows:
            hint = f"Set data.features.{name}: ignore."
            where = f"{table.where}:{name}"
            raise DataError("no training row has a text, so nothing can be learned", where=where, hint=hint)
        known = math.log(1 + len(table)) + 1
        weights = [known - math.log(1 + rows[place]) if place in rows else 0.0 for place in range(self.buckets)]
        return HashedTextColumn(
            name=name, grams=self.grams, shortest=self.shortest, longest=self.longest, weights=weights
        )


def bucket_counts(
    texts: Sequence[str], buckets: int, grams: Grams, shortest: int, longest: int
) -> Iterator[Counter[int]]:
    """For each text how many of its n-grams fall into each bucket."""
    places: dict[str, int] = {}
    for text in texts:
        counts: Counter[int] = Counter()
        for gram in n_grams(text, grams, shortest, longest):
            if gram not in places:
                places[gram] = bucket(gram, buckets)
            counts[places[gram]] += 1
        yield counts


def n_grams(text: str, grams: Grams, shortest: int, longest: int) -> Iterator[str]:
    """The n-grams of a text, the short ones first.

    >>> list(n_grams("Red, red wine", "words", 1, 2))
    ['red', 'red', 'wine', 'red red', 'red wine']
    >>> list(n_grams("ab", "characters", 2, 3))
    [' a', 'ab', 'b ', ' ab', 'ab ']
    """
    lower = text.lower()
    if grams == "words":
        units: Sequence[str] = _WORD.findall(lower)
        joint = " "
    else:
        words = lower.split()
        units = f" {' '.join(words)} " if words else ""
        joint = ""
    for size in range(shortest, longest + 1):
        for start in range(len(units) - size + 1):
            yield joint.join(units[start : start + size])
