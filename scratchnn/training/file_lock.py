"""Locks on files that the system lets go by itself when the process that holds them ends, however it ends."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from scratchnn.training.storage import refusals

WAIT_SECONDS = 0.01


class FileLock:
    """One lock on one file. It has the two methods that Optuna's journal asks of a lock."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[bytes] | None = None

    def acquire(self) -> bool:
        """Waits until it is ours."""
        while not self.try_acquire():
            time.sleep(WAIT_SECONDS)
        return True

    def try_acquire(self) -> bool:
        """Takes it where nobody has it. Raises `StorageError`."""
        with refusals(self.path):
            file = self.path.open("ab")
        try:
            _lock(file)
        except OSError:
            file.close()
            return False
        self._file = file
        return True

    def release(self) -> None:
        """Lets others have it."""
        if self._file is not None:
            self._file.close()
            self._file = None


@contextmanager
def held(lock: FileLock) -> Iterator[None]:
    """Holds a lock for a while."""
    lock.acquire()
    try:
        yield
    finally:
        lock.release()


if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[bytes]) -> None:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
