from __future__ import annotations

import json
import pickle
import struct
import tracemalloc

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import save, save_file

from scratchnn.errors import ModelError, StorageError
from scratchnn.training.tensors import read_tensors, write_tensors

DOCUMENT = {"format": 1, "numbers": [0.1, 1e-300, 2**53], "text": 'ä "\n'}
ARRAYS = {
    "weights": np.arange(12, dtype=np.float32).reshape(3, 4) / 7,
    "ids": np.array([2**62, -1]),
    "wide": np.array([[np.pi]]),
    "empty": np.zeros((0, 3), np.float32),
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    path = tmp_path_factory.mktemp("tensors") / "whole.safetensors"
    write_tensors(path, DOCUMENT, ARRAYS)
    return path.read_bytes()


def read(content, folder):
    path = folder / "some.safetensors"
    path.write_bytes(content)
    return read_tensors(path)


def test_what_was_written_is_read(whole, tmp_path):
    document, arrays = read(whole, tmp_path)
    assert document == DOCUMENT
    assert arrays.keys() == ARRAYS.keys()
    for name, array in arrays.items():
        assert array.dtype == ARRAYS[name].dtype
        np.testing.assert_array_equal(array, ARRAYS[name])


def test_equal_content_is_equal_bytes(whole, tmp_path):
    path = tmp_path / "other.safetensors"
    for names in (list(ARRAYS), list(ARRAYS)[::-1]):
        strided = {name: np.asfortranarray(ARRAYS[name]) for name in names}
        write_tensors(path, dict(DOCUMENT), strided)
        assert path.read_bytes() == whole


def test_nan_in_the_document_is_refused(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_tensors(tmp_path / "a", {"value": float("nan")}, {})


def test_cut_at_any_byte(whole, tmp_path):
    for length in range(len(whole)):
        with pytest.raises(ModelError):
            read(whole[:length], tmp_path)


def test_any_single_byte_flipped(whole, tmp_path):
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << place % 8
        try:
            document, arrays = read(bytes(damaged), tmp_path)
        except ModelError:
            continue
        # nothing but the spelling of the header may change without notice
        assert place < len(whole) - sum(array.nbytes for array in ARRAYS.values())
        assert document == DOCUMENT
        assert all((arrays[name] == array).all() for name, array in ARRAYS.items())


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_damage_is_a_model_error_or_no_damage(whole, tmp_path, data):
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 8))):
        start = data.draw(st.integers(0, len(damaged)))
        stop = data.draw(st.integers(start, min(len(damaged), start + 20)))
        damaged[start:stop] = data.draw(st.binary(max_size=20))
    try:
        document, arrays = read(bytes(damaged), tmp_path)
    except ModelError:
        return
    assert document == DOCUMENT
    assert all((arrays[name] == array).all() for name, array in ARRAYS.items())


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(header=st.binary(max_size=60), length=st.integers(0, 2**64 - 1) | st.none())
def test_any_header_is_a_model_error(tmp_path, header, length):
    size = len(header) if length is None else length
    with pytest.raises(ModelError):
        read(struct.pack("<Q", size) + header, tmp_path)


def test_a_huge_header_is_refused_without_reading_it(tmp_path):
    tracemalloc.start()
    with pytest.raises(ModelError, match="cannot be read"):
        read(struct.pack("<Q", 2**62) + b"{" * 100, tmp_path)
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()


@pytest.mark.parametrize(
    "metadata",
    [
        None,
        {"other": "1"},
        {"scratchnn": ""},
        {"scratchnn": "no json"},
        {"scratchnn": "[]"},
        {"scratchnn": "7"},
        {"scratchnn": '"text"'},
        {"scratchnn": "null"},
        {"scratchnn": "{}"},
        {"scratchnn": "[" * 100_000},
        {"scratchnn": '{"crc32": 0}'},
        {"scratchnn": '{"crc32": null, "format": 1}'},
        {"scratchnn": '{"crc32": [], "format": NaN}'},
        {"scratchnn": '{"crc32": 0, "a": "\\ud800"}'},
    ],
)
def test_wrong_metadata(tmp_path, metadata):
    path = tmp_path / "foreign.safetensors"
    save_file({"a": np.ones(3)}, path, metadata=metadata)
    with pytest.raises(ModelError):
        read_tensors(path)


@pytest.mark.parametrize("dtype", ["BF16", "F8_E4M3", "F8_E5M2", "U8", "BOOL", "C64", "F4", "F16"])
def test_types_that_we_do_not_write(tmp_path, dtype):
    size = {"BF16": 2, "F16": 2, "C64": 8}.get(dtype, 1)
    head = json.dumps({"a": {"dtype": dtype, "shape": [1], "data_offsets": [0, size]}}).encode()
    with pytest.raises(ModelError):
        read(struct.pack("<Q", len(head)) + head + bytes(size), tmp_path)


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"\x93NUMPY" + bytes(100), b"PK\x03\x04" + bytes(100)])
def test_other_files(tmp_path, content):
    with pytest.raises(ModelError, match="cannot be read") as caught:
        read(content, tmp_path)
    assert caught.value.where == str(tmp_path / "some.safetensors")
    assert caught.value.exit_code == 4


class Trap:
    def __reduce__(self):
        return (pytest.fail, ("a pickle was run",))


def test_a_pickle_is_not_run(tmp_path):
    with pytest.raises(ModelError):
        read(pickle.dumps(Trap()), tmp_path)


def test_missing_files_and_folders(tmp_path):
    with pytest.raises(StorageError, match="No such file"):
        read_tensors(tmp_path / "missing.safetensors")
    with pytest.raises(StorageError, match="directory"):
        read_tensors(tmp_path)


def test_a_check_sum_that_fits_other_arrays(whole, tmp_path):
    path = tmp_path / "swapped.safetensors"
    size = struct.unpack("<Q", whole[:8])[0]
    metadata = json.loads(whole[8 : 8 + size])["__metadata__"]
    path.write_bytes(save({**ARRAYS, "wide": np.array([[3.0]])}, metadata=metadata))
    with pytest.raises(ModelError, match="check sum"):
        read_tensors(path)
    path.write_bytes(save({**ARRAYS, "wide": np.array([np.pi])}, metadata=metadata))
    with pytest.raises(ModelError, match="check sum"):
        read_tensors(path)
