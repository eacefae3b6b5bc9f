"""What a column of a table becomes: the family of features."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from scratchnn.component import Component
from scratchnn.data.columns import FittedColumn
from scratchnn.data.tables import Array, Table


class Feature(Component):
    """What one column becomes."""

    family: ClassVar[str] = "feature"

    @property
    def can_be_reconstructed(self) -> bool:
        """Whether the cell can be told from its inputs again, so that an autoencoder can learn it."""
        return True

    def fit(self, table: Table, name: str, targets: Array | None = None) -> FittedColumn | None:
        """The column's encoding, fitted on these rows; None leaves the column out. Raises `DataError`.

        `targets` (N,) class ids or (N, K) numbers, None where there are none: only a feature that says so reads them.
        """
        raise NotImplementedError

    def drops(self, table: Table, name: str) -> Array:
        """For each row (N,) whether it is left out of training and judging."""
        return np.zeros(len(table), bool)
