"""All augmentations of a training, one after the other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scratchnn.data.augmentation.augmentation import Augmentation, ImageAugmentation
from scratchnn.data.augmentation.canvas import Canvas, Fills, Mix, Scratch, Shape
from scratchnn.data.augmentation.pixels import Pixels
from scratchnn.data.encoder import Encoder
from scratchnn.data.samples import Inputs, gather
from scratchnn.data.tables import Array
from scratchnn.errors import ConfigError, ShapeError

WHERE = "training.augmentation"
MEAN_ROWS = 4096  # training rows that the mean is taken over


class Augmenter:
    """Changes batches in place, in the order of the augmentations. Draws from `rng` alone.

    It owns the arrays that they work in: nothing the size of a batch is allocated after the first of each size.
    `shape` is that of one sample, which may lie flat in the batch.
    """

    def __init__(
        self, members: Sequence[Augmentation], fills: Fills, rng: np.random.Generator, shape: Shape | None = None
    ) -> None:
        self._members = tuple(members)
        self._fills = fills
        self._rng = rng
        self._shape = shape
        self._scratch = Scratch()

    @property
    def nbytes(self) -> int:
        """The memory of the arrays that were worked in so far."""
        return self._scratch.nbytes

    def __call__(self, samples: Array) -> Mix | None:
        """Changes samples (n, ...), C-contiguous; tells how they were mixed, where they were."""
        shaped = samples if self._shape is None else samples.reshape(-1, *self._shape)
        canvas = Canvas.of(shaped, self._scratch, self._fills)
        for member in self._members:
            member.apply(canvas, self._rng)
        return canvas.mix


def check_augmentation(members: Sequence[Augmentation], encoder: Encoder, samples: Inputs, pixels: Pixels) -> None:
    """Raises `ConfigError` where these samples (N, ...), as they are encoded, or their targets cannot be changed."""
    for index, member in enumerate(members):
        where, tag = f"{WHERE}[{index}]", member.tag()
        if samples.dtype.kind != "f":
            message = f"({tag}) changes numbers, but the inputs are ids of tokens"
            raise ConfigError(message, where=where, hint="Remove it.")
        if pixels.uneven and isinstance(member, ImageAugmentation):
            message = f"({tag}) is for pixels that are scaled alike, but each has a scale of its own"
            hint = "Set data.input_scale: unit or none; of a table set scale: none for each column."
            raise ShapeError(message, where=where, hint=hint)
        try:
            member.check(pixels.shape)
        except ShapeError as error:
            raise ShapeError(error.message, where=where, hint=error.hint) from None
        if member.mixes and encoder.task == "reconstruction":
            message = f"({tag}) mixes targets, but a reconstruction has none beside its inputs"
            raise ConfigError(message, where=where, hint="Remove it; gaussian_noise is a layer.")
        if codes := [column.name for column in encoder.columns if column.levels_of_code is not None]:
            message = f"({tag}) averages numbers, but {', '.join(codes)} are codes of categories"
            raise ConfigError(message, where=where, hint="Set encode: one_hot under data.features, or remove it.")


def fills_of(members: Sequence[Augmentation], samples: Inputs, pixels: Pixels) -> Fills:
    """The colors of these training samples (N, ...), as they are encoded.

    The mean is that of each channel over `MEAN_ROWS` samples at most, which lie evenly among all, and exactly 0 where
    the encoder has subtracted it. It is worked out only where something is filled with it.
    """
    black, mean = (np.zeros(pixels.channels, samples.dtype) for _ in range(2))
    offset, scale = np.array(pixels.offset), np.array(pixels.scale)
    black += np.divide(-offset, scale, out=np.zeros_like(offset), where=scale > 0).astype(samples.dtype)
    if any("mean" in member.fills() for member in members) and not offset.any():
        rows = np.linspace(0, len(samples) - 1, min(len(samples), MEAN_ROWS)).astype(np.int64)
        chosen: Array = np.empty((len(rows), *samples.shape[1:]), samples.dtype)
        gather(samples, rows, chosen)
        mean[...] = chosen.reshape(-1, pixels.channels).mean(axis=0, dtype=np.float64)
    return Fills(black, mean)
