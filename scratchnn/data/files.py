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
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from scratchnn.errors import DataError, StorageError, suggestion

_KINDS = {
    b"\x1f\x8b": ("a gzip file", "Give it a name that ends in .csv.gz, .tsv.gz or .jsonl.gz."),
    b"PK\x03\x04": ("a ZIP archive or an Excel workbook", "Unpack it, or save the sheet as CSV."),
    b"\xd0\xcf\x11\xe0": ("an old Excel workbook", "Save the sheet as CSV."),
    b"PAR1": ("a Parquet file", "Give it a name that ends in .parquet, or set {type: parquet, path: ...}."),
}
_NO_FILES = frozenset({"utf-7", "idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined"})
WHERE_PATHS_START = "In a config relative paths start at its folder, on the command line at the present one."
"""A hint for a path that leads nowhere."""
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
    with reading(path):
        return path.read_bytes()


@contextmanager
def open_text(path: Path) -> Iterator[BufferedIOBase]:
    """A file of text to be read by `text_pieces`, unpacked where its name ends in `.gz`. Errors as of `read_bytes`."""
    with reading(path):
        file = path.open("rb")
    with file:
        if path.suffix.lower() == ".gz":
            with gzip.GzipFile(fileobj=file) as unpacked:
                yield unpacked
        else:
            yield file


def read_all(stream: BufferedIOBase, where: str) -> bytes:
    """Everything that a stream of text holds. Raises what `read_text` does."""
    data = b"".join(iter(lambda: some(stream, 1 << 18, where), b""))
    _refuse_other_kinds(data, where)
    return data


def text_pieces(
    stream: BufferedIOBase,
    where: str,
    size: int = 1 << 18,
    encoding: str | None = None,
    *,
    before: bytes = b"",
    line: int = 1,
) -> Iterator[str]:
    """The text of a file in UTF-8, some whole lines at a time: about `size` bytes, or one line that is longer.

    Joined they are what `decode` makes of the whole file. `before` are bytes that were read already, `line` the one on
    which they begin. Raises what `read_text` and `decode` do.
    """
    begun = line > 1
    kept: list[bytes] = []
    while data := before or some(stream, size, where):
        before = b""
        if not begun:
            _refuse_other_kinds(data, where)
        begun = True
        cut = data.rfind(b"\n") + 1
        if cut:
            piece = b"".join([*kept, data[:cut]])
            yield decode(piece, where, line, encoding)
            line += line_ends(piece)
            kept = []
        kept.append(data[cut:])
    if any(kept):
        yield decode(b"".join(kept), where, line, encoding)


def some(stream: BufferedIOBase, size: int, where: str) -> bytes:
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
def reading(path: Path) -> Iterator[None]:
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
    except (NotADirectoryError, ValueError):  # ValueError: a NUL in the name
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


def decode(data: bytes, where: str, line: int = 1, encoding: str | None = None) -> str:
    """The text of a file without its byte order mark; UTF-8 where None.

    `line` is the one on which the bytes begin, where they are not the whole file. Raises `DataError` with the line that
    is none.
    """
    utf8 = encoding in (None, "utf-8", "utf-8-sig")
    hint = "Save the file as UTF-8, or name its encoding in the source." if encoding else "Save the file as UTF-8."
    if utf8 and line == 1 and data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        mend = "Set encoding: utf-16 in the source, or save the file as UTF-8." if encoding else hint
        raise DataError("this is UTF-16 text, not UTF-8", where=where, hint=mend)
    if not utf8 and data.startswith(codecs.BOM_UTF8):
        raise DataError(f"this is UTF-8 text, not {encoding}", where=where, hint="Remove `encoding` from the source.")
    if encoding == "utf-16" and data and not data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        mend = "Set encoding: utf-16-le (of most systems) or utf-16-be, whichever it is."
        raise DataError("the byte order mark of UTF-16 is missing", where=where, hint=mend)
    try:
        text = data.decode("utf-8" if utf8 else encoding or "utf-8")
        text = text.removeprefix("\ufeff") if line == 1 else text
    except UnicodeDecodeError as error:
        before = data[: error.start].decode(error.encoding, "ignore")
        name = "UTF-8" if utf8 else encoding
        got = f"byte 0x{data[error.start]:02x} is not {name} text"
        raise DataError(got, where=f"{where}:{line + line_ends(before)}", hint=hint) from None
    except UnicodeError as error:
        raise DataError(f"this is not {encoding} text: {error}", where=where, hint=hint) from None
    if "\0" in text:
        line += line_ends(text[: text.index("\0")])
        hint = "Such a file holds text only; is it UTF-16, or another kind of file?"
        raise DataError("the line holds a NUL byte", where=f"{where}:{line}", hint=hint)
    return text


def line_ends(text: str | bytes) -> int:
    """How many line ends of any kind a text has.

    >>> line_ends("a\\n\\r\\n\\r"), line_ends(b"")
    (3, 0)
    """
    if isinstance(text, bytes):
        return text.count(b"\n") + text.count(b"\r") - text.count(b"\r\n")
    return text.count("\n") + text.count("\r") - text.count("\r\n")


def _known_encoding(name: str) -> str:
    """The name as Python writes it. Raises `ValueError` where it is none of text."""
    try:
        "".encode(name)
        known = codecs.lookup(name).name
        if known in _NO_FILES:
            raise LookupError
        return known
    except (LookupError, ValueError, TypeError):
        raise PydanticCustomError(
            "encoding", 'unknown encoding "{name}". Try utf-8, utf-16, latin-1 or cp1252.', {"name": name}
        ) from None


Encoding = Annotated[str, Field(min_length=1), AfterValidator(_known_encoding)]
"""The name of a text encoding that Python knows."""


def _near(path: Path) -> str:
    """A hint for a missing file: the nearest name in its folder."""
    try:
        names = sorted(entry.name for entry in path.parent.iterdir() if entry.is_file())
    except OSError:
        return f'There is no folder "{shown(path.parent)}" either.'
    hint = suggestion(path.name, names)
    return hint if hint.startswith("Did you mean") else WHERE_PATHS_START
