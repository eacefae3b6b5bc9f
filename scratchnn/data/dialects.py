"""How a CSV file seems to be written: what `init` puts into a config, for people to check."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field
from pathlib import Path

from scratchnn.data.csv import Csv, has_comma_decimal, has_point
from scratchnn.data.files import decode, read_text, shown
from scratchnn.data.sources import SUFFIXES, suffix_of
from scratchnn.errors import DataError

MARKS = ",;\t|"
LOOKED_AT = 1000  # rows
WINDOWS = "cp1252"
_QUOTED = re.compile(r'"[^"]*"')


@dataclass(frozen=True)
class Dialect:
    """Settings of a `csv` source that are not those of its suffix, and why, in words."""

    settings: dict[str, str] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)

    def source(self, path: str | Path) -> Csv:
        """The source of a file that is written so."""
        return Csv.model_validate({"type": "csv", "path": str(path), **self.settings})


def dialect_of(path: Path) -> Dialect:
    """The encoding, the delimiter and the decimal mark of a CSV file; nothing for a file of another suffix.

    The delimiter is another one where the header, its quoted names aside, lacks the usual one and has that; the decimal
    mark a comma where numbers have one and none has a point, in the first rows. Bytes that are no UTF-8 are read as
    Windows text. Raises `DataError` or `StorageError` where the file cannot be read.
    """
    usual = SUFFIXES.get(suffix_of(path), {})
    if usual.get("type") != Csv.tag():
        return Dialect()
    data, where = read_text(path), shown(path)
    settings: dict[str, str] = {}
    reasons: list[str] = []
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        settings["encoding"] = "utf-16"
        reasons.append("it begins as UTF-16 does")
    elif not _is(data, "utf-8") and _is(data, WINDOWS):
        settings["encoding"] = WINDOWS
        reasons.append("not UTF-8: are its accents right?")
    text = decode(data, where, encoding=settings.get("encoding", "utf-8"))
    header = _QUOTED.sub("", text[: text.find("\n") if "\n" in text else len(text)])
    delimiter = usual.get("delimiter", ",")
    if delimiter not in header:
        found = max(MARKS, key=header.count)
        if found in header:
            settings["delimiter"] = delimiter = found
            reasons.append("as its first line is cut")
    source = Csv(path=str(path), delimiter=delimiter)
    if delimiter != "," and _decimal_commas(source, text, where):
        settings["decimal"] = ","
        reasons.append("its numbers have commas")
    if settings and delimiter != ",":  # written out, a source does not go by the suffix
        settings["delimiter"] = delimiter
    return Dialect(settings, reasons)


def _decimal_commas(source: Csv, text: str, where: str) -> bool:
    """Whether the first rows hold numbers with a comma, and none with a point."""
    try:
        rows, _ = next(source.row_blocks(text.splitlines(keepends=True)[: 2 * LOOKED_AT], where, LOOKED_AT), ([], []))
    except DataError:  # reading it says what is wrong
        return False
    cells = [cell for row in rows[1:] for cell in row]
    return any(map(has_comma_decimal, cells)) and not any(map(has_point, cells))


def _is(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
