"""Arrays in NumPy's NPY files, one array a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from scratchnn.data.files import locate, reading, shown
from scratchnn.data.samples import held
from scratchnn.data.sources import Source
from scratchnn.data.stored_array import LARGE, ArrayFile, StoredArray
from scratchnn.data.tables import Array, Arrays
from scratchnn.errors import DataError

NPY = b"\x93NUMPY"


class Npy(Source):
    """Files written by `numpy.save`: inputs (N, *shape), and beside them targets (N,) or (N, K).

    Inputs of 128 MiB or more are not copied into memory, if their file is in C order: what is used is read when it is
    used, and training takes no more memory than with a small file. So such a file must not change while the program
    runs. Pickled objects are refused.
    """

    type: Literal["npy"] = "npy"
    paths: ClassVar[tuple[str, ...]] = ("path", "targets")
    path: str = Field(min_length=1, description="The file of inputs.")
    targets: str | None = Field(None, min_length=1, description="The file of targets. Null: there are none.")

    def read(self, base: Path) -> Arrays:
        """The arrays. Raises `DataError` or `StorageError`."""
        path = locate(base, self.path)
        alone = Arrays.of(read_npy(path), where=shown(path))
        if self.targets is None:
            return alone
        other = locate(base, self.targets)
        targets = held(read_npy(other))
        if targets.ndim in (1, 2) and len(targets) != len(alone):
            got = f"{len(targets)} targets, but {alone.where} holds {len(alone)} inputs"
            raise DataError(got, where=shown(other), hint="Every input needs one target.")
        Arrays.check_targets(targets, len(alone), shown(other))
        targets = targets[:, 0] if targets.ndim == 2 and targets.shape[1] == 1 else targets
        return Arrays(alone.where, alone.inputs, targets)

    def read_new(self, path: Path) -> Arrays:
        """A file of inputs, without targets."""
        return Npy(path=str(path)).read(Path())


def read_npy(path: Path) -> Array | StoredArray:
    """The array of a file, where a large one stays. Raises `DataError` or `StorageError`."""
    where = shown(path)
    with reading(path), path.open("rb") as file:
        start = file.read(len(NPY))
    if start != NPY:
        got = "the file is empty" if not start else f"not an NPY file: it begins with 0x{start.hex()}"
        raise DataError(got, where=where, hint="Write it with numpy.save(path, array).")
    try:
        array: np.memmap[Any, np.dtype[Any]] = np.load(path, mmap_mode="r", allow_pickle=False)
    except OSError as error:
        with reading(path):
            raise error
    except Exception as error:  # ValueError, SyntaxError and more, by the kind of damage
        if "Python objects" in str(error):
            hint = "Store numbers: pickled objects can run code, so they are never read."
            raise DataError("the array holds Python objects", where=where, hint=hint) from None
        if "mmap length" in str(error):
            hint = "Copy it again, or write it with numpy.save(path, array)."
            raise DataError("the file ends before its array does", where=where, hint=hint) from None
        reason = (str(error).strip().splitlines() or ["the data is damaged"])[0].rstrip(".")
        hint = "Write it with numpy.save(path, array)."
        raise DataError(f"not a readable NPY file: {reason}", where=where, hint=hint) from None
    if array.nbytes < LARGE or not array.ndim or not array.flags.c_contiguous:
        return np.array(array)
    shape = array.shape if array.ndim > 1 else (*array.shape, 1)
    return StoredArray(ArrayFile(path, array.dtype, shape, array.offset))
