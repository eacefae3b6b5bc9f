"""Files that a config names: where they are, and what to say when they cannot be read."""

from __future__ import annotations

import codecs
import gzip
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedIOBase
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
    with _refusals(path):
        return path.read_bytes()


@contextmanager
def open_text(path: Path) -> Iterator[BufferedIOBase]:
    """A file of text to be read by `text_pieces`, unpacked where its name ends in `.gz`. Errors as of `read_bytes`."""
    with _refusals(path):
        file = path.open("rb")
    with file:
        if path.suffix.lower() == ".gz":
            with gzip.GzipFile(fileobj=file) as unpacked:
                yield unpacked
        else:
            yield file


def text_pieces(stream: BufferedIOBase, where: str, size: int = 1 << 18) -> Iterator[str]:
    """The text of a file in UTF-8, some whole lines at a time: about `size` bytes, or one line that is longer.

    Joined they are what `decode` makes of the whole file. Raises what `read_text` and `decode` do.
    """
    line, begun = 1, False
    kept: list[bytes] = []
    while data := _some(stream, size, where):
        if not begun:
            _refuse_other_kinds(data, where)
        begun = True
        cut = data.rfind(b"\n") + 1
        if cut:
            piece = b"".join([*kept, data[:cut]])
            yield decode(piece, where, line)
            line += piece.count(b"\n")
            kept = []
        kept.append(data[cut:])
    if any(kept):
        yield decode(b"".join(kept), where, line)


def _some(stream: BufferedIOBase, size: int, where: str) -> bytes:
    """The next bytes that there are, at most so many; none at the end.

    Not `read`, which waits for all of them: what a signal raises would wait as long, where it comes between two reads.
    """
    try:
        return stream.read1(size)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise _packed_badly(error, where) from None
    except OSError as error:
        raise StorageError(f"cannot be read: {error.strerror or type(error).__name__}", where=where) from error


@contextmanager
def _refusals(path: Path) -> Iterator[None]:
    """Turns what the operating system says of a path into errors that tell what to do."""
    try:
        yield
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
            raise _packed_badly(error, shown(path)) from None
    _refuse_other_kinds(data, shown(path))
    return data


def _packed_badly(error: Exception, where: str) -> DataError:
    hint = "Pack it anew with gzip, or name a file that is not packed."
    return DataError(f"cannot be unpacked: {error}", where=where, hint=hint)


def _refuse_other_kinds(data: bytes, where: str) -> None:
    """Raises `DataError` where a file begins as one that holds no text."""
    for start, (kind, hint) in _KINDS.items():
        if data.startswith(start):
            raise DataError(f"this is {kind}, not text", where=where, hint=hint)


def decode(data: bytes, where: str, line: int = 1) -> str:
    """The text of a UTF-8 file, without its byte order mark. Raises `DataError` with the line that is none.

    `line` is the one on which the bytes begin, where they are not the whole file.
    """
    if line == 1 and data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise DataError("this is UTF-16 text, not UTF-8", where=where, hint="Save the file as UTF-8.")
    try:
        text = data.decode("utf-8-sig" if line == 1 else "utf-8")
    except UnicodeDecodeError as error:
        line += data.count(b"\n", 0, error.start)
        hint = "Save the file as UTF-8."
        got = f"byte 0x{data[error.start]:02x} is not UTF-8 text"
        raise DataError(got, where=f"{where}:{line}", hint=hint) from None
    if "\0" in text:
        line += text.count("\n", 0, text.index("\0"))
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
