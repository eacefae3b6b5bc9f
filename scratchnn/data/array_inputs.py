"""The fitted inputs of arrays: one scale for all numbers, or one for each feature or channel."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

import numpy as np
from numpy.typing import DTypeLike
from pydantic import Field, FiniteFloat, model_validator

from scratchnn.component import Settings
from scratchnn.data.features.number_column import PositiveOrZero, standard
from scratchnn.data.samples import Inputs, Samples, rows_at_once
from scratchnn.data.stored_array import StoredArray
from scratchnn.data.tables import Array
from scratchnn.errors import DataError

BLOCK_ROWS = 4096  # of which float64 copies are made at a time


class ArrayInputs(Settings):
    """The inputs of an array (N, *shape): x' = (x - offset) / scale.

    There is one pair for all numbers, or one for each place of the last axis: a feature, or a channel of images.
    """

    type: Literal["array"] = "array"
    shape: list[Annotated[int, Field(ge=1)]] = Field(min_length=1, max_length=8, description="Without the sample axis.")
    offset: list[FiniteFloat] = Field(min_length=1, description="Subtracted first.")
    scale: list[PositiveOrZero] = Field(min_length=1, description="Divided by; 0 gives 0.")

    @model_validator(mode="after")
    def _lengths(self) -> Self:
        lengths = {len(self.offset), len(self.scale)}
        if len(lengths) > 1 or not lengths <= {1, self.shape[-1]}:
            raise ValueError("offset and scale need one number, or one for each place of the last axis")
        return self

    def encode(self, values: Array, out: Array) -> None:
        """Writes x' (N, *shape) in the dtype of `out`, where a number that is too large for it becomes infinite."""
        offset, scale = np.array(self.offset), np.array(self.scale)
        with np.errstate(over="ignore"):
            if len(offset) == 1 and offset[0] == 0 and scale[0] > 0:
                np.divide(values, out.dtype.type(scale[0]), out=out, casting="unsafe", dtype=out.dtype)
                return
            for start in range(0, len(values), BLOCK_ROWS):
                block = values[start : start + BLOCK_ROWS] - offset
                out[start : start + BLOCK_ROWS] = np.divide(block, scale, out=np.zeros_like(block), where=scale > 0)


class ScaledSamples(Samples):
    """The samples of a file, scaled when they are asked for."""

    def __init__(self, stored: StoredArray, inputs: ArrayInputs, dtype: DTypeLike, where: str) -> None:
        self._stored = stored
        self._inputs = inputs
        self._dtype = np.dtype(dtype)
        self._where = where
        self._raw = np.empty((0, *stored.shape[1:]), stored.dtype)

    @property
    def shape(self) -> tuple[int, ...]:
        """With the axis of the samples."""
        return self._stored.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """That of the network."""
        return self._dtype

    def gather(self, rows: Array, out: Array) -> None:
        """Writes these rows to `out`. Raises `DataError` where a number is too large for the dtype."""
        step = rows_at_once(self._stored)
        for start in range(0, len(rows), step):
            chosen = rows[start : start + step]
            if len(self._raw) < len(chosen):
                self._raw = np.empty((len(chosen), *self._stored.shape[1:]), self._stored.dtype)
            raw, scaled = self._raw[: len(chosen)], out[start : start + step]
            self._stored.gather(chosen, raw)
            self._inputs.encode(raw, scaled)
            self._refuse_infinite(raw, scaled, chosen)

    def __getitem__(self, rows: slice) -> Array:
        """The samples of a slice, as a new array."""
        raw = self._stored[rows]
        out = np.empty(raw.shape, self._dtype)
        self._inputs.encode(raw, out)
        self._refuse_infinite(raw, out, np.arange(*rows.indices(len(self))))
        return out

    def _refuse_infinite(self, raw: Array, scaled: Array, rows: Array) -> None:
        if raw.dtype.kind == "f":  # integers cannot overflow a float
            refuse_infinite(scaled, self._where, rows)


def refuse_infinite(encoded: Array, where: str, rows: Array) -> None:
    """Raises `DataError` for a number of these rows of an array that was too large for its dtype."""
    finite = np.isfinite(encoded)
    if not finite.all():
        row = int(rows[np.argwhere(~finite)[0, 0]])
        hint = "Divide it by a large number."
        raise DataError(f"a number is too large for {encoded.dtype}", where=f"{where}:inputs[{row}]", hint=hint)


def fit_array(
    values: Inputs, scale: Literal["standard", "standard_by_channel", "unit", "none"], where: str
) -> ArrayInputs:
    """The scale of inputs (N, *shape). `standard`: of flat inputs each feature by its mean and deviation (of N).

    Other inputs have one pair for all numbers, and `standard_by_channel` one for each place of the last axis. `unit`
    divides by 255. Raises `DataError` for numbers that overflow.
    """
    if scale in ("unit", "none"):
        return ArrayInputs(shape=list(values.shape[1:]), offset=[0.0], scale=[255.0 if scale == "unit" else 1.0])
    if isinstance(values, Samples) or (scale == "standard_by_channel" and values.ndim > 2):
        scales = _standard_of_blocks(values, by_channel=scale == "standard_by_channel")
    else:
        scales = [standard(column) for column in values.T] if values.ndim == 2 else [standard(values)]
    if not np.isfinite(scales).all():
        raise DataError("the numbers are too large to scale", where=where, hint="Divide them by a large number.")
    offsets, deviations = zip(*scales, strict=True)
    return ArrayInputs(shape=list(values.shape[1:]), offset=list(offsets), scale=list(deviations))


def _standard_of_blocks(samples: Inputs, *, by_channel: bool) -> list[tuple[float, float]]:
    """What `standard` gives, of all numbers or each channel, in one pass, some samples at a time, but for rounding.

    Means and sums of squares of blocks are joined by the formula of Chan, Golub and LeVeque 1979.
    """
    samples = samples.in_file_order() if isinstance(samples, StoredArray) else samples
    axis = 0 if by_channel or samples.ndim == 2 else None
    count, mean, squares = 0, np.float64(0), np.float64(0)
    low, high = np.float64(np.inf), np.float64(-np.inf)
    with np.errstate(over="ignore", invalid="ignore"):
        step = rows_at_once(samples)
        for start in range(0, len(samples), step):
            block = samples[start : start + step]
            own = (block.reshape(-1, block.shape[-1]) if by_channel else block).astype(np.float64)
            low, high = np.minimum(low, own.min(axis)), np.maximum(high, own.max(axis))
            size = own.size if axis is None else len(own)
            centre = own.mean(axis)
            own -= centre
            np.square(own, out=own)
            apart = centre - mean
            squares = squares + own.sum(axis) + apart * apart * (count * size / (count + size))
            mean = mean + apart * (size / (count + size))
            count += size
        deviation = np.sqrt(squares / count)
    same = low == high
    pairs = np.stack(np.broadcast_arrays(np.where(same, low, mean), np.where(same, 0.0, deviation)), -1).reshape(-1, 2)
    return [(float(offset), float(scale)) for offset, scale in pairs]
