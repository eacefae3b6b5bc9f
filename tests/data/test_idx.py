from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from scratchnn.data.idx import TYPES, Idx, read_idx, read_images
from scratchnn.data.tables import Arrays
from scratchnn.errors import DataError

IMAGES = bytes([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3]) + bytes(range(12))
LABELS = bytes([0, 0, 8, 1, 0, 0, 0, 2, 7, 3])


def written(array: np.ndarray) -> bytes:
    """The format in its own words: http://yann.lecun.com/exdb/mnist, "the IDX file format"."""
    code = next(code for code, kind in TYPES.items() if kind == array.dtype.newbyteorder(">").str.replace("|", ">"))
    head = bytes([0, 0, code, array.ndim]) + b"".join(size.to_bytes(4, "big") for size in array.shape)
    return head + array.astype(TYPES[code]).tobytes()


def read(folder: Path, images: bytes, labels: bytes) -> Arrays:
    (folder / "images").write_bytes(images)
    (folder / "labels").write_bytes(labels)
    return Idx(images="images", labels="labels").read(folder)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_images_get_a_channel_axis_and_keep_their_numbers(tmp_path: Path, pack: type[bytes]) -> None:
    arrays = read(tmp_path, pack(IMAGES), pack(LABELS))
    assert arrays.inputs.shape == (2, 2, 3, 1)
    assert arrays.inputs.dtype == np.uint8
    assert arrays.inputs[1, :, :, 0].tolist() == [[6, 7, 8], [9, 10, 11]]
    assert arrays.targets is not None
    assert arrays.targets.tolist() == [7, 3]
    assert arrays.task == "classification"


@pytest.mark.parametrize(
    ("images", "labels", "file", "message"),
    [
        (b"", LABELS, "images", "the file is empty"),
        (b"\x89PNG\r\n", LABELS, "images", "not an IDX file: it begins with 0x89504e47"),
        (IMAGES[:2] + b"\x07" + IMAGES[3:], LABELS, "images", "not an IDX file: it begins with 0x00000703"),
        (IMAGES[:9], LABELS, "images", "the header is cut off"),
        (IMAGES[:-1], LABELS, "images", "the file is cut off: 27 bytes, expected 28 for the shape (2, 2, 3)"),
        (IMAGES + b"\0", LABELS, "images", "the file is longer than its header says: 29 bytes, expected 28"),
        (IMAGES, LABELS[:7] + b"\3abc", "labels", "3 labels, but "),
        (LABELS, LABELS, "images", "holds an array of shape (2,), not images"),
        (IMAGES, IMAGES, "labels", "holds uint8 of shape (2, 2, 3), not labels"),
        (gzip.compress(IMAGES, mtime=0)[:-9], LABELS, "images", "the gzip data is damaged: Compressed file ended"),
        (gzip.compress(IMAGES, mtime=0)[:12] + b"\xff" * 20, LABELS, "images", "the gzip data is damaged: "),
        (b"\x1f\x8b\x08", LABELS, "images", "the gzip data is damaged: "),
    ],
)
def test_a_broken_pair_names_the_file(tmp_path: Path, images: bytes, labels: bytes, file: str, message: str) -> None:
    with pytest.raises(DataError) as caught:
        read(tmp_path, images, labels)
    assert caught.value.where == str(tmp_path / file)
    assert caught.value.message.startswith(message)
    assert caught.value.hint


def test_a_header_that_promises_terabytes_allocates_nothing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is cut off"):
        read(tmp_path, b"\0\0\x0e\x03" + b"\xff" * 12, LABELS)


def test_images_alone(tmp_path: Path) -> None:
    (tmp_path / "images").write_bytes(IMAGES)
    arrays = read_images(tmp_path / "images")
    assert arrays.inputs.shape == (2, 2, 3, 1)
    assert arrays.targets is None


@given(
    hnp.arrays(
        st.sampled_from([np.uint8, np.int8, np.int16, np.int32, np.float32, np.float64]),
        hnp.array_shapes(min_dims=1, max_dims=4, max_side=4),
    ),
    st.booleans(),
)
def test_every_type_reads_back_bit_for_bit(
    tmp_path_factory: pytest.TempPathFactory, array: np.ndarray, packed: bool
) -> None:
    path = tmp_path_factory.mktemp("idx", numbered=True) / "file"
    path.write_bytes(gzip.compress(written(array)) if packed else written(array))
    got = read_idx(path)
    assert got.dtype == array.dtype
    assert got.shape == array.shape
    assert got.tobytes() == array.tobytes()
