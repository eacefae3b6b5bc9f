"""Which source reads a file that came after the training."""

from __future__ import annotations

from pathlib import Path

from scratchnn.data.csv import Csv
from scratchnn.data.passages import Passage
from scratchnn.data.sources import SUFFIXES, Source, suffix_of
from scratchnn.data.tables import Arrays, Table
from scratchnn.data.text import Text
from scratchnn.errors import DataError

JSON_LINES = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz")
CSV_STYLE = {"quote", "decimal", "encoding", "header", "columns"}  # what files with other delimiters share


def read_like(path: str | Path, like: Source | None = None, suffix: str | None = None) -> Table | Arrays:
    """The samples of a new file, see `source_like`. Raises `DataError` or `StorageError`."""
    source = source_like(path, like, suffix)
    if source is None and like is not None:
        return like.first.read_new(Path(path))
    data = source.read(Path()) if source is not None else None
    if data is None or isinstance(data, Passage):
        raise TypeError("a text has no rows")
    return data


def source_like(path: str | Path, like: Source | None = None, suffix: str | None = None) -> Source | None:
    """The source of a new file, written the way that `like` (the source of the training) is.

    So a CSV keeps its delimiter, an NPZ its keys. None where `like` reads new files by its own method `read_new`: next
    to IDX files the path is a file of images. `suffix` (`.csv`) stands in place of that of the path. Raises `DataError`
    where it tells nothing.
    """
    like = like.first if like is not None else None
    suffix = suffix_of(path) if suffix is None else suffix
    kinds = {ending: kind for ending, kind in SUFFIXES.items() if kind["type"] != Text.tag()}
    kind = kinds.get(suffix, {}).get("type")
    if like is not None and like.paths and not like.textual and kind in (None, like.tag()):
        if type(like).read_new is not Source.read_new:
            return None
        as_tabs = isinstance(like, Csv) and suffix.startswith(".tsv") != suffix_of(like.path).startswith(".tsv")
        if not as_tabs or not suffix:
            return like.model_copy(update={"path": str(path)})
    if kind is not None:
        style = like.model_dump(include=CSV_STYLE) if isinstance(like, Csv) and kind == "csv" else {}
        return Source.parse({**style, **kinds[suffix], "path": str(path)})
    known = ", ".join(kinds)
    raise DataError(f'cannot tell the type of the file by "{suffix}"', where=str(path), hint=f"Known: {known}.")
