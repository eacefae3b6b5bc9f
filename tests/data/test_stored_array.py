from __future__ import annotations

import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scratchnn.data.stored_array import ArrayFile, StoredArray
from scratchnn.errors import DataError

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


@pytest.mark.skipif(sys.platform != "linux", reason="what of its memory is mapped files, only Linux tells a process")
def test_a_file_that_stays_takes_no_memory(tmp_path: Path) -> None:
    values = np.arange(1 << 21, dtype=np.float64).reshape(-1, 16)
    array = stored(tmp_path, values)
    out = np.empty((64, 16))
    before = resident()
    for rows in np.random.default_rng(0).permutation(len(values)).reshape(-1, 64):
        array.gather(rows, out)
        assert np.array_equal(out, values[rows])
        assert resident() - before < values.nbytes // 2


def resident() -> int:
    """Bytes of files that are mapped into this process, as far as they count as its memory."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("RssFile"))


@pytest.mark.parametrize("system", ["places", "no places"])
def test_rows_that_follow_each_other_are_read_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: str
) -> None:
    if system == "no places":  # Windows
        monkeypatch.delattr("os.preadv", raising=False)
    array = stored(tmp_path)
    asked: list[int] = []
    read = array._file._read

    def counted(place: int, out: memoryview) -> int:
        asked.append(len(out))
        return read(place, out[:12])  # the system may give less than it was asked for

    monkeypatch.setattr(array._file, "_read", counted)
    out = np.empty((4, 4), np.int16)
    array.gather(np.array([3, 4, 1, 1]), out)
    assert out.tolist() == VALUES[[3, 4, 1, 1]].tolist()
    assert asked == [16, 4, 8, 8]
    array.gather(np.array([], int), out[:0])
    assert len(asked) == 4


def test_a_file_that_has_become_shorter_is_an_error(tmp_path: Path) -> None:
    array = stored(tmp_path)
    (tmp_path / "raw").write_bytes(bytes(40))
    assert array[0:3].tolist() == [[0] * 4] * 3
    with pytest.raises(DataError, match=r"raw.*the file has become shorter"):
        array.held()
    with pytest.raises(ValueError, match="ends before its array does"):
        ArrayFile(tmp_path / "raw", VALUES.dtype, VALUES.shape, 8)


def test_the_file_may_be_deleted(tmp_path: Path) -> None:
    array = stored(tmp_path)
    (tmp_path / "raw").unlink()
    assert array.held().tolist() == VALUES.tolist()


def test_the_checksum_is_that_of_the_same_rows_in_memory(tmp_path: Path) -> None:
    """So that a run knows its rows again on a machine with more memory."""
    taken = stored(tmp_path).take(np.array([0, 2, 3]))
    assert taken.checksum(7) == zlib.crc32(VALUES[[0, 2, 3]].tobytes(), 7)
    assert taken.checksum(7) != stored(tmp_path).checksum(7)
