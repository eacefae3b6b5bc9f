"""Files that are either complete or not there: written beside their place, then moved onto it."""

from __future__ import annotations

import errno
import math
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from scratchnn.errors import StorageError


@contextmanager
def refusals(path: Path) -> Iterator[None]:
    """Turns what the operating system refuses into a `StorageError` that names the path."""
    try:
        yield
    except OSError as error:
        raise StorageError(error.strerror or str(error), where=str(path), hint=_hint(error, path)) from error


def write_atomically(path: Path, content: bytes, *, sync: bool = True) -> None:
    """Replaces a file in one step; a file that was there keeps its mode, a link goes on leading to it.

    `sync` waits until the disk has it, so that it survives a loss of power. A pipe or a device is written to as it is.
    """
    with replacing(path, sync=sync) as file:
        file.write(content)


@contextmanager
def replacing(path: Path, *, sync: bool = True) -> Iterator[BinaryIO]:
    """The same piece by piece: the file to write to stands beside the path, and takes its place at the end.

    Whatever is raised in between leaves the path as it was, and nothing beside it. What the system refuses in between
    is a `StorageError` that names the path.
    """
    with refusals(path):
        mode = _mode(path)
        if mode is not None and not stat.S_ISREG(mode):
            with path.open("wb") as file:
                yield file
            return
        if mode is not None and not os.access(path, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        place = Path(os.path.realpath(path))
        part = place.with_name(f".{place.name}.part")
        try:
            with part.open("wb") as file:
                yield file
                if sync:
                    file.flush()
                    os.fsync(file.fileno())
            if mode is not None:
                part.chmod(stat.S_IMODE(mode))
            part.replace(place)
        except BaseException:
            part.unlink(missing_ok=True)
            raise


def finite_json(value: Any) -> Any:
    """The same with null for NaN and infinity, which JSON does not have.

    >>> finite_json({"loss": 0.5, "scores": [1.0, math.nan]})
    {'loss': 0.5, 'scores': [1.0, None]}
    """
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: finite_json(inner) for key, inner in value.items()}
    return [finite_json(inner) for inner in value] if isinstance(value, list | tuple) else value


def _mode(path: Path) -> int | None:
    """The type and the permissions of what is there, behind links; None where nothing is."""
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        return None


def _hint(error: OSError, path: Path) -> str:
    """How to mend it, in words that fit every command."""
    if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.EEXIST):
        return _missing(path)
    return {
        errno.EACCES: "Check the permissions, or choose another place.",
        errno.EPERM: "Check the permissions, or choose another place.",
        errno.EROFS: "Nothing can be written there: choose another place.",
        errno.EISDIR: "It is a folder: name a file.",
        errno.ENAMETOOLONG: "Choose a shorter name.",
        errno.ENOSPC: "Free some space.",
        errno.EDQUOT: "Free some space.",
    }.get(error.errno or 0, "")


def _missing(path: Path) -> str:
    """What keeps a path from being there: a file that stands where a folder should, or a folder that lacks."""
    path = Path(os.path.realpath(path)) if path.is_symlink() else path
    near = next((folder for folder in [path, *path.parents] if os.path.lexists(folder)), Path())
    if not near.is_dir():
        return f'"{near}" is a file, not a folder: choose another place.'
    if near not in (path, path.parent):
        return f'There is no folder "{path.parent}": make it first, or choose another.'
    return "Choose another place." if near == path else ""
