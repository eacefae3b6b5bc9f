"""Which samples are images, and how their pixels were scaled."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scratchnn.data.array_inputs import ArrayInputs
from scratchnn.data.augmentation.canvas import Shape
from scratchnn.data.encoder import Encoder, TableInputs
from scratchnn.data.features.number_column import NumberColumn


@dataclass(frozen=True)
class Pixels:
    """The shape of a sample, (H, W) or (H, W, C) where it is an image, and the scale x' = (x - offset) / scale.

    There is one pair for all pixels, or one a channel. `uneven` tells that pixels lie flat and were scaled one by one:
    then they cannot change places, and the shape is that of the flat sample.
    """

    shape: Shape
    offset: tuple[float, ...] = (0.0,)
    scale: tuple[float, ...] = (1.0,)
    uneven: bool = False

    @classmethod
    def of(cls, encoder: Encoder, reshaped: Shape = ()) -> Pixels:
        """The pixels of samples that the first layer gives the shape `reshaped`, or leaves as they are where empty.

        Flat samples are images where this makes images of them.
        """
        inputs, shape = encoder.inputs, encoder.input_shape
        pairs: set[tuple[float, float]] = set()
        if isinstance(inputs, ArrayInputs):
            if len(shape) != 1:
                channels = len(shape) == 3 or len(inputs.offset) == 1
                return cls(shape, tuple(inputs.offset), tuple(inputs.scale), uneven=not channels)
            pairs = set(zip(inputs.offset, inputs.scale, strict=True))
        elif isinstance(inputs, TableInputs) and inputs.width == len(inputs.columns):
            plain = [column for column in inputs.columns if isinstance(column, NumberColumn) and column.clip is None]
            pairs = {(column.offset, column.scale) for column in plain} if len(plain) == inputs.width else set()
        if len(reshaped) not in (2, 3) or math.prod(reshaped) != math.prod(shape) or not pairs:
            return cls(shape)
        if len(pairs) > 1:
            return cls(shape, uneven=True)
        [(offset, scale)] = pairs
        return cls(reshaped, (offset,), (scale,))

    @property
    def channels(self) -> int:
        """How many numbers a pixel has."""
        return self.shape[2] if len(self.shape) == 3 else 1
