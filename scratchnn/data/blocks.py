"""Rows of files that are too long to be held: a block of them at a time, with the errors of the whole file."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from io import BufferedIOBase
from pathlib import Path
from typing import overload

import numpy as np

from scratchnn.data.csv import Csv, Rows, with_points
from scratchnn.data.files import decode, open_text, read_all, shown, text_pieces
from scratchnn.data.json_lines import json_blocks
from scratchnn.data.jsonl import JsonLines
from scratchnn.data.new_files import JSON_LINES, read_like, source_like
from scratchnn.data.plain_blocks import Rest, plain_blocks
from scratchnn.data.polars_tables import Parquet, parquet_blocks
from scratchnn.data.sources import Source, suffix_of
from scratchnn.data.tables import Arrays, Table
from scratchnn.data.tabular import TabularSource, check_columns, is_pattern, matching
from scratchnn.errors import DataError


def csv_blocks(source: Csv, stream: BufferedIOBase, where: str, rows: int | None = None) -> Iterator[Table]:
    """What `Csv.read` makes of a file, as tables of `rows` rows each, the last one shorter; one table where None.

    Holds one block at a time. Raises what `Csv.read` does, but only when it comes to the fault.
    """
    rest = Rest(b"", 1, None)
    if source.is_utf8 and rows is not None:
        rest = yield from plain_blocks(source, stream, where, rows)
    empty = rest.line == 1
    names = rest.names
    text, head = _lines(_pieces(source, stream, where, rest)), int(source.has_header and names is None)
    for block, lines in _without_blank_end(source.row_blocks(text, where, rows, head, rest.line)):
        if names is None:
            names = source.names(block[0], where)
            if source.has_header:
                header, _ = block.pop(0), lines.pop(0)
                if len(header) != len(names):
                    raise source.wrong_length(header, len(names), f"{where}:1")
        if set(map(len, block)) - {len(names)}:
            place = next(place for place, row in enumerate(block) if len(row) != len(names))
            raise source.wrong_length(block[place], len(names), f"{where}:{lines[place]}")
        if block:
            empty = False
            columns = dict(zip(names, zip(*block, strict=True), strict=True))
            table = Table(where, columns, np.array(lines, np.int64))
            yield table if source.decimal == "." else with_points(table)
    if empty:
        raise source.is_empty(where) if names is None else source.no_rows(where)


def _pieces(source: Csv, stream: BufferedIOBase, where: str, rest: Rest) -> Iterable[str]:
    """The text some whole lines at a time; in another encoding than UTF-8 all of it at once."""
    if source.is_utf8:
        return text_pieces(stream, where, encoding=source.encoding, before=rest.data, line=rest.line)
    return [decode(read_all(stream, where), where, encoding=source.encoding)]


def file_blocks(
    path: str | Path, like: Source | None = None, suffix: str | None = None, rows: int | None = None
) -> Iterator[Table | Arrays]:
    """What `read_path` makes of a new file, `rows` at a time, and JSON Lines beside.

    `suffix` (`.csv`) stands in place of that of the path. CSV, JSON Lines and Parquet are streamed: one block is held
    at a time. Other files are read whole.
    """
    if is_pattern(path):  # of several files, which are read whole
        yield from _cut(read_like(path, like, suffix), rows)
        return
    own = like is not None and isinstance(like.first, JsonLines)  # which reads them as it did for the training
    if not own and (suffix_of(path) if suffix is None else suffix) in JSON_LINES:
        with open_text(Path(path)) as stream:
            yield from json_blocks(stream, shown(Path(path)), rows)
        return
    source = source_like(path, like, suffix)
    if isinstance(source, Csv | Parquet):
        yield from _streamed(source, Path(path), rows)
        return
    yield from _cut(read_like(path, like, suffix), rows)


def table_blocks(source: TabularSource, base: Path, rows: int) -> Iterator[Table]:
    """What `source.read` gives, in tables of `rows` rows or fewer. CSV and Parquet files are never held whole.

    Raises what reading does, but only when it comes to the fault.
    """
    first: Table | None = None
    for path in matching(base, source.path):
        own = _streamed(source, path, rows) if isinstance(source, Csv | Parquet) else _cut(source.read_file(path), rows)
        for block in own:
            first = first or block
            check_columns(block, first)
            yield block


def _streamed(source: Csv | Parquet, path: Path, rows: int | None) -> Iterator[Table]:
    if isinstance(source, Csv):
        with open_text(path) as stream:
            yield from csv_blocks(source, stream, shown(path), rows)
    else:
        yield from parquet_blocks(path, rows) if rows else iter([source.read_file(path)])


@overload
def _cut(data: Table, rows: int | None) -> Iterator[Table]: ...


@overload
def _cut(data: Table | Arrays, rows: int | None) -> Iterator[Table | Arrays]: ...


def _cut(data: Table | Arrays, rows: int | None) -> Iterator[Table | Arrays]:
    """So many rows at a time."""
    step = rows or len(data)
    for start in range(0, len(data), step):
        if isinstance(data, Table):
            yield data.take(np.arange(start, min(start + step, len(data))))
        else:
            names = None if data.names is None else data.names[start : start + step]
            yield Arrays(data.where, data.inputs[start : start + step], None, data.task, start, names)


def stream_blocks(
    stream: BufferedIOBase, like: Source | None = None, suffix: str = "", rows: int | None = None, where: str = "stdin"
) -> Iterator[Table]:
    """The same for rows that come from another program: CSV or JSON Lines by `suffix`, as the training's where empty.

    Raises `DataError` where neither tells a format.
    """
    if suffix in JSON_LINES:
        return json_blocks(stream, where, rows)
    like = like.first if like is not None else None
    source = source_like(where, like, suffix) if suffix or isinstance(like, Csv) else None
    if not isinstance(source, Csv):
        raise DataError("cannot tell the format of the rows", where=where, hint="Name it: --format csv, tsv or jsonl.")
    return csv_blocks(source, stream, where, rows)


def _lines(pieces: Iterable[str]) -> Iterator[str]:
    """The lines with their ends as they are; a piece holds whole lines."""
    for piece in pieces:
        yield from io.StringIO(piece, newline="")


def _without_blank_end(blocks: Iterable[tuple[Rows, list[int]]]) -> Iterator[tuple[Rows, list[int]]]:
    """The blocks without the blank rows after the last. Between blocks the first is enough for an error."""
    blank: list[int] = []
    for rows, lines in blocks:
        end = next((end for end in range(len(rows), 0, -1) if rows[end - 1]), 0)
        if end and blank:
            yield [[]], blank
        if end:
            blank = []
            yield rows[:end], lines[:end]
        blank = blank or lines[end : end + 1]
