"""What a feature of a table becomes once it is fitted: the family of columns that encode themselves."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from scratchnn.component import Component
from scratchnn.data.tables import Array, Table

Decoded = Array | list[str]


class FittedColumn(Component):
    """One column of a table with everything that was learned from its training rows. The model file holds it as JSON.

    It fills `width` inputs that lie side by side. Configs name features, which are fitted to these.
    """

    family: ClassVar[str] = "fitted_column"
    listed: ClassVar[bool] = False

    name: str = Field(description="The column.")

    @property
    def width(self) -> int:
        """How many inputs it fills."""
        return 1

    @property
    def names(self) -> list[str]:
        """A name for each of its inputs."""
        return [self.name]

    @property
    def levels_of_code(self) -> int | None:
        """Where its one input, or each step, is a code to be embedded: how many codes there are. None for numbers."""
        return None

    @property
    def units_of_code(self) -> int | Literal["auto"]:
        """How many numbers the network learns for each code; auto: by how many codes there are."""
        return "auto"

    @property
    def is_sequence(self) -> bool:
        """Whether its inputs are the steps of a sequence: numbers, or with `levels_of_code` ids. 0 is padding."""
        return False

    @property
    def is_plain_number(self) -> bool:
        """Whether it takes one number from each row, so that an array's column can stand for it."""
        return False

    @property
    def scaled(self) -> bool:
        """Whether its inputs are other numbers than those in the table."""
        return False

    @property
    def can_be_decoded(self) -> bool:
        """Whether its inputs tell the cell again, so that an autoencoder can learn them."""
        return type(self).decode is not FittedColumn.decode

    @property
    def may_flag(self) -> bool:
        """Whether `unseen` or `missing` can be true of any cell."""
        own = type(self)
        return own.unseen is not FittedColumn.unseen or own.missing is not FittedColumn.missing

    def encode(self, table: Table, out: Array) -> None:
        """Writes the inputs of every row to `out` (N, width), which holds zeros. Raises `DataError` with the cell."""
        raise NotImplementedError

    def encode_training(self, table: Table, targets: Array, out: Array) -> None:
        """The same for the very rows that it was fitted on, whose targets (N,) or (N, K) are class ids or numbers.

        It differs where a row must not see its own target.
        """
        self.encode(table, out)

    def encode_numbers(self, values: Array, out: Array) -> None:
        """The same for numbers (N,) in place of cells; for plain numbers alone."""
        raise TypeError(f"{self.name} takes cells, not numbers")

    def decode(self, values: Array) -> Decoded:
        """What inputs (N, width) stand for, in the column's own units or levels; where it `can_be_decoded`."""
        raise TypeError(f"the cells of {self.name} cannot be told from their inputs")

    def unseen(self, table: Table) -> Array:
        """For each row (N,) whether its cell holds a level that training never saw."""
        return np.zeros(len(table), bool)

    def missing(self, table: Table) -> Array:
        """For each row (N,) whether its cell has no value, where that is not refused."""
        return np.zeros(len(table), bool)
