"""From rows in series to windows with targets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike

from scratchnn.data.array_table import as_table
from scratchnn.data.encoder import Encoder, TableInputs
from scratchnn.data.series import SeriesTable, WindowSamples
from scratchnn.data.splits import Division, Split, Undivided
from scratchnn.data.tables import Array, Arrays, Table
from scratchnn.data.window_inputs import WindowInputs, WindowSettings
from scratchnn.errors import DataError


@dataclass(frozen=True)
class Windowed:
    """Windows with what comes after them: `targets` class ids (W,) or scaled numbers (W, H K).

    `rows` (W,): the number in the source of the first row of each.
    """

    inputs: WindowSamples
    targets: Array
    rows: Array


def with_windows(encoder: Encoder, settings: WindowSettings, where: str) -> Encoder:
    """The encoder of windows over rows that the given one encodes. Raises `DataError` where that is not to be had."""
    if not isinstance(encoder.inputs, TableInputs):
        raise DataError("data.windows needs a table", where=where)
    try:
        ahead = encoder.target.ahead(settings.horizon)
    except DataError as error:
        raise DataError(error.message, where=where, hint=error.hint) from None
    for column in encoder.inputs.columns:
        if column.is_sequence:
            hint = f"Set another feature for data.features.{column.name}, or ignore it."
            raise DataError(f"{column.name} is a sequence, which windows cannot hold", where=where, hint=hint)
    inputs = WindowInputs(
        columns=encoder.inputs.columns,
        window=settings.window,
        horizon=settings.horizon,
        target=encoder.target,
        by=settings.by,
        order=settings.order,
    )
    return Encoder(inputs=inputs, target=ahead)


def row_encoder(inputs: WindowInputs) -> Encoder:
    """The encoder of the rows that windows are made of."""
    return Encoder(inputs=TableInputs(columns=inputs.columns), target=inputs.target)


def divide_series(split: Split, rows: Undivided, table: SeriesTable) -> Division:
    """Divides the rows of each series by itself. Raises `DataError` where one has too few."""
    parts: list[list[Array]] = [[], [], []]
    for number in np.unique(table.series):
        own = np.flatnonzero(table.series == number)
        try:
            division = split.divide(rows.take(own))
        except DataError as error:
            name = table.names[int(number)]
            message = f'{error.message}, in the series "{name}"' if name else error.message
            raise DataError(message, where=error.where, hint=error.hint) from None
        for part, chosen in zip(parts, (division.train, division.validation, division.test), strict=True):
            part.append(own[chosen])
    return Division(*(np.concatenate(part) for part in parts))


def encode_windows(
    data: Table | Arrays,
    encoder: Encoder,
    dtype: DTypeLike = np.float32,
    stride: int = 1,
    part: str = "",
    *,
    fitted_on: bool = False,
) -> Windowed:
    """Every window that has its targets. Raises `DataError`, also where there is none; `part` names the rows then."""
    inputs = encoder.inputs
    if not isinstance(inputs, WindowInputs):
        raise TypeError("the encoder makes no windows")
    table, rows = in_series(data, inputs), row_encoder(inputs)
    targets = inputs.target.encode(table, dtype)
    if targets is None:
        raise TypeError("windows need a target of their rows")
    encoded = rows.encode_inputs(table, dtype, targets if fitted_on else None)
    starts = table.starts(inputs.window + inputs.horizon, stride)
    if not len(starts):
        holder = f"the {part} part" if part else "the data"
        got = (
            f"no {inputs.window + inputs.horizon} rows of a series follow each other in {holder}, as a window of "
            f"{inputs.window} and a horizon of {inputs.horizon} need: the most are {table.longest_run}"
        )
        hint = "Use a smaller window or horizon in data.windows, or larger parts in data.split." if part else ""
        raise DataError(got, where=table.where, hint=hint or "Give longer series.")
    samples = WindowSamples(encoded, starts, inputs.window)
    ahead = starts[:, None] + (inputs.window + np.arange(inputs.horizon))
    chosen = targets[ahead[:, 0]] if targets.ndim == 1 else targets[ahead].reshape(len(starts), -1)
    return Windowed(samples, chosen, table.numbers_in_source[starts])


def latest_windows(
    data: Table | Arrays, encoder: Encoder, dtype: DTypeLike = np.float32
) -> tuple[WindowSamples, Array]:
    """The window that ends with each row, and the numbers (W,) of those rows in the source, series by series.

    Rows with fewer than a window up to them in their series have none. Raises `DataError` where that is every row.
    """
    inputs = encoder.inputs
    if not isinstance(inputs, WindowInputs):
        raise TypeError("the encoder makes no windows")
    table = in_series(data, inputs)
    encoded = row_encoder(inputs).encode_inputs(table, dtype)
    starts = table.starts(inputs.window)
    if not len(starts):
        got = f"the longest series has {table.longest_run} rows, fewer than a window of {inputs.window}"
        raise DataError(got, where=table.where, hint="Give the rows before them too.")
    numbers = table.numbers_in_source[starts + inputs.window - 1]
    return WindowSamples(encoded, starts, inputs.window), numbers


def without_window(data: Table | Arrays, inputs: WindowInputs) -> Array:
    """For each row (N,) whether fewer rows than a window end with it in its series."""
    table = in_series(data, inputs)
    missing = np.ones(len(table), bool)
    missing[table.numbers_in_source[table.starts(inputs.window) + inputs.window - 1]] = False
    return missing


def in_series(data: Table | Arrays, inputs: WindowInputs) -> SeriesTable:
    """The rows sorted by series and time; of arrays as columns x1, x2, ... and the targets that they bring."""
    table = data if isinstance(data, Table) else as_table(data, inputs.target.names)
    return SeriesTable.of(table, inputs.by, inputs.order)
