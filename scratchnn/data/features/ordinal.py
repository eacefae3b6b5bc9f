"""Columns of levels that have an order."""

from __future__ import annotations

from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, FiniteFloat, model_validator

from scratchnn.data.features.levels import GAP, LevelColumn
from scratchnn.data.features.number import standard
from scratchnn.data.tables import Array, Table


class OrdinalColumn(LevelColumn):
    """x' = (rank - offset) / scale, ranks from 0 on; 0, the mean of the training rows, for unseen and missing levels.

    0 throughout where scale is 0. Where missing cells are a level of their own there is a second input, 1 for them.
    """

    type: Literal["ordinal"] = "ordinal"
    offset: FiniteFloat = Field(description="The mean rank of the training rows.")
    scale: Annotated[float, Field(ge=0, allow_inf_nan=False)] = Field(
        description="The standard deviation of their ranks. 0: all have one level."
    )

    @model_validator(mode="after")
    def _all_ranked(self) -> Self:
        if self.rare or not self.ranks or GAP in self.levels[:-1]:
            raise ValueError("an order has one level or more, none of them rare, and the missing cells last")
        return self

    @classmethod
    def fit(cls, table: Table, name: str, levels: list[str], fill: str | None) -> Self:
        """Takes the mean and deviation (of N) of the ranks of these rows, but for missing cells."""
        column = cls(name=name, levels=levels, fill=fill, offset=0.0, scale=1.0)
        places = column.places(table)
        offset, scale = standard(places[places < column.ranks].astype(np.float64))
        return column.model_copy(update={"offset": offset, "scale": scale})

    @property
    def ranks(self) -> int:
        """How many levels have a rank."""
        return len(self.levels) - (GAP in self.levels)

    @property
    def width(self) -> int:
        """The rank, and whether the cell is missing."""
        return 1 + (GAP in self.levels)

    @property
    def names(self) -> list[str]:
        """`size`, `size=(missing)`."""
        return [self.name, f"{self.name}=(missing)"][: self.width]

    @property
    def scaled(self) -> bool:
        """Whether the inputs are other numbers than the ranks."""
        return self.offset != 0 or self.scale != 1

    def encode(self, table: Table, out: Array) -> None:
        """Writes x'."""
        places = self.places(table)
        ranked = (places >= 0) & (places < self.ranks)
        if self.scale > 0:
            out[ranked, 0] = (places[ranked] - self.offset) / self.scale
        if self.width > 1:
            out[:, 1] = places == self.ranks

    def decode(self, values: Array) -> list[str]:
        """The level with the nearest rank; "" where the second input says that the cell is missing."""
        ranks = np.rint(values[:, 0].astype(np.float64) * self.scale + self.offset)
        places = np.clip(np.nan_to_num(ranks), 0, self.ranks - 1).astype(np.int64)
        if self.width > 1:
            places[values[:, 1] > 0.5] = self.ranks
        return [self.levels[place] for place in places.tolist()]
