"""Files that are either complete or not there: written beside their place, then moved onto it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scratchnn.errors import StorageError


@contextmanager
def refusals(path: Path) -> Iterator[None]:
    """Turns what the operating system refuses into a `StorageError` that names the path."""
    try:
        yield
    except OSError as error:
        raise StorageError(error.strerror or str(error), where=str(path), hint=_hint(error)) from error


def write_atomically(path: Path, content: bytes, *, sync: bool = True) -> None:
    """Replaces a file in one step. `sync` waits until the disk has it, so that it survives a loss of power."""
    part = path.with_name(f".{path.name}.part")
    with refusals(path):
        try:
            with part.open("wb") as file:
                file.write(content)
                if sync:
                    file.flush()
                    os.fsync(file.fileno())
            part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise


def _hint(error: OSError) -> str:
    if isinstance(error, PermissionError):
        return "Check the permissions, or choose another place with --run-dir."
    if error.errno == 28:  # no space left on device
        return "Free some space, then go on with --resume."
    return ""
