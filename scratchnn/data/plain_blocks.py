"""The fast way through a CSV file that comes piece by piece, for as long as its pieces are plain."""

from __future__ import annotations

import codecs
from collections.abc import Generator, Sequence
from dataclasses import replace
from io import BufferedIOBase
from typing import NamedTuple

import numpy as np

from scratchnn.data.csv import Csv
from scratchnn.data.files import some
from scratchnn.data.plain_csv import plain_bytes, scan, table_of
from scratchnn.data.polars_csv import find_fast
from scratchnn.data.tables import Table

PIECE = 1 << 18  # bytes that are asked for at a time


class Rest(NamedTuple):
    """What the `csv` module must go on with: bytes that were read already, the line on which they begin, the names.

    The names are None where the first row is among them.
    """

    data: bytes
    line: int
    names: Sequence[str] | None


def plain_blocks(source: Csv, stream: BufferedIOBase, where: str, rows: int) -> Generator[Table, None, Rest]:
    """Tables of `rows` rows each, as the `csv` module would read them; gives what is left where a piece is not plain.

    At the end of the file the last table is shorter and nothing is left. Never reads ahead for more than one table.
    Raises no error of the file's contents: that is left too.
    """
    data, line, ended = b"", 1, False
    names: Sequence[str] | None = None
    while not ended:
        pieces, ends = [data], data.count(b"\n")
        while ends <= rows and not ended:
            piece = some(stream, PIECE, where)
            pieces.append(piece)
            ends += piece.count(b"\n")
            ended = not piece
        data = b"".join(pieces)
        cut = len(data) if ended else data.rfind(b"\n") + 1
        rest = Rest(data, line, names)
        whole = plain_bytes(data[:cut], source.quote)
        if not whole or (not ended and whole.endswith(b"\n\n")):
            return rest
        start = 0
        if names is None:
            whole = whole.removeprefix(codecs.BOM_UTF8)
            names = source.plain_names(whole, where)
            if names is None:
                return rest
            start = source.has_header * (whole.find(b"\n") + 1)
            if source.has_header and not start:
                return rest
            line += source.has_header
        scanned = scan(whole, start, source.delimiter, len(names), source.mend)
        if scanned is None:
            return rest
        count = len(scanned) if ended else len(scanned) // rows * rows
        if not count:
            return rest
        taken = replace(scanned, starts=scanned.starts[: count + 1])
        found = find_fast(taken)
        if found is None:
            return rest
        table = table_of(taken, names, found, where, line)
        for first in range(0, count, rows):
            yield table.take(np.arange(first, min(first + rows, count)))
        line += count
        data = whole[int(taken.starts[-1]) :] + data[cut:]
    return Rest(b"", line, names)
