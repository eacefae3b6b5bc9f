"""Arrays in NumPy's NPZ files."""

from __future__ import annotations

import io
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from scratchnn.data.files import locate, read_bytes, shown
from scratchnn.data.sources import Source
from scratchnn.data.tables import Array, Arrays
from scratchnn.errors import DataError, suggestion

ZIP = b"PK\x03\x04"
NPY = b"\x93NUMPY"
_HINT = "Write it with numpy.savez(path, inputs=..., targets=...)."


class Npz(Source):
    """An archive written by `numpy.savez`: inputs (N, *shape), targets (N,) or (N, K). Pickled objects are refused."""

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
            inputs = read_array(archive, inputs_key, where, _HINT)
            targets = None if targets_key is None else read_array(archive, targets_key, where, _HINT)
        return Arrays.of(inputs, targets, where=where)


def open_archive(path: Path, hint: str) -> np.lib.npyio.NpzFile:
    """The archive in a file, to be closed; `hint` says how it is written. Raises `DataError` or `StorageError`."""
    where = shown(path)
    data = read_bytes(path)
    if data[:4] != ZIP and data[:6] != NPY:
        raise _damaged("it does not begin like a ZIP archive", where, hint)
    try:
        archive = np.load(io.BytesIO(data), allow_pickle=False)
    except Exception as error:  # ValueError, BadZipFile and more, by the kind of damage
        raise _damaged(str(error), where, hint) from None
    if not isinstance(archive, np.lib.npyio.NpzFile):
        raise DataError("holds one bare array, not an archive", where=where, hint=hint)
    return archive


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
