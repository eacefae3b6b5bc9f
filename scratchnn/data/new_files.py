"""Which source reads a file that came after the training."""

from __future__ import annotations

from pathlib import Path

from scratchnn.data.csv import Csv
from scratchnn.data.idx import Idx
from scratchnn.data.npz import Npz
from scratchnn.data.sources import SUFFIXES, Source, suffix_of
from scratchnn.data.text import Text
from scratchnn.errors import DataError

JSON_LINES = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz")


def source_like(path: str | Path, like: Source | None = None, suffix: str | None = None) -> Source | None:
    """The source of a new file, written the way that `like` (the source of the training) is; None: a file of images.

    So a CSV keeps its delimiter, an NPZ its keys, and next to IDX files the path is a file of images. `suffix` (`.csv`)
    stands in place of that of the path. Raises `DataError` where it tells nothing.
    """
    like = like.first if like is not None else None
    suffix = suffix_of(path) if suffix is None else suffix
    kinds = {ending: kind for ending, kind in SUFFIXES.items() if kind["type"] != Text.tag()}
    kind = kinds.get(suffix, {}).get("type")
    if isinstance(like, Csv | Npz) and kind in (None, like.type) and suffix not in JSON_LINES:
        as_tabs = isinstance(like, Csv) and suffix.startswith(".tsv") != suffix_of(like.path).startswith(".tsv")
        if not as_tabs or not suffix:
            return like.model_copy(update={"path": str(path)})
    if kind is not None:
        decimal = {"decimal": like.decimal} if isinstance(like, Csv) and kind == "csv" else {}
        return Source.parse({**kinds[suffix], **decimal, "path": str(path)})
    if isinstance(like, Idx):
        return None
    known = ", ".join([*kinds, *JSON_LINES[:2]])
    raise DataError(f'cannot tell the type of the file by "{suffix}"', where=str(path), hint=f"Known: {known}.")
