"""Targets of new arrays, in a file of their own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from scratchnn.data.files import reading, shown
from scratchnn.data.idx import GZIP, read_idx
from scratchnn.data.npy import NPY, read_npy
from scratchnn.data.samples import held
from scratchnn.data.tables import Array, Arrays, Table
from scratchnn.errors import DataError, UsageError

OPTION = "--targets"


def with_targets(data: Table | Arrays, path: str | Path) -> Arrays:
    """The same arrays with the targets of a file: NPY (N,) or (N, K), or IDX (N,), told apart by how they begin.

    Their place names both files: a message may be about either of them.
    Raises `UsageError` where the data are a table or have targets already, `DataError` for what cannot be theirs.
    """
    if isinstance(data, Table):
        hint = "Remove it: the targets stand in the target column of the table."
        raise UsageError("is for arrays, but the data are a table", where=OPTION, hint=hint)
    if data.targets is not None:
        raise UsageError(f"does not go with {data.where}, which holds targets", where=OPTION, hint="Remove it.")
    path = Path(path)
    targets = read_targets(path)
    if targets.ndim in (1, 2) and len(targets) != len(data):
        got = f"holds {len(targets)} targets, but {data.where} holds {len(data)} inputs"
        raise DataError(got, where=shown(path), hint="Every input needs one target.")
    Arrays.check_targets(targets, len(data), shown(path))
    targets = targets[:, 0] if targets.ndim == 2 and targets.shape[1] == 1 else targets
    return replace(data, where=f"{data.where} with {shown(path)}", targets=targets)


def read_targets(path: Path) -> Array:
    """The array of such a file. Raises `DataError` or `StorageError`."""
    with reading(path), path.open("rb") as file:
        start = file.read(len(NPY))
    if start == NPY:
        return held(read_npy(path))
    if start[:2] in (b"\0\0", GZIP):
        return read_idx(path)
    got = f"neither an NPY nor an IDX file: it begins with 0x{start.hex()}" if start else "the file is empty"
    raise DataError(got, where=shown(path), hint="Write it with numpy.save(path, targets).")
