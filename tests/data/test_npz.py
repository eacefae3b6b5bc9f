from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scratchnn.data.npz import Npz
from scratchnn.data.samples import held
from scratchnn.data.stored_array import StoredArray
from scratchnn.data.tables import Arrays
from scratchnn.errors import DataError

X = np.arange(12.0).reshape(3, 4)
Y = np.array([0, 1, 1])


def read(folder: Path, settings: dict[str, str] | None = None, **arrays: np.ndarray) -> Arrays:
    np.savez(folder / "data.npz", **arrays)
    return Npz.model_validate({"type": "npz", "path": "data.npz", **(settings or {})}).read(folder)


@pytest.mark.parametrize(
    ("settings", "names"),
    [({}, ("inputs", "targets")), ({}, ("x", "y")), ({"inputs_key": "a", "targets_key": "b"}, ("a", "b"))],
)
def test_reads_inputs_and_targets_by_key(tmp_path: Path, settings: dict[str, str], names: tuple[str, str]) -> None:
    arrays = read(tmp_path, settings, **{names[0]: X, names[1]: Y})
    assert arrays.inputs.tolist() == X.tolist()
    assert arrays.targets is not None
    assert arrays.targets.tolist() == [0, 1, 1]


def test_compressed_archives_and_missing_targets(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "data.npz", x=X)
    arrays = Npz(path="data.npz").read(tmp_path)
    assert arrays.inputs.tolist() == X.tolist()
    assert arrays.targets is None


@pytest.mark.parametrize("values", [X, X[:, 0], X.astype(">f4"), np.ones((3, 2, 2), np.uint8)])
def test_large_inputs_stay_in_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, values: np.ndarray[Any, Any]
) -> None:
    small = read(tmp_path, inputs=values, targets=Y)
    monkeypatch.setattr("scratchnn.data.npz.LARGE", 1)
    large = read(tmp_path, inputs=values, targets=Y)
    assert isinstance(small.inputs, np.ndarray)
    assert isinstance(large.inputs, StoredArray)
    assert large.inputs.held().tolist() == small.inputs.tolist()
    assert isinstance(large.targets, np.ndarray)


def test_what_cannot_stay_in_the_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scratchnn.data.npz.LARGE", 1)
    np.savez_compressed(tmp_path / "data.npz", inputs=X)
    assert isinstance(Npz(path="data.npz").read(tmp_path).inputs, np.ndarray)
    assert isinstance(read(tmp_path, inputs=np.asfortranarray(X)).inputs, np.ndarray)
    with pytest.raises(DataError, match="holds Python objects"):
        read(tmp_path, inputs=np.array([{}, 1, 2], object))
    np.savez(tmp_path / "data.npz", inputs=X)
    data = (tmp_path / "data.npz").read_bytes()
    for place in range(len(data)):  # a changed byte is an error, or the inputs can be read
        (tmp_path / "data.npz").write_bytes(data[:place] + bytes([data[place] ^ 8]) + data[place + 1 :])
        with suppress(DataError):
            held(Npz(path="data.npz").read(tmp_path).inputs)
    (tmp_path / "data.npz").write_bytes(data[:200])
    with pytest.raises(DataError, match="not a readable NPZ file"):
        Npz(path="data.npz").read(tmp_path)


@pytest.mark.parametrize(
    ("arrays", "message", "hint"),
    [
        ({"imputs": X, "targets": Y}, 'there is no array "inputs"', 'Did you mean "imputs"? Name it in inputs_key.'),
        ({"inputs": X, "targets": Y[:2]}, "3 inputs but 2 targets", "Every input needs one target."),
        ({"inputs": np.array([{}, {}])}, 'the array "inputs" holds Python objects', "Store numbers"),
        ({"inputs": X.astype(complex)}, "inputs are of the type complex128, not numbers", "Store booleans"),
        ({"inputs": np.array(["a"])}, "inputs are of the type <U1, not numbers", "Store booleans"),
        ({"inputs": np.zeros((0, 4))}, "inputs of shape (0, 4) hold no sample", "The first axis"),
        ({"inputs": np.float64(1)}, "inputs of shape () hold no sample", "The first axis"),
        ({"inputs": X, "targets": np.zeros((3, 1, 1))}, "targets have the shape (3, 1, 1)", "Targets are"),
        ({"inputs": np.array([[1, 2], [3, np.inf]])}, "inputs[1, 1] is inf, not a finite number", "Missing and"),
        ({"inputs": X, "targets": np.array([1, np.nan, 3])}, "targets[1] is nan, not a finite number", "Missing and"),
    ],
)
def test_arrays_that_cannot_be_used(tmp_path: Path, arrays: dict[str, np.ndarray], message: str, hint: str) -> None:
    with pytest.raises(DataError) as caught:
        read(tmp_path, **arrays)
    assert caught.value.message == message
    assert caught.value.hint.startswith(hint)
    assert caught.value.where == str(tmp_path / "data.npz")


def test_a_named_key_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match='there is no array "label"'):
        read(tmp_path, {"targets_key": "label"}, inputs=X, labels=Y)


@pytest.mark.parametrize(
    "content", [b"", b"text, not numbers", b"\x80\x04K\x01.", b"PK\x03\x04", b"PK\x03\x04" + b"x" * 99]
)
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "data.npz").write_bytes(content)
    with pytest.raises(DataError, match="not a readable NPZ file"):
        Npz(path="data.npz").read(tmp_path)


def test_a_bare_array_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "data.npz").open("wb") as file:
        np.save(file, X)
    with pytest.raises(DataError, match="holds one bare array"):
        Npz(path="data.npz").read(tmp_path)


def test_a_damaged_member_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "data.npz", inputs=X)
    content = bytearray((tmp_path / "data.npz").read_bytes())
    content[200] ^= 0xFF
    (tmp_path / "data.npz").write_bytes(content)
    with pytest.raises(DataError, match="not a readable NPZ file: Bad CRC-32"):
        Npz(path="data.npz").read(tmp_path)
