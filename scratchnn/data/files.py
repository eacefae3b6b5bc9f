"""Files that a config names: where they are, and what to say when they cannot be read."""

from __future__ import annotations

import codecs
import gzip
import os
import zlib
from pathlib import Path

from scratchnn.errors import DataError, StorageError, suggestion

_KINDS = {
    b"\x1f\x8b": ("a gzip file", "Give it a name that ends in .csv.gz or .tsv.gz."),
    b"PK\x03\x04": ("a ZIP archive or an Excel workbook", "Unpack it, or save the sheet as CSV."),
    b"\xd0\xcf\x11\xe0": ("an old Excel workbook", "Save the sheet as CSV."),
    b"PAR1": ("a Parquet file", "Convert it to CSV."),
}
_NETWORK = frozenset({"http:", "https:", "ftp:", "sftp:", "s3:", "gs:", "file:"})


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
        if not _NETWORK.isdisjoint(part.lower() for part in path.parts):
            hint = "Download it, then give the path of the file."
            raise DataError("this is an address on the network, not a file", where=shown(path), hint=hint) from None
        raise DataError("there is no such file", where=shown(path), hint=_near(path)) from None
    except IsADirectoryError:
        raise DataError("this is a folder, not a file", where=shown(path), hint="Give the path of one file.") from None
    except (NotADirectoryError, ValueError):
        raise DataError("this is not a file", where=shown(path), hint="Give the path of one file.") from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise StorageError(
            f"cannot be read: {reason}", where=shown(path), hint="Check the file's permissions."
        ) from error


def read_text(path: Path) -> bytes:
    """The same for a file of text, which is unpacked where its name ends in `.gz`.

    Raises `DataError` also where its first bytes say that it is another kind of file.
    """
    data = read_bytes(path)
    if path.suffix.lower() == ".gz":
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error) as error:
            hint = "Pack it anew with gzip, or name a file that is not packed."
            raise DataError(f"cannot be unpacked: {error}", where=shown(path), hint=hint) from None
    for start, (kind, hint) in _KINDS.items():
        if data.startswith(start):
            raise DataError(f"this is {kind}, not text", where=shown(path), hint=hint)
    return data


def decode(data: bytes, where: str) -> str:
    """The text of a UTF-8 file, without its byte order mark. Raises `DataError` with the line that is none."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise DataError("this is UTF-16 text, not UTF-8", where=where, hint="Save the file as UTF-8.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        hint = "Save the file as UTF-8."
        got = f"byte 0x{data[error.start]:02x} is not UTF-8 text"
        raise DataError(got, where=f"{where}:{line}", hint=hint) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        hint = "Such a file holds UTF-8 text only; is it UTF-16, or another kind of file?"
        raise DataError("the line holds a NUL byte", where=f"{where}:{line}", hint=hint)
    return text


def _near(path: Path) -> str:
    """A hint for a missing file: the nearest name in its folder."""
    try:
        names = sorted(entry.name for entry in path.parent.iterdir() if entry.is_file())
    except OSError:
        return f'There is no folder "{shown(path.parent)}" either.'
    hint = suggestion(path.name, names)
    return hint if hint.startswith("Did you mean") else "Relative paths start at the folder of the config file."
