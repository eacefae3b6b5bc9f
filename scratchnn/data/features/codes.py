"""Columns of levels as codes, for an embedding in the network."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from scratchnn.data.features.levels import LevelColumn
from scratchnn.data.tables import Array, Table

MOST_CODES = 2**24
"""A float32 holds every whole number up to this one."""

Units = Annotated[int, Field(ge=1)] | Literal["auto"]


class CodeColumn(LevelColumn):
    """One code: 1 for the first level, 2 for the second, ...; 0 for the rare levels and those unseen in training."""

    type: Literal["code"] = "code"
    units: Units = Field("auto", description="How many numbers the network learns for each code.")

    @property
    def levels_of_code(self) -> int:
        """One more than there are levels."""
        return len(self.levels) + 1

    @property
    def units_of_code(self) -> Units:
        """As the feature says."""
        return self.units

    def encode(self, table: Table, out: Array) -> None:
        """Writes the codes."""
        places = self.places(table)
        out[:, 0] = np.where(places < len(self.levels), places + 1, 0)
