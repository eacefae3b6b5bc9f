"""Tables that are too large to be held: read a block at a time, their encoded rows kept in a file.

The files are read three times: for the targets and what divides the rows, for the rows that features are fitted on, and
to encode every row. The next training on the same rows, divided and encoded in the same way, finds them encoded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from scratchnn.data.blocks import table_blocks
from scratchnn.data.encoder import Encoder
from scratchnn.data.fitting import fit, task_of
from scratchnn.data.kept_columns import KeptColumns
from scratchnn.data.machine import memory
from scratchnn.data.preparation import (
    CheckNumbers,
    Part,
    Prepared,
    check_targets,
    divide,
    ignored_columns,
    no_row_used,
    sample_weights,
    undropped,
)
from scratchnn.data.settings import DataSettings
from scratchnn.data.sources import SourceParts
from scratchnn.data.table_cache import NEEDED, Kept, TableCache
from scratchnn.data.tables import Array, Arrays, Table
from scratchnn.data.tabular import TabularSource, matching
from scratchnn.data.targets import kind_of
from scratchnn.errors import TargetError

BLOCK_ROWS = 1 << 16
FITTED_CELLS = 1 << 20  # of the training rows that features are fitted on
LOOKED_AT = 1000  # rows that tell the task, beside those with every kind of target
SHARE = 0.25  # of the memory; larger files are kept encoded on the disk

Tell = Callable[[str], None]
"""Takes a line for people, before something that takes long."""


@dataclass(frozen=True)
class _Survey:
    """What a first reading tells of a source: its first row, what was kept of every row, and which rows are used.

    `telling` are rows with every kind of target.
    """

    first: Table
    kept: Table
    used: Array
    telling: Array


def is_large(settings: DataSettings, base: Path) -> bool:
    """Whether the rows of a config's tables are to be kept encoded on the disk, see `DataSettings.cache`."""
    sources = _sources(settings)
    if settings.cache == "never" or settings.task == "reconstruction" or settings.windows is not None or not sources:
        return False
    if settings.cache == "always":
        return True
    sizes = [path.stat().st_size for path in _files(sources, base) if path.is_file()]
    return sum(sizes) > SHARE * memory()


def prepare_large(
    settings: DataSettings,
    base: Path,
    rng: np.random.Generator,
    root: Path,
    dtype: DTypeLike = np.float32,
    encoder: Encoder | None = None,
    check: CheckNumbers | None = None,
    tell: Tell = lambda line: None,
    start: Encoder | None = None,
    *,
    fitted: bool = True,
) -> Prepared:
    """What `prepare` gives, but the inputs stay in files under `root`. Of each row the target is held.

    The rows are divided as `prepare` divides them, and the target is fitted on all training rows. Features are fitted
    on evenly spaced training rows of a million cells in all, where there are more. Raises `DataError` and
    `StorageError`.
    """
    fitted = fitted and start is None
    cache, sources = TableCache(root, dtype), _sources(settings)
    files = _files(sources, base)
    meaning: dict[str, Any] = {
        "settings": settings.model_dump(mode="json", exclude={"source", "cache"}),
        "sources": {name: source.model_dump(mode="json", exclude={"path"}) for name, source in sources.items()},
        "files": {name: len(matching(base, source.path)) for name, source in sources.items()},
        "rng": rng.bit_generator.state,
        "encoder": None,
    }
    if start is not None:
        meaning["start"] = start.model_dump(mode="json")
    dividing = [base / Path(getattr(settings.split, field)).expanduser() for field in settings.split.paths]
    folder = cache.folder([*files, *dividing], meaning)
    kept = cache.load(folder)
    if encoder is not None and (kept is None or kept.encoder != encoder or not fitted):
        meaning["encoder"] = encoder.model_dump(mode="json")
        folder = cache.folder([*files, *dividing], meaning if fitted else meaning | {"fitted": False})
        kept = cache.load(folder)
    if kept is None or (check is not None and _may_be_refused(kept, check)):
        size = sum(path.stat().st_size for path in files)
        tell(f"encoding {_size(size)} of rows into {folder}")
        _encode(settings, base, rng, cache, folder, encoder, check, start, fitted=fitted)
        kept = cache.load(folder)
        if kept is None:
            raise RuntimeError(f"{folder} cannot be read though it was just written")
    return _prepared(kept)


def _sources(settings: DataSettings) -> dict[str, TabularSource]:
    """The table of each part that has one of its own; none where the source is no table."""
    source = settings.source
    given: Mapping[str, object] = {"train": source}
    if isinstance(source, SourceParts):
        given = {"train": source.train, "validation": source.validation, "test": source.test}
    return {name: part for name, part in given.items() if isinstance(part, TabularSource)}


def _files(sources: Mapping[str, TabularSource], base: Path) -> list[Path]:
    return [path for source in sources.values() for path in matching(base, source.path)]


def _size(count: float) -> str:
    return f"{count / 2**30:.1f} GiB" if count >= 2**30 else f"{count / 2**20:.1f} MiB"


def _prepared(kept: Kept) -> Prepared:
    parts = {}
    for name, source in kept.facts["parts"].items():
        places, rows, targets = (kept.arrays[f"{name}.{key}"] for key in NEEDED)
        parts[name] = Part(kept.inputs[source].take(places), targets, kept.arrays.get(f"{name}.weights"), rows)
    facts = kept.facts
    return Prepared(
        parts["train"],
        parts.get("validation"),
        parts.get("test"),
        kept.encoder,
        facts["unseen"],
        tuple(facts["ignored"]),
    )


def _may_be_refused(kept: Kept, check: CheckNumbers) -> bool:
    """Whether `check` refuses targets that were kept when another one, or none, was asked.

    They are rounded to the dtype of the network, and their lines are not known: encoding the rows again asks about the
    numbers themselves, and tells the place.
    """
    target = kept.encoder.target
    for name in kept.facts["parts"]:
        targets = kept.arrays[f"{name}.targets"]
        if targets.dtype.kind == "f":
            try:
                check(target.decode(targets), target.scaled)
            except TargetError:
                return True
    return False


def _encode(
    settings: DataSettings,
    base: Path,
    rng: np.random.Generator,
    cache: TableCache,
    folder: Path,
    encoder: Encoder | None,
    check: CheckNumbers | None,
    start: Encoder | None,
    *,
    fitted: bool,
) -> None:
    """Fills a folder of the cache."""
    sources = _sources(settings)
    names = settings.target or []
    surveys = {name: _survey(settings, source, base) for name, source in sources.items()}
    raw: dict[str, Table | Arrays] = {name: survey.kept.take(survey.used) for name, survey in surveys.items()}
    train = surveys["train"]
    telling = np.union1d(train.used[:LOOKED_AT], np.intersect1d(train.telling, train.used))
    task = encoder.target.task if encoder else task_of(settings, train.kept.take(telling), names)
    divided, places = divide(settings, base, rng, raw, task, names, train.used, len(train.kept))
    owner = {name: name if name in sources else "train" for name in divided}
    rows = {name: surveys[owner[name]].used[places[name]] for name in divided}
    chosen = _spread(np.sort(rows["train"]), FITTED_CELLS // len(train.first.columns))
    sample = _rows_of(sources["train"], base, chosen)
    if encoder is None:
        target = kind_of(task).fit(divided["train"], names, settings.target_rules)
        encoder = fit(settings, sample, task, names, target, start)
    targets = encoder.target.encode(sample, cache.dtype)
    apart = _Apart(chosen, encoder.encode_inputs(sample, cache.dtype, targets if fitted else None))
    arrays: dict[str, Array] = {}
    for name, part in divided.items():
        targets = encoder.target.encode(part, cache.dtype)
        if targets is None:
            raise TypeError(f"the rows of {task} have no targets to keep")
        if check is not None:
            check_targets(part, encoder.target, rows[name], check)
        arrays |= {f"{name}.targets": targets, f"{name}.rows": rows[name], f"{name}.places": places[name]}
        if settings.sample_weight is not None:
            arrays[f"{name}.weights"] = sample_weights(part, settings.sample_weight, cache.dtype)
    unseen: dict[str, Counter[str]] = {name: Counter() for name in divided}
    with cache.making(folder) as made:
        for name, source in sources.items():
            part_of = np.full(len(surveys[name].kept), -1, np.int8)  # places among the parts
            for place, own in enumerate(divided):
                if owner[own] == name:
                    part_of[rows[own]] = place
            with cache.writing(made, name) as file:
                for numbers, table in _used_blocks(source, base, surveys[name].used):
                    inputs = encoder.encode_inputs(table, cache.dtype)
                    if name == "train":
                        apart.replace(numbers, inputs)
                    file.write(inputs.data)
                    for column, found in encoder.unseen(table):
                        for place, count in Counter(part_of[numbers[found]].tolist()).items():
                            if place >= 0:
                                unseen[list(divided)[place]][column] += count
        facts: dict[str, Any] = {
            "parts": owner,
            "shapes": {name: [len(survey.used), *encoder.input_shape] for name, survey in surveys.items()},
            "unseen": {name: dict(counts) for name, counts in unseen.items() if counts},
            "ignored": ignored_columns(settings, train.first, names, encoder),
        }
        cache.save(made, encoder, arrays, facts)


@dataclass(frozen=True)
class _Apart:
    """Rows that features were fitted on: they may need other inputs, so that none sees its own target."""

    rows: Array
    inputs: Array

    def replace(self, numbers: Array, inputs: Array) -> None:
        """Puts their inputs in the place of those of a block, whose rows have these numbers (ascending)."""
        own = _span(self.rows, int(numbers[0]), int(numbers[-1]) + 1)
        inputs[np.searchsorted(numbers, self.rows[own])] = self.inputs[own]


def _span(rows: Array, first: int, stop: int) -> slice:
    """Where ascending row numbers lie from `first` on and below `stop`."""
    start, end = np.searchsorted(rows, [first, stop]).tolist()
    return slice(start, end)


def _spread(rows: Array, most: int) -> Array:
    """So many of the rows, evenly spaced, or all of them."""
    count = min(max(most, 1), len(rows))
    return rows[np.unique(np.linspace(0, len(rows) - 1, count).astype(np.int64))]


def _used_blocks(source: TabularSource, base: Path, rows: Array) -> Iterator[tuple[Array, Table]]:
    """These rows (ascending numbers) of a source, some at a time, with their numbers."""
    first = 0
    for block in table_blocks(source, base, BLOCK_ROWS):
        numbers = rows[_span(rows, first, first + len(block))]
        if len(numbers):
            yield numbers, block.take(numbers - first)
        first += len(block)


def _survey(settings: DataSettings, source: TabularSource, base: Path) -> _Survey:
    """Reads a source for what is not encoded: its targets, its weights and the columns that divide its rows."""
    dividing = settings.split.columns
    names = dict.fromkeys([*(settings.target or []), *filter(None, [settings.sample_weight]), *dividing])
    first: Table | None = None
    kept = KeptColumns([])
    used: list[Array] = []
    start = 0
    for block in table_blocks(source, base, BLOCK_ROWS):
        if first is None:
            first = block.take(np.arange(1))
            kept = KeptColumns([name for name in names if name in block.columns], texts=dividing)
        kept.add(block)
        used.append(start + np.flatnonzero(undropped(settings, block)))
        start += len(block)
    if first is None:
        raise RuntimeError("a table without rows was not refused")
    if not sum(map(len, used)):
        raise no_row_used(first.where)
    return _Survey(first, kept.table(first.where), np.concatenate(used), kept.telling_rows())


def _rows_of(source: TabularSource, base: Path, rows: Array) -> Table:
    """These rows of a source, held. There is one at least."""
    kept: KeptColumns | None = None
    where = ""
    for _, table in _used_blocks(source, base, rows):
        if kept is None:
            names = list(table.columns)
            kept, where = KeptColumns(names, texts=names), table.where
        kept.add(table)
    if kept is None:
        raise RuntimeError("the table has lost rows while it was read")
    return kept.table(where)
