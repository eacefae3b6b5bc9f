"""Arrays that stay in their file, however large they are."""

from __future__ import annotations

import os
import threading
import weakref
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from scratchnn.data.files import reading, shown
from scratchnn.data.lazy_columns import Array
from scratchnn.data.samples import Samples
from scratchnn.errors import DataError

LARGE = 1 << 27  # bytes; smaller arrays are held in memory


class ArrayFile:
    """The rows of an array in C order, read from its file when they are asked for.

    They are read and not mapped: how much of a mapped file counts as memory of the process is the system's choice,
    from 64 KiB to 2 MiB for each row that is touched. The file must not change in the meantime; it may be deleted.
    Raises `OSError` where it cannot be opened, and `ValueError` where it is shorter than the array.
    """

    def __init__(self, path: Path, dtype: np.dtype[Any], shape: tuple[int, ...], offset: int) -> None:
        self.dtype = dtype
        self.shape = shape
        self._path = path
        self._offset = offset
        self._row = prod(shape[1:]) * dtype.itemsize
        self._file = path.open("rb", buffering=0)
        self._lock = threading.Lock()
        weakref.finalize(self, self._file.close)
        if self._file.seek(0, os.SEEK_END) < offset + shape[0] * self._row:
            raise ValueError("the file ends before its array does")

    def gather(self, rows: Array, out: Array) -> None:
        """Writes these rows to `out`, which is in C order. Raises `DataError` or `StorageError`."""
        if not out.size:
            return
        data = out.view(np.uint8).data.cast("B")
        apart = (np.flatnonzero(np.diff(rows) != 1) + 1).tolist()  # rows that follow each other are read at once
        firsts = rows[[0, *apart]].tolist()
        starts = [0, *(start * self._row for start in apart)]
        stops = [*starts[1:], len(data)]
        with reading(self._path):
            for first, start, stop in zip(firsts, starts, stops, strict=True):
                place = self._offset + first * self._row - start
                while start < stop:  # the system may give fewer bytes than were asked for
                    count = self._read(place + start, data[start:stop])
                    if not count:
                        hint = "Leave it as it is until the program ends."
                        raise DataError("the file has become shorter", where=shown(self._path), hint=hint)
                    start += count

    def _read(self, place: int, out: memoryview) -> int:
        if hasattr(os, "preadv"):
            return os.preadv(self._file.fileno(), [out], place)
        with self._lock:  # between the two calls another thread must not move the place
            self._file.seek(place)
            return self._file.readinto(out) or 0


class StoredArray(Samples):
    """These rows of an array in a file, all of them where None, as they are stored."""

    def __init__(self, file: ArrayFile, rows: Array | None = None) -> None:
        self._file = file
        self._rows = rows

    @property
    def shape(self) -> tuple[int, ...]:
        """With the axis of the samples."""
        whole = self._file.shape
        return whole if self._rows is None else (len(self._rows), *whole[1:])

    @property
    def dtype(self) -> np.dtype[Any]:
        """As in the file."""
        return self._file.dtype

    def take(self, rows: Array) -> StoredArray:
        """These of the rows, in this order."""
        return StoredArray(self._file, rows if self._rows is None else self._rows[rows])

    def in_file_order(self) -> StoredArray:
        """The same rows in the order of the file, which a pass over all of them reads faster."""
        return self if self._rows is None else StoredArray(self._file, np.sort(self._rows))

    def gather(self, rows: Array, out: Array) -> None:
        """Writes these rows to `out`, which is in C order."""
        self._file.gather(rows if self._rows is None else self._rows[rows], out)
