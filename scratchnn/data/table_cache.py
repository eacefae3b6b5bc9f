"""Encoded rows of large tables, kept in files beside the runs. Every folder may be deleted: it is made again."""

from __future__ import annotations

import errno
import hashlib
import json
import shutil
import tempfile
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from scratchnn.data.encoder import Encoder
from scratchnn.data.files import reading
from scratchnn.data.lazy_columns import Array
from scratchnn.data.stored_array import ArrayFile, StoredArray
from scratchnn.errors import StorageError

FORMAT = 1  # counts up when what is kept changes
READ = 1 << 20
NEEDED = ("places", "rows", "targets")
"""The arrays of each part; there may be weights beside them."""
STALE_SECONDS = 3600.0  # blocks are written every few seconds


@dataclass(frozen=True)
class Kept:
    """What a folder holds: `arrays` by name, and `facts` as JSON. The inputs of each source are a `StoredArray`."""

    encoder: Encoder
    inputs: dict[str, StoredArray]
    arrays: dict[str, Array]
    facts: dict[str, Any]

    @property
    def is_whole(self) -> bool:
        """Whether there is all that a training takes. Raises `KeyError` and the like for facts of something else."""
        parts: dict[str, str] = self.facts["parts"]
        needed = {f"{part}.{key}" for part in ("train", *parts) for key in NEEDED}
        told = isinstance(self.facts["unseen"], dict) and isinstance(self.facts["ignored"], list)
        return told and self.arrays.keys() >= needed and self.inputs.keys() >= {parts["train"], *parts.values()}


class TableCache:
    """The folders under `root`, each named by a check sum of all that its content depends on."""

    def __init__(self, root: Path, dtype: DTypeLike) -> None:
        self._root = root
        self.dtype = np.dtype(dtype)

    def folder(self, files: list[Path], meaning: Mapping[str, Any]) -> Path:
        """Where the rows of these files belong, encoded as `meaning` says. Reads each file once."""
        digest = hashlib.sha256()
        digest.update(json.dumps([FORMAT, self.dtype.str, meaning], sort_keys=True).encode())
        for path in files:
            with reading(path), path.open("rb") as file:
                while data := file.read(READ):
                    digest.update(data)
            digest.update(b"end of file")
        return self._root / digest.hexdigest()[:24]

    def load(self, folder: Path) -> Kept | None:
        """What a folder holds; None where it is not there or not whole."""
        try:
            facts = json.loads((folder / "facts.json").read_text(encoding="utf-8"))
            encoder = Encoder.model_validate_json((folder / "encoder.json").read_bytes())
            dtype = np.dtype(np.int64) if encoder.takes_ids else self.dtype
            with (folder / "parts.npz").open("rb") as file, np.load(file, allow_pickle=False) as archive:
                arrays = dict(archive)
            inputs = {
                source: StoredArray(ArrayFile(folder / f"{source}.inputs", dtype, tuple(shape), 0))
                for source, shape in facts["shapes"].items()
            }
            kept = Kept(encoder, inputs, arrays, facts)
            return kept if kept.is_whole else None
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):  # EOFError: an NPZ file of no byte
            return None
        except (TypeError, AttributeError):  # facts of other kinds
            return None

    @contextmanager
    def making(self, folder: Path) -> Iterator[Path]:
        """A new folder to fill, which becomes `folder` at the end; nothing is left where something is raised."""
        with _refusals(self._root):
            self._root.mkdir(parents=True, exist_ok=True)
            _remove_stale(self._root)
            part = Path(tempfile.mkdtemp(prefix=".new-", dir=self._root))
        try:
            yield part
            with _refusals(folder):
                self._put(part, folder)
        finally:
            shutil.rmtree(part, ignore_errors=True)

    def _put(self, part: Path, folder: Path) -> None:
        """Gives a folder its name, unless another process, which may be reading it, has made the same meanwhile."""
        try:
            part.replace(folder)
        except OSError:
            if self.load(folder) is None:  # it is damaged
                shutil.rmtree(folder, ignore_errors=True)
                part.replace(folder)

    def save(self, folder: Path, encoder: Encoder, arrays: Mapping[str, Array], facts: Mapping[str, Any]) -> None:
        """Writes everything but the inputs."""
        with _refusals(folder):
            (folder / "encoder.json").write_text(encoder.model_dump_json(), encoding="utf-8")
            np.savez(folder / "parts.npz", allow_pickle=False, **arrays)
            (folder / "facts.json").write_text(json.dumps(facts), encoding="utf-8")

    @contextmanager
    def writing(self, folder: Path, source: str) -> Iterator[Any]:
        """A file for the inputs of a source, which takes arrays by `write`."""
        path = folder / f"{source}.inputs"
        with _refusals(path), path.open("wb") as file:
            yield file


@contextmanager
def _refusals(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        hint = f"{'Free some space' if full else 'Mend it'}, or set data.cache: never."
        raise StorageError(error.strerror or str(error), where=str(path), hint=hint) from error


def _remove_stale(root: Path) -> None:
    """Removes what a killed process left half made: while one is at work, some file has just been written to."""
    for folder in root.glob(".new-*"):
        try:
            newest = max(path.stat().st_mtime for path in (folder, *folder.iterdir()))
        except OSError:  # another process has removed it
            continue
        if time.time() - newest > STALE_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)
