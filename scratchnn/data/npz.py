"""Arrays in NumPy's NPZ files."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from scratchnn.data.files import locate, reading, shown
from scratchnn.data.sources import Source
from scratchnn.data.stored_array import LARGE, ArrayFile, StoredArray
from scratchnn.data.tables import Array, Arrays
from scratchnn.errors import DataError, suggestion

ZIP = b"PK\x03\x04"
NPY = b"\x93NUMPY"
LOCAL_HEADER = 30  # bytes before the name of a member, which end with the lengths of the name and of what follows it
_HINT = "Write it with numpy.savez(path, inputs=..., targets=...)."


class Npz(Source):
    """An archive written by `numpy.savez`: inputs (N, *shape), targets (N,) or (N, K). Pickled objects are refused.

    Inputs of 128 MiB or more that are not compressed stay in the file, as those of an NPY file do.
    """

    paths: ClassVar[tuple[str, ...]] = ("path",)
    type: Literal["npz"] = "npz"
    path: str = Field(min_length=1, description="The file.")
    inputs_key: str | None = Field(None, description='The name of the inputs. Null: "inputs", or else "x".')
    targets_key: str | None = Field(None, description='The name of the targets. Null: "targets", or else "y".')

    def read(self, base: Path) -> Arrays:
        """The arrays; targets are None where a null `targets_key` finds none. Raises `DataError` or `StorageError`."""
        path = locate(base, self.path)
        where = shown(path)
        with open_archive(path, _HINT) as archive:
            inputs_key = self.inputs_key or next((key for key in ("inputs", "x") if key in archive), "inputs")
            targets_key = self.targets_key or next((key for key in ("targets", "y") if key in archive), None)
            for key, setting in ((inputs_key, "inputs_key"), (targets_key, "targets_key")):
                if key is not None and key not in archive:
                    hint = f"{suggestion(key, archive.files)} Name it in {setting}."
                    raise DataError(f'there is no array "{key}"', where=where, hint=hint.strip())
            stored = array_in_place(path, archive, inputs_key)
            inputs = read_array(archive, inputs_key, where, _HINT) if stored is None else stored
            targets = None if targets_key is None else read_array(archive, targets_key, where, _HINT)
        return Arrays.of(inputs, targets, where=where)


@contextmanager
def open_archive(path: Path, hint: str) -> Iterator[np.lib.npyio.NpzFile]:
    """The archive in a file; `hint` says how it is written. Raises `DataError` or `StorageError`."""
    where = shown(path)
    with reading(path):
        file = path.open("rb")
    with file:
        start = file.read(len(NPY))
        if start == NPY:
            raise DataError("holds one bare array, not an archive", where=where, hint=hint)
        if start[: len(ZIP)] != ZIP:
            raise _damaged("it does not begin like a ZIP archive", where, hint)
        file.seek(0)
        try:
            archive = np.load(file, allow_pickle=False)
        except Exception as error:  # ValueError, BadZipFile and more, by the kind of damage
            raise _damaged(str(error), where, hint) from None
        with archive:
            yield archive


def array_in_place(path: Path, archive: np.lib.npyio.NpzFile, key: str) -> StoredArray | None:
    """A large array that the archive holds as an NPY file holds it; None where it must be read and unpacked."""
    member = (
        archive.zip.getinfo(f"{key}.npy")
        if archive.zip is not None and f"{key}.npy" in archive.zip.NameToInfo
        else None
    )
    if member is None or member.compress_type != zipfile.ZIP_STORED or member.file_size < LARGE:
        return None
    with reading(path), path.open("rb") as file:
        try:
            file.seek(member.header_offset)
            name, extra = struct.unpack("<26xHH", file.read(LOCAL_HEADER))
            start = file.seek(name + extra, io.SEEK_CUR)
            version = np.lib.format.read_magic(file)
            header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            shape, fortran, dtype = header(file)
        except Exception:  # OSError, struct.error and more, by the kind of damage; reading it says which
            return None
        offset, end = file.tell(), file.seek(0, io.SEEK_END)
    in_place = shape and not (fortran and len(shape) > 1) and not dtype.hasobject
    stop = offset + prod(shape) * dtype.itemsize
    if not in_place or stop != start + member.file_size or stop > end:
        return None
    return StoredArray(ArrayFile(path, dtype, shape if len(shape) > 1 else (*shape, 1), offset))


def read_array(archive: np.lib.npyio.NpzFile, key: str, where: str, hint: str) -> Array:
    """An array that the archive has. Raises `DataError` where it is damaged, or holds Python objects."""
    try:
        return np.asarray(archive[key])
    except Exception as error:  # ValueError, zlib.error, BadZipFile and more, by the kind of damage
        if "Object arrays" in str(error):
            mend = "Store numbers: pickled objects can run code, so they are never read."
            raise DataError(f'the array "{key}" holds Python objects', where=where, hint=mend) from None
        raise _damaged(str(error), where, hint) from None


def _damaged(reason: str, where: str, hint: str) -> DataError:
    first = reason.strip().splitlines()[0].rstrip(".") if reason.strip() else "the data is damaged"
    return DataError(f"not a readable NPZ file: {first}", where=where, hint=hint)
