"""Images in IDX files, the format of MNIST."""

from __future__ import annotations

import io
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from scratchnn.data.files import locate, read_bytes, shown
from scratchnn.data.sources import Source
from scratchnn.data.tables import Array, Arrays
from scratchnn.errors import DataError

TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
GZIP = b"\x1f\x8b"


class Idx(Source):
    """A pair of IDX files, plain or gzipped: images (N, H, W) and labels (N,).

    Images get a channel axis: (N, H, W, 1). Format: LeCun et al., The MNIST database, 1998.
    """

    paths: ClassVar[tuple[str, ...]] = ("images", "labels")
    type: Literal["idx"] = "idx"
    images: str = Field(min_length=1, description="The file of images, such as train-images-idx3-ubyte.gz.")
    labels: str = Field(min_length=1, description="The file of labels, such as train-labels-idx1-ubyte.gz.")

    def read(self, base: Path) -> Arrays:
        """All images with their labels. Raises `DataError` or `StorageError`."""
        images = read_images(locate(base, self.images))
        path = locate(base, self.labels)
        where = shown(path)
        labels = read_idx(path)
        if labels.ndim != 1 or labels.dtype.kind not in "iu":
            hint = "Are the two files swapped? Labels are one integer each."
            raise DataError(f"holds {labels.dtype} of shape {labels.shape}, not labels", where=where, hint=hint)
        if len(labels) != len(images):
            got = f"{len(labels)} labels, but {images.where} holds {len(images)} images"
            raise DataError(got, where=where, hint="Take both files from the same set.")
        return Arrays.of(images.inputs, labels, where=images.where, task="classification")

    def read_new(self, path: Path) -> Arrays:
        """A file of images, without labels."""
        return read_images(path)


def read_images(path: Path) -> Arrays:
    """The images of one IDX file, without labels."""
    images = read_idx(path)
    if images.ndim < 2:
        hint = "Are the two files swapped? Images have two axes or more."
        raise DataError(f"holds an array of shape {images.shape}, not images", where=shown(path), hint=hint)
    return Arrays.of(images[..., None] if images.ndim == 3 else images, where=shown(path))


def read_idx(path: Path) -> Array:
    """The array of an IDX file in native byte order: two zeros, a type, the number of axes, the axes, the numbers."""
    data = read_bytes(path)
    where = shown(path)
    return _parse(_unpacked(data, where) if data[:2] == GZIP else data, where)


def _parse(data: bytes, where: str) -> Array:
    if len(data) < 4 or data[:2] != b"\0\0" or data[2] not in TYPES or not 1 <= data[3] <= 8:
        got = f"not an IDX file: it begins with 0x{data[:4].hex()}" if data else "the file is empty"
        raise DataError(got, where=where, hint="An IDX file begins with 0x0000, a type and the number of axes.")
    kind = np.dtype(TYPES[data[2]])
    start = 4 + 4 * data[3]
    if len(data) < start:
        raise DataError("the header is cut off", where=where, hint="Download the file again.")
    shape = [int.from_bytes(data[place : place + 4], "big") for place in range(4, start, 4)]
    count = 1
    for size in shape:
        count *= size
    expected = start + count * kind.itemsize
    if len(data) != expected:
        fault = "is cut off" if len(data) < expected else "is longer than its header says"
        got = f"the file {fault}: {len(data):,} bytes, expected {expected:,} for the shape {tuple(shape)}"
        raise DataError(got, where=where, hint="Download the file again.")
    values = np.frombuffer(data, kind, count, start).reshape(shape)
    return values.astype(kind.newbyteorder("="), copy=False)


def _unpacked(data: bytes, where: str) -> bytes:
    import gzip
    import zlib

    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            return file.read()
    except (OSError, EOFError, zlib.error) as error:
        reason = str(error).rstrip(".")
        hint = "Download the file again."
        raise DataError(f"the gzip data is damaged: {reason}", where=where, hint=hint) from None
