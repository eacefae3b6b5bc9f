"""Columns of lists of categories."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from scratchnn.data.features.lists import SEPARATOR, ListColumn, lists_of
from scratchnn.data.features.steps import VocabularyColumn, VocabularyFeature
from scratchnn.data.tables import Array, Table


class ItemColumn(VocabularyColumn, ListColumn):
    """The ids of the items of a list, as they are written."""

    type: Literal["items"] = "items"

    def sequences(self, table: Table) -> Iterator[Sequence[str]]:
        """The items of each row."""
        return lists_of(table, self.name, self.separator)


class Items(VocabularyFeature):
    """A list of categories in each cell as ids (T,), for `embedding` and the layers of sequences.

    A cell is a JSON list `["view", "buy"]`, also from JSON Lines or a list column of Parquet, or items with white space
    (or `separator`) between them. Ids: 0 is padding behind the end, 1 an item that the vocabulary lacks, from 2 on the
    items of the training rows, the most frequent first. A cell without an item is padding throughout and flagged as
    missing, one of unknown items alone as unseen.

        data: {source: visits.csv, target: buys, features: {pages: {type: items, separator: ";", keep: end}}}
        model:
          layers: [{type: embedding, units: 8}, {type: lstm, units: 16}, {type: dense, units: auto}]

    Beside other columns the layer `select` takes it out of the table.
    """

    type: Literal["items"] = "items"
    separator: str | None = SEPARATOR

    def fit(self, table: Table, name: str, targets: Array | None = None) -> ItemColumn:
        """Takes the items and the length from these rows. Raises `DataError` where they have none."""
        rows = list(lists_of(table, name, self.separator))
        length = self.fitted_length(list(map(len, rows)), table, name)
        vocabulary = self.fitted_vocabulary(rows, table, name)
        return ItemColumn(name=name, length=length, keep=self.keep, vocabulary=vocabulary, separator=self.separator)
