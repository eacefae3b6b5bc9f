"""Samples that are made when they are asked for, in place of an array of all of them."""

from __future__ import annotations

import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from math import prod
from typing import Any

import numpy as np

from scratchnn.data.lazy_columns import Array

BLOCK_BYTES = 1 << 22  # what passes over all samples take at once


class Samples(ABC):
    """N samples (N, *shape) of one dtype, of which only those asked for are held. They never change."""

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """With the axis of the samples, as of an array."""

    @property
    @abstractmethod
    def dtype(self) -> np.dtype[Any]:
        """Of each number."""

    @abstractmethod
    def gather(self, rows: Array, out: Array) -> None:
        """Writes the samples of these rows (n,), in this order, to `out` (n, *shape) of this dtype."""

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def ndim(self) -> int:
        """How many axes there are, as of an array."""
        return len(self.shape)

    @property
    def nbytes(self) -> int:
        """What all of them would take."""
        return prod(self.shape) * self.dtype.itemsize

    def __getitem__(self, rows: slice) -> Array:
        """The samples of a slice, as a new array."""
        places = np.arange(*rows.indices(len(self)))
        out = np.empty((len(places), *self.shape[1:]), self.dtype)
        self.gather(places, out)
        return out

    def held(self) -> Array:
        """All of them, as an array in memory."""
        return self[:]

    def blocks(self) -> Iterator[tuple[int, Array]]:
        """All of them in order, some at a time, each time with the number of the first."""
        step = rows_at_once(self)
        for start in range(0, len(self), step):
            yield start, self[start : start + step]

    def checksum(self, value: int) -> int:
        """CRC-32 of the samples, going on from `value`: it tells whether they are the same as others."""
        for _, block in self.blocks():
            value = zlib.crc32(block.reshape(-1).view(np.uint8).data, value)
        return value


Inputs = Array | Samples
"""The inputs of a part: held, or made when they are asked for."""


def gather(inputs: Inputs, rows: Array, out: Array) -> None:
    """Writes the samples of these rows to `out`, which has the dtype of the inputs. Allocates nothing for an array."""
    if isinstance(inputs, Samples):
        inputs.gather(rows, out)
    else:
        np.take(inputs, rows, axis=0, out=out, mode="clip")  # with "raise" NumPy buffers the output


def held(inputs: Inputs) -> Array:
    """All of them in memory."""
    return inputs.held() if isinstance(inputs, Samples) else inputs


def rows_at_once(inputs: Inputs) -> int:
    """How many samples a pass over all of them takes at once: about `BLOCK_BYTES`."""
    return max(BLOCK_BYTES * len(inputs) // max(inputs.nbytes, 1), 1)
