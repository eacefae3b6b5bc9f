"""The fitted half of preprocessing: everything learned from the training rows, as data that a model file can hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, Self

import numpy as np
from numpy.typing import DTypeLike
from pydantic import Field, model_validator

import scratchnn.data.features  # noqa: F401  # importing the package is what enrols the fitted columns
from scratchnn.component import Settings
from scratchnn.data.array_inputs import ArrayInputs, ScaledSamples, refuse_infinite
from scratchnn.data.columns import FittedColumn
from scratchnn.data.passages import Passage
from scratchnn.data.samples import Inputs, held
from scratchnn.data.stored_array import StoredArray
from scratchnn.data.tables import Array, Arrays, Table, Task
from scratchnn.data.targets import FittedTarget, InputsAgain, NextToken
from scratchnn.data.vocabulary import TextInputs, Windows
from scratchnn.data.window_inputs import WindowInputs
from scratchnn.errors import DataError


class TableInputs(Settings):
    """The inputs of a table, one after the other: (N, F)."""

    type: Literal["table"] = "table"
    columns: list[FittedColumn] = Field(min_length=1, description="The columns in the order of the inputs.")

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        names = [column.name for column in self.columns]
        if len(set(names)) < len(names):
            raise ValueError("columns must be distinct")
        return self

    @property
    def width(self) -> int:
        """How many inputs there are."""
        return sum(column.width for column in self.columns)

    @property
    def sequence(self) -> FittedColumn | None:
        """The only column, where it is one of sequences: then the inputs are its steps, not a table."""
        return self.columns[0] if len(self.columns) == 1 and self.columns[0].is_sequence else None

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one sample: (F,), or of a single sequence ids (T,) or numbers (T, 1)."""
        single = self.sequence is not None and self.sequence.levels_of_code is None
        return (self.width, 1) if single else (self.width,)

    def placed(self, inputs: Array) -> Iterator[tuple[FittedColumn, Array]]:
        """Each column with its own inputs, a view (N, width) of those of a table."""
        start = 0
        inputs = inputs.reshape(len(inputs), self.width)
        for column in self.columns:
            yield column, inputs[:, start : start + column.width]
            start += column.width


class Encoder(Settings):
    """Turns raw rows into what a network takes; its target turns outputs back into classes or units.

    It holds what was fitted on the training rows and nothing else. JSON keeps every float exactly.

    >>> from scratchnn.data.features.number import NumberColumn
    >>> from scratchnn.data.targets import Classes
    >>> columns = TableInputs(columns=[NumberColumn(name="age", offset=40.0, scale=10.0)])
    >>> encoder = Encoder(inputs=columns, target=Classes(names=["sick"], classes=["no", "yes"]))
    >>> encoder.encode_inputs(Table("new.csv", {"age": ("35", "50")}, np.array([2, 3]))).tolist()
    [[-0.5], [1.0]]
    """

    inputs: Annotated[TableInputs | ArrayInputs | TextInputs | WindowInputs, Field(discriminator="type")] = Field(
        description="The inputs."
    )
    target: FittedTarget = Field(description="What is learned.")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if isinstance(self.target, NextToken) != isinstance(self.inputs, TextInputs):
            raise ValueError("language modeling needs the inputs of a text, and only it")
        if isinstance(self.inputs, WindowInputs) and self.target != self.inputs.target_ahead():
            raise ValueError("the target of windows must be that of their rows, so many rows ahead")
        columns = self.inputs.columns if isinstance(self.inputs, TableInputs) else []
        if isinstance(self.target, InputsAgain) and not all(column.can_be_decoded for column in columns):
            raise ValueError("reconstruction needs columns that can be decoded")
        return self

    @property
    def task(self) -> Task:
        """The task of the target."""
        return self.target.task

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of one sample."""
        if isinstance(self.inputs, ArrayInputs):
            return tuple(self.inputs.shape)
        if isinstance(self.inputs, TextInputs):
            return (self.inputs.context,)
        if isinstance(self.inputs, WindowInputs):
            return (self.inputs.window, self.inputs.width)
        return self.inputs.shape

    @property
    def takes_ids(self) -> bool:
        """Whether the inputs are ids, int64, not numbers."""
        if isinstance(self.inputs, TableInputs):
            return self.inputs.sequence is not None and self.inputs.sequence.levels_of_code is not None
        return isinstance(self.inputs, TextInputs)

    @property
    def columns(self) -> list[FittedColumn]:
        """The columns of a table or of the rows of windows; empty for others."""
        return self.inputs.columns if isinstance(self.inputs, TableInputs | WindowInputs) else []

    @property
    def input_columns(self) -> list[str]:
        """The columns that a table needs; x1, x2, ... for flat arrays, none for others."""
        if isinstance(self.inputs, TableInputs):
            return [column.name for column in self.inputs.columns]
        if isinstance(self.inputs, WindowInputs):
            return self.inputs.names
        if isinstance(self.inputs, TextInputs):
            return []
        return [f"x{number + 1}" for number in range(self.inputs.shape[0])] if len(self.inputs.shape) == 1 else []

    @property
    def feature_names(self) -> list[str]:
        """A name for every input of flat samples, or of a row of a window: `age`, or `deck=A` for a level."""
        if not isinstance(self.inputs, TableInputs | WindowInputs):
            return self.input_columns
        return [name for column in self.columns for name in column.names]

    @property
    def class_names(self) -> list[str]:
        """The classes in the order of their ids; empty where a sample has not one class."""
        return self.target.class_names

    @property
    def scales_inputs(self) -> bool:
        """Whether some number among the inputs is not as it is in the data."""
        if isinstance(self.inputs, ArrayInputs):
            return any(self.inputs.offset) or any(scale != 1 for scale in self.inputs.scale)
        if isinstance(self.inputs, TextInputs):
            return False
        return any(column.scaled for column in self.columns)

    def encode_inputs(self, data: Table | Arrays, dtype: DTypeLike = np.float32, targets: Array | None = None) -> Array:
        """Inputs (N, *input_shape), C-contiguous. Other columns and another order of columns do no harm.

        `targets` are given with the very rows that the encoder was fitted on, see `FittedColumn.encode_training`.
        Raises `DataError` for a missing column or cell, a text where a number belongs, or another shape.
        """
        if isinstance(self.inputs, TextInputs):
            raise DataError("holds no running text", where=data.where, hint="The model continues texts.")
        if isinstance(self.inputs, WindowInputs):
            raise TypeError("windows are made of rows, see `windowing`")
        out = np.zeros((len(data), *self.input_shape), np.int64 if self.takes_ids else dtype)
        with np.errstate(over="ignore"):
            if isinstance(self.inputs, ArrayInputs):
                self.inputs.encode(held(self._array_of(self.inputs, data)), out)
            else:
                self._encode_table(self.inputs, data, out, targets)
        if isinstance(data, Table):
            finite = np.isfinite(out)
            if not finite.all():
                row, number, *_ = np.argwhere(~finite)[0].tolist()
                place = f"{data.place(row)}:{self._column_of(number)}"
                hint = "Divide it by a large number."
                raise DataError(f"a number is too large for {out.dtype}", where=place, hint=hint)
        elif data.inputs.dtype.kind == "f":  # integers cannot overflow a float
            refuse_infinite(out, data.where, np.arange(data.start, data.start + len(data)))
        return out

    def encode_samples(
        self, data: Table | Arrays, dtype: DTypeLike = np.float32, targets: Array | None = None
    ) -> Inputs:
        """The same, but those of an array that stays in its file are encoded when they are asked for."""
        if isinstance(self.inputs, ArrayInputs):
            values = self._array_of(self.inputs, data)
            if isinstance(values, StoredArray):
                return ScaledSamples(values, self.inputs, dtype, data.where)
        return self.encode_inputs(data, dtype, targets)

    def encode_text(self, passage: Passage, stride: int | None = None, part: str = "") -> Windows:
        """The windows of a text, see `TextInputs.windows`. Raises `DataError`, also where the model takes no text."""
        if not isinstance(self.inputs, TextInputs):
            raise DataError("is running text, but the model takes rows", where=passage.where)
        return self.inputs.windows(passage, stride, part)

    def count_unseen(self, data: Table | Arrays | Passage) -> dict[str, int]:
        """How many cells of each category column hold a level that training never saw.

        Of a text how many of its tokens.
        """
        if isinstance(self.inputs, TextInputs) and isinstance(data, Passage):
            count = self.inputs.count_unseen(data)
            return {self.inputs.tokens: count} if count else {}
        if not isinstance(data, Table):
            return {}
        return {name: int(found.sum()) for name, found in self.unseen(data)}

    def unseen(self, table: Table) -> Iterator[tuple[str, Array]]:
        """Each column with cells whose level training never saw, and for each row (N,) whether its cell is one."""
        for column in self.columns:
            found = column.unseen(table)
            if found.any():
                yield column.name, found

    def count_missing(self, data: Table | Arrays | Passage) -> dict[str, int]:
        """How many cells of each column have no value, where those are not refused."""
        if not isinstance(data, Table):
            return {}
        counts = {column.name: int(column.missing(data).sum()) for column in self.columns}
        return {name: count for name, count in counts.items() if count}

    def _column_of(self, number: int) -> str:
        """The name of the column of a table that an input is made of."""
        widths = [column.width for column in self.columns] or [1] * len(self.input_columns)
        return self.input_columns[int(np.searchsorted(np.cumsum(widths), number, side="right"))]

    def _array_of(self, inputs: ArrayInputs, data: Table | Arrays) -> Inputs:
        """The numbers before they are scaled. Raises `DataError` for those of another shape."""
        if isinstance(data, Table):
            if len(inputs.shape) > 1:
                hint = "Give an array file of the kind that the model was trained on."
                raise DataError(
                    f"is a table, but the model takes arrays {self.input_shape}", where=data.where, hint=hint
                )
            return np.stack([data.numbers(name) for name in self.input_columns], axis=1)
        values = data.inputs
        if values.shape[1:] != self.input_shape:
            got = f"samples have the shape {values.shape[1:]}, but the model takes {self.input_shape}"
            raise DataError(got, where=data.where, hint="Give samples of the shape that the model was trained on.")
        return values

    def _encode_table(self, inputs: TableInputs, data: Table | Arrays, out: Array, targets: Array | None) -> None:
        if isinstance(data, Arrays):
            self._encode_matrix(inputs, data, out)
            return
        absent = [name for name in self.input_columns if name not in data.columns]
        if absent:
            found = ", ".join(data.columns)
            quoted = ", ".join(f'"{name}"' for name in absent)
            raise DataError(
                f"there is no column {quoted}", where=data.where, hint=f"The model needs it; the file has {found}."
            )
        for column, place in inputs.placed(out):
            if targets is None:
                column.encode(data, place)
            else:
                column.encode_training(data, targets, place)

    def _encode_matrix(self, inputs: TableInputs, data: Arrays, out: Array) -> None:
        """A matrix (N, F) stands for a table whose columns are all numbers, in the order of the inputs."""
        names = ", ".join(self.input_columns)
        values = held(data.inputs)
        plain = all(column.is_plain_number for column in inputs.columns)
        if not plain or values.shape[1:] != (len(inputs.columns),):
            got = f"holds samples of shape {values.shape[1:]}, but the model takes a table"
            raise DataError(got, where=data.where, hint=f"Give the columns {names}.")
        for number, (column, place) in enumerate(inputs.placed(out)):
            column.encode_numbers(values[:, number], place)
