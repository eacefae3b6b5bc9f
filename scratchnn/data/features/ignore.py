"""Columns that are left out."""

from __future__ import annotations

from typing import Literal

from scratchnn.data.features.feature import Feature
from scratchnn.data.tables import Array, Table


class Ignore(Feature):
    """The column is not used."""

    type: Literal["ignore"] = "ignore"

    def fit(self, table: Table, name: str, targets: Array | None = None) -> None:
        """Nothing to fit."""
