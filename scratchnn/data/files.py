"""Files that a config names: where they are, and what to say when they cannot be read."""

from __future__ import annotations

import os
from pathlib import Path

from scratchnn.errors import DataError, StorageError, suggestion


def locate(base: Path, path: str) -> Path:
    """The file for a path of a config: relative paths start at `base`, `~` is the home folder. Opens nothing."""
    return base / Path(path).expanduser()


def shown(path: Path) -> str:
    """The path as messages show it, without the detours of `configs/../data.csv`."""
    return os.path.normpath(path)


def read_bytes(path: Path) -> bytes:
    """The whole file.

    Raises `DataError` where there is no such file, `StorageError` where the system refuses to read it.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise DataError("there is no such file", where=shown(path), hint=_near(path)) from None
    except (IsADirectoryError, NotADirectoryError, ValueError):
        raise DataError("this is not a file", where=shown(path), hint="Give the path of one file.") from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise StorageError(
            f"cannot be read: {reason}", where=shown(path), hint="Check the file's permissions."
        ) from error


def _near(path: Path) -> str:
    """A hint for a missing file: the nearest name in its folder."""
    try:
        names = sorted(entry.name for entry in path.parent.iterdir() if entry.is_file())
    except OSError:
        return f'There is no folder "{shown(path.parent)}" either.'
    hint = suggestion(path.name, names)
    return hint if hint.startswith("Did you mean") else "Relative paths start at the folder of the config file."
