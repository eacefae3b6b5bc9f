from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scratchnn.data.stored_array import ArrayFile, StoredArray

VALUES = np.arange(20, dtype=np.int16).reshape(5, 4)


def stored(folder: Path, values: np.ndarray[Any, Any] = VALUES) -> StoredArray:
    (folder / "raw").write_bytes(b"head" * 2 + values.tobytes())
    return StoredArray(ArrayFile(folder / "raw", values.dtype, values.shape, 8))


def test_it_holds_what_the_file_holds(tmp_path: Path) -> None:
    array = stored(tmp_path)
    assert (array.shape, array.dtype, array.nbytes) == ((5, 4), np.int16, 40)
    assert array.held().tolist() == VALUES.tolist()
    assert array[1:3].tolist() == VALUES[1:3].tolist()
    assert array[1:3].flags.writeable  # a copy


def test_rows_are_taken_of_rows(tmp_path: Path) -> None:
    taken = stored(tmp_path).take(np.array([4, 1, 3])).take(np.array([2, 0]))
    assert taken.shape == (2, 4)
    assert taken.held().tolist() == VALUES[[3, 4]].tolist()
    out = np.empty((1, 4), np.int16)
    taken.gather(np.array([1]), out)
    assert out.tolist() == VALUES[[4]].tolist()
    assert taken.in_file_order().held().tolist() == VALUES[[3, 4]].tolist()
    assert stored(tmp_path).take(np.array([4, 1])).in_file_order().held().tolist() == VALUES[[1, 4]].tolist()


def test_memory_is_given_back_as_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[int] = []
    array = stored(tmp_path)
    file = array._file

    class Counted:
        def madvise(self, advice: int) -> None:
            given.append(advice)

    monkeypatch.setattr(file, "_map", Counted())
    monkeypatch.setattr("scratchnn.data.stored_array.KEPT", 32)
    array[0:2]  # 16 bytes
    assert given == []
    array[2:4]
    assert len(given) == 1
    array[0:3]
    assert len(given) == 1
    array.gather(np.array([0]), np.empty((1, 4), np.int16))  # apart from others: the system maps more around it
    assert len(given) == 2
    assert array.held().tolist() == VALUES.tolist()


def test_the_checksum_is_that_of_the_same_rows_in_memory(tmp_path: Path) -> None:
    """So that a run knows its rows again on a machine with more memory."""
    taken = stored(tmp_path).take(np.array([0, 2, 3]))
    assert taken.checksum(7) == zlib.crc32(VALUES[[0, 2, 3]].tobytes(), 7)
    assert taken.checksum(7) != stored(tmp_path).checksum(7)
