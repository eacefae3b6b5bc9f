"""Arrays that stay in their file, however large they are."""

from __future__ import annotations

import mmap
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from scratchnn.data.lazy_columns import Array
from scratchnn.data.samples import Samples

LARGE = 1 << 27  # bytes; smaller arrays are held in memory
KEPT = 1 << 26  # bytes of the file that may count as this process's memory before they are given back
FAULT = 1 << 16  # bytes that the system maps at once around one that is read


class ArrayFile:
    """The bytes of an array in C order, mapped from a file.

    The system counts what was read as memory of the process until it is given back; here that is done after every
    `KEPT` bytes, so that a pass over the whole file takes no more. The file must not change in the meantime.
    """

    def __init__(self, path: Path, dtype: np.dtype[Any], shape: tuple[int, ...], offset: int) -> None:
        with path.open("rb") as file:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        numbers = np.frombuffer(self._map, dtype, prod(shape), offset)
        self.array = numbers.reshape(shape)
        self._read = 0

    def read(self, rows: int, *, apart: bool) -> None:
        """Notes that so many rows were read, `apart` or one after the other, and gives memory back where it is time."""
        size = self.array[:1].nbytes
        self._read += rows * (size + FAULT if apart else size)
        if self._read >= KEPT:
            self._read = 0
            if hasattr(mmap, "MADV_DONTNEED"):  # elsewhere the system takes it back when it needs it
                self._map.madvise(mmap.MADV_DONTNEED)


class StoredArray(Samples):
    """These rows of an array in a file, all of them where None, as they are stored."""

    def __init__(self, file: ArrayFile, rows: Array | None = None) -> None:
        self._file = file
        self._rows = rows

    @property
    def shape(self) -> tuple[int, ...]:
        """With the axis of the samples."""
        whole = self._file.array.shape
        return whole if self._rows is None else (len(self._rows), *whole[1:])

    @property
    def dtype(self) -> np.dtype[Any]:
        """As in the file."""
        return self._file.array.dtype

    def take(self, rows: Array) -> StoredArray:
        """These of the rows, in this order."""
        return StoredArray(self._file, rows if self._rows is None else self._rows[rows])

    def in_file_order(self) -> StoredArray:
        """The same rows in the order of the file, which a pass over all of them reads faster."""
        return self if self._rows is None else StoredArray(self._file, np.sort(self._rows))

    def gather(self, rows: Array, out: Array) -> None:
        """Writes these rows to `out`."""
        places = rows if self._rows is None else self._rows[rows]
        np.take(self._file.array, places, axis=0, out=out, mode="clip")
        self._file.read(len(rows), apart=True)

    def __getitem__(self, rows: slice) -> Array:
        """The rows of a slice, as a new array."""
        if self._rows is not None:
            return super().__getitem__(rows)
        found = np.array(self._file.array[rows])
        self._file.read(len(found), apart=False)
        return found
