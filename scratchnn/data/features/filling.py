"""What columns share that can do without a value."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import Field

from scratchnn.data.columns import FittedColumn
from scratchnn.data.tables import Array, Table


class FillingColumn(FittedColumn):
    """A column that was fitted either to refuse cells without a value or to fill them in."""

    setting: ClassVar[str] = ""  # the feature that takes such cells, for hints

    indicator: bool = Field(False, description="One more input, the last: 1 where the value is missing, else 0.")

    @property
    def fills(self) -> bool:
        """Whether it takes cells without a value."""
        raise NotImplementedError

    @property
    def may_flag(self) -> bool:
        """Where it takes cells without a value, or knows of levels."""
        return self.fills or type(self).unseen is not FittedColumn.unseen

    def gaps(self, table: Table) -> Array:
        """For each row (N,) whether its cell has no value. Raises `DataError` where it must have one."""
        gaps = table.gaps(self.name)
        if not self.fills and gaps.any():
            hint = f"Fill the cell or remove the row; or train with data.features.{self.name}: {self.setting}."
            raise table.missing(self.name, int(gaps.argmax()), hint)
        return gaps

    def missing(self, table: Table) -> Array:
        """Where the cell has no value."""
        return self.gaps(table)

    def says_missing(self, values: Array) -> Array:
        """For each row (N,) whether inputs (N, width) say that the value is missing: an indicator above 1/2."""
        return values[:, -1] > 0.5 if self.indicator else np.zeros(len(values), bool)

    def indicator_names(self) -> list[str]:
        """`age is missing`, where there is an indicator."""
        return [f"{self.name} is missing"] * self.indicator


def refuse_gaps(table: Table, name: str, gaps: Array, setting: str) -> None:
    """Raises the `DataError` of the first training row without a value, where there is one."""
    if gaps.any():
        raise table.missing(name, int(gaps.argmax()), how_to_take_missing(name, setting))


def how_to_take_missing(name: str, setting: str) -> str:
    """The hint for a missing value that the config does not say how to take."""
    return f"Set data.features.{name}: {setting}, fill the cell, or remove the row."
