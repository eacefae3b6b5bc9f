"""Windows over a time series: what a config says of them, and what a model keeps."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from scratchnn.component import Settings
from scratchnn.data.columns import FittedColumn
from scratchnn.data.targets import FittedTarget
from scratchnn.errors import DataError

MOST_AHEAD = 100_000


class WindowSettings(Settings):
    """Rows are steps of a time series: what happened in some steps tells the target of the next ones.

    A sample is a window (window, F) of the encoded columns of `window` rows that follow each other, with the target's
    own past values among them; its targets are the values of the target column in the `horizon` rows after the window,
    named `y+1`, `y+2`, ..., or of several columns `a+1`, `b+1`, `a+2`, .... A class is predicted one row ahead.

    A window and the rows of its targets lie in one series and in one part of the split; nothing reaches over a row that
    a feature drops. Where the config names no split, the rows of each series are divided as they come (`position`), or
    with `order` at the same two moments for all series (`time`). `by` and `order` are no inputs unless `features` names
    them. Arrays (N, F) with targets are taken as a table with the columns x1, x2, ....

        data:
          source: power.csv
          target: load
          windows: {window: 24, horizon: 3, order: hour}
        model:
          layers: [{type: lstm, units: 32}, {type: dense, units: auto}]
    """

    window: int = Field(ge=1, description="Rows that a prediction looks back on.")
    horizon: int = Field(
        1, ge=1, le=MOST_AHEAD, description="Rows ahead that are predicted, each of them; 1 for classes."
    )
    stride: int = Field(1, ge=1, description="Rows between the starts of training windows; elsewhere it is 1.")
    by: str | None = Field(None, min_length=1, description="A column that tells series apart. Null: one series.")
    order: str | None = Field(
        None, min_length=1, description="A column of numbers or ISO dates to sort rows by. Null: as they come."
    )
    include_target: bool = Field(True, description="Whether past values of the target are inputs.")

    @model_validator(mode="after")
    def _two_columns(self) -> Self:
        if self.by is not None and self.by == self.order:
            raise PydanticCustomError("windows", "`by` and `order` name one column. Name the series and their time.")
        return self

    @property
    def marks(self) -> list[str]:
        """The columns that tell series and times."""
        return [name for name in (self.by, self.order) if name is not None]


class WindowInputs(Settings):
    """The fitted inputs of windows (window, F): the columns of each row one after the other."""

    type: Literal["windows"] = "windows"
    columns: list[FittedColumn] = Field(min_length=1, description="The columns of a row in the order of the inputs.")
    window: int = Field(ge=1, description="Rows of a window.")
    horizon: int = Field(ge=1, le=MOST_AHEAD, description="Rows behind it that are predicted.")
    target: FittedTarget = Field(description="The target of a row; that of the model is the same, some rows ahead.")
    by: str | None = Field(None, description="The column that tells series apart.")
    order: str | None = Field(None, description="The column that the rows of a series are sorted by.")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = [column.name for column in self.columns]
        if len(set(names)) < len(names):
            raise ValueError("columns must be distinct")
        if any(column.is_sequence for column in self.columns):
            raise ValueError("a row of a window has no sequences")
        return self

    def target_ahead(self) -> FittedTarget:
        """The target of the next `horizon` rows. Raises `ValueError` where there is no such target."""
        try:
            return self.target.ahead(self.horizon)
        except DataError as error:
            raise ValueError(error.message) from None

    @property
    def width(self) -> int:
        """How many inputs a row has."""
        return sum(column.width for column in self.columns)

    @property
    def names(self) -> list[str]:
        """The columns that new rows need."""
        marks = [name for name in (self.by, self.order) if name is not None]
        return list(dict.fromkeys([*(column.name for column in self.columns), *marks]))
