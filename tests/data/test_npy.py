from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scratchnn.data.npy import Npy, read_npy
from scratchnn.data.preparation import read_path
from scratchnn.data.samples import held
from scratchnn.data.sources import Source
from scratchnn.data.stored_array import StoredArray
from scratchnn.data.tables import Arrays
from scratchnn.errors import DataError, StorageError

X = np.arange(12.0).reshape(3, 4)
Y = np.array([[0], [1], [1]])


def test_reads_inputs_and_targets(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", X)
    np.save(tmp_path / "y.npy", Y)
    arrays = Npy(path="x.npy", targets="y.npy").read(tmp_path)
    assert arrays.inputs.tolist() == X.tolist()
    assert arrays.targets is not None
    assert arrays.targets.tolist() == [0, 1, 1]
    assert arrays.where == str(tmp_path / "x.npy")
    alone = Source.parse("x.npy").read(tmp_path)
    assert isinstance(alone, Arrays)
    assert alone.targets is None


def test_small_inputs_are_held(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", X)
    inputs = Npy(path="x.npy").read(tmp_path).inputs
    assert isinstance(inputs, np.ndarray)
    (tmp_path / "x.npy").write_bytes(b"")
    assert inputs.tolist() == X.tolist()


def test_large_inputs_stay_in_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scratchnn.data.npy.LARGE", X.nbytes)
    np.save(tmp_path / "x.npy", X)
    np.save(tmp_path / "y.npy", Y)
    arrays = Npy(path="x.npy", targets="y.npy").read(tmp_path)
    assert isinstance(arrays.inputs, StoredArray)
    assert arrays.inputs.held().tolist() == X.tolist()
    assert isinstance(arrays.targets, np.ndarray)
    taken = arrays.take(np.array([2, 0]))
    assert isinstance(taken.inputs, StoredArray)
    assert taken.inputs.held().tolist() == X[[2, 0]].tolist()


@pytest.mark.parametrize("values", [np.arange(6.0), np.arange(6, dtype=">i2"), np.array([1.5, -2], np.float16)])
def test_large_inputs_of_any_kind_are_read_as_small_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, values: np.ndarray[Any, Any]
) -> None:
    np.save(tmp_path / "x.npy", values)
    small = Npy(path="x.npy").read(tmp_path).inputs
    monkeypatch.setattr("scratchnn.data.npy.LARGE", 1)
    large = Npy(path="x.npy").read(tmp_path).inputs
    assert isinstance(large, StoredArray)
    assert large.shape == small.shape == (len(values), 1)
    assert large.held().tolist() == held(small).tolist()


def test_large_inputs_in_fortran_order_are_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scratchnn.data.npy.LARGE", 1)
    np.save(tmp_path / "x.npy", np.asfortranarray(X))
    inputs = Npy(path="x.npy").read(tmp_path).inputs
    assert isinstance(inputs, np.ndarray)
    assert inputs.tolist() == X.tolist()


def test_large_inputs_are_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scratchnn.data.npy.LARGE", 1)
    monkeypatch.setattr("scratchnn.data.samples.BLOCK_BYTES", 4 * X.itemsize)
    np.save(tmp_path / "x.npy", np.where(X == 6, np.nan, X))
    with pytest.raises(DataError, match=r"inputs\[1, 2\] is nan, not a finite number"):
        Npy(path="x.npy").read(tmp_path)


def test_new_files_are_inputs_alone(tmp_path: Path) -> None:
    np.save(tmp_path / "new.npy", X + 1)
    arrays = read_path(tmp_path / "new.npy", Npy(path="x.npy", targets="y.npy"))
    assert isinstance(arrays, Arrays)
    assert arrays.inputs.tolist() == (X + 1).tolist()
    assert arrays.targets is None


def test_paths_that_are_absent_do_not_move() -> None:
    assert Npy(path="x.npy").moved(str.upper) == Npy(path="X.NPY")
    assert Npy(path="x.npy", targets="y.npy").moved(str.upper) == Npy(path="X.NPY", targets="Y.NPY")


@pytest.mark.parametrize(
    ("inputs", "targets", "file", "message"),
    [
        (X, Y[:2], "y.npy", "2 targets, but "),
        (X, np.zeros((3, 1, 1)), "y.npy", "targets have the shape (3, 1, 1)"),
        (X, np.array([0, 1, np.inf]), "y.npy", "targets[2] is inf, not a finite number"),
        (X.astype(complex), Y, "x.npy", "inputs are of the type complex128, not numbers"),
        (np.array(5.0), Y, "x.npy", "inputs of shape () hold no sample"),
        (np.where(X == 6, np.nan, X), Y, "x.npy", "inputs[1, 2] is nan, not a finite number"),
        (np.array([{}, 1, 2], object), Y, "x.npy", "the array holds Python objects"),
    ],
)
def test_arrays_that_cannot_be_used(
    tmp_path: Path, inputs: np.ndarray, targets: np.ndarray, file: str, message: str
) -> None:
    np.save(tmp_path / "x.npy", inputs)
    np.save(tmp_path / "y.npy", targets)
    with pytest.raises(DataError) as caught:
        Npy(path="x.npy", targets="y.npy").read(tmp_path)
    assert caught.value.where == str(tmp_path / file)
    assert caught.value.message.startswith(message)
    assert caught.value.hint


def test_the_place_of_a_number_far_down(tmp_path: Path) -> None:
    values = np.zeros((9000, 2))
    values[8999, 1] = np.nan
    np.save(tmp_path / "x.npy", values)
    with pytest.raises(DataError, match=r"inputs\[8999, 1\] is nan"):
        Npy(path="x.npy").read(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"PK\x03\x04", "not an NPY file: it begins with 0x504b0304"),
        (b"\x80\x04K\x01.", "not an NPY file: it begins with 0x80044b012e"),
        (b"\x93NUMPY", "not a readable NPY file: "),
        (b"\x93NUMPY\x01\x00\x05\x00abcde", "not a readable NPY file: "),
        (b"\x93NUMPY\x09\x00\x05\x00abcde", "not a readable NPY file: "),
    ],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "x.npy").write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_npy(tmp_path / "x.npy")
    assert caught.value.message.startswith(message)
    assert caught.value.where == str(tmp_path / "x.npy")


def test_a_file_that_is_cut_off(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", X)
    content = (tmp_path / "x.npy").read_bytes()
    (tmp_path / "x.npy").write_bytes(content[:-1])
    with pytest.raises(DataError, match="the file ends before its array does"):
        read_npy(tmp_path / "x.npy")


def test_files_that_are_not_there(tmp_path: Path) -> None:
    np.save(tmp_path / "inputs.npy", X)
    with pytest.raises(DataError, match="there is no such file") as caught:
        Npy(path="input.npy").read(tmp_path)
    assert caught.value.hint == 'Did you mean "inputs.npy"?'
    with pytest.raises(DataError, match="is a folder, not a file"):
        Npy(path=".").read(tmp_path)
    with pytest.raises(DataError, match="this is not a file"):
        Npy(path="a\0b").read(tmp_path)
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(StorageError):
        Npy(path="loop").read(tmp_path)
