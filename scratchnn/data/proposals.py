"""What each column of a table should become, judged by its cells: what `init` writes down for people to change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np

from scratchnn.data.features.feature import Feature
from scratchnn.data.features.inference import infer
from scratchnn.data.features.lists import lists_of
from scratchnn.data.features.text import n_grams
from scratchnn.data.moments import microseconds
from scratchnn.data.tables import Array, Table, Task, in_order, is_missing, is_number, number_name
from scratchnn.data.targets import Labels, TargetRules
from scratchnn.data.targets.inference import infer_task
from scratchnn.errors import DataError

MANY_GAPS = 0.05
"""From this share of missing numbers on, that a number is missing is an input of its own."""
MOST_ONE_HOT = 50
"""More levels than this are embedded."""
RARE = 3
"""Levels with fewer rows than this are grouped, once there are `RARE_ROWS` rows."""
RARE_ROWS = 200
LONG_TEXT = 60
COUNTER = "it counts the rows"
CHOSEN = "as you set it"
WORDS_OF_A_TEXT = 2
"""Of different texts with fewer words, each would be learned by heart."""
SMALL_TABLE = 2_000
"""Up to so many rows a text has few inputs."""


@dataclass(frozen=True)
class Proposal:
    """A feature for one column: its settings as a config has them, and why, in words."""

    name: str
    settings: dict[str, Any] = field(default_factory=dict)
    reason: str = ""

    @classmethod
    def of(cls, name: str, feature: Feature) -> Proposal:
        """What somebody has chosen for a column; settings that are usual are left out."""
        others = feature.model_dump(mode="json", exclude={"type"}, exclude_defaults=True)
        return cls(name, {"type": feature.tag(), **others}, CHOSEN)

    @property
    def kind(self) -> str:
        """The feature's tag."""
        return str(self.settings["type"])

    @property
    def embedded(self) -> bool:
        """Whether the network has to begin with `column_embedding`."""
        return str(self.settings.get("encode")) == "embedding"

    @property
    def sequence(self) -> bool:
        """Whether it becomes steps, which the network has to take out of the table."""
        return self.kind in ("sequence", "items", "tokens")

    @property
    def ignored(self) -> bool:
        """Whether the column is left out."""
        return self.kind == "ignore"


@dataclass(frozen=True)
class TargetProposal:
    """The task of a target, and what it is like. `rarest` is the count of the rarest class, 0 for numbers.

    `other`: what else the task may be, which the cells cannot tell.
    """

    task: Task
    reason: str
    classes: int = 0
    rarest: int = 0
    other: str = ""


def propose_target(table: Table, names: list[str]) -> TargetProposal:
    """The task that the target has. Raises `DataError` for an unknown column or a cell without a value."""
    for name in names:
        cells = table.cells(name)
        row = next((row for row, cell in enumerate(cells) if is_missing(cell)), None)
        if row is not None and holds_numbers(table, name):
            raise table.missing(name, row)
    task = infer_task(table, names)
    if task == "multi_label":
        target = Labels.fit(table, names, TargetRules())
        counts = Counter(dict(zip(target.known, target.encode(table).sum(axis=0).astype(int).tolist(), strict=True)))
        shown = _some([f"{name} ({count:,})" for name, count in counts.items()])
        return TargetProposal(task, f"{len(counts)} label{'s' * (len(counts) != 1)}: {shown}")
    if task != "classification":
        values = {name: table.numbers(name) for name in names}
        ranges = [f"{name} {_range(numbers)}" for name, numbers in values.items()]
        counted = all((numbers >= 0).all() and (numbers == np.floor(numbers)).all() for numbers in values.values())
        return TargetProposal(task, "; ".join(ranges), other="count, where it counts something" if counted else "")
    counts = Counter(number_name(cell) for cell in table.cells(names[0]))
    if len(counts) == 1:
        where = f"{table.where}:{names[0]}"
        hint = "Name another column as the target."
        raise DataError(f'every row has the class "{next(iter(counts))}"', where=where, hint=hint)
    shown = _some([f"{name} ({counts[name]:,})" for name in in_order(list(counts))])
    return TargetProposal(
        task, f"{len(counts)} classes: {shown}", len(counts), min(counts.values()), _other_task(list(counts))
    )


def _other_task(classes: list[str]) -> str:
    """What else classes may be, in words; empty where they look like nothing else."""
    if all(map(is_number, classes)) and len(classes) > 2:
        counted = all(float(name) >= 0 and float(name).is_integer() for name in classes)
        return "ordinal, where the order means something" + ("; count, where it counts something" * counted)
    for separator in "|;":
        labels = {label.strip() for name in classes for label in name.split(separator)}
        if any(separator in name for name in classes) and len(labels) < len(classes):
            return f"multi_label, with label_separator: {separator!r}"
    return ""


def propose(
    table: Table, targets: Iterable[str], chosen: Mapping[str, Feature] = MappingProxyType({})
) -> list[Proposal]:
    """A feature for every column but the targets. Raises `DataError` where a column would be a guess, with its mend.

    Columns that are `chosen` are not looked at. A column that counts the rows is left out only where another one is
    left to learn from.
    """
    others = set(targets)
    names = [name for name in table.columns if name not in others]
    made = [Proposal.of(name, chosen[name]) if name in chosen else _propose(table, name) for name in names]
    if all(proposal.ignored for proposal in made):
        made = [_counted(table, proposal) for proposal in made]
    if all(proposal.ignored for proposal in made):
        hint = "Add a column that says something about the target."
        raise DataError("no column is left to learn from", where=table.where, hint=hint)
    return made


def _propose(table: Table, name: str) -> Proposal:
    gaps = table.gaps(name)
    missing = int(gaps.sum())
    if missing == len(table):
        return Proposal(name, {"type": "ignore"}, "no cell has a value")
    cells = table.texts(name)
    known = Counter(cell for cell, gap in zip(cells, gaps.tolist(), strict=True) if not gap)
    if len(known) == 1 and not missing:
        return Proposal(name, {"type": "ignore"}, f'every cell is "{_short(next(iter(known)))}"')
    note = f"{missing:,} cells ({missing / len(table):.1%}) have no value" if missing else ""
    filled = table.take(np.flatnonzero(~gaps)) if missing else table
    kind = infer(filled, name).tag()
    if kind == "number":
        return _number(name, table.numbers(name, gaps=True), note, missing / len(table))
    if kind == "category":
        return _category(name, known, len(table), note)
    if kind in ("sequence", "items"):
        return _list(filled, name, kind, note)
    return _datetime(filled, name, kind, note)


def _number(name: str, values: Array, note: str, share: float) -> Proposal:
    if not note and values.min() == values.max():
        return Proposal(name, {"type": "ignore"}, f"every cell is {values[0]:.6g}")
    if not note and _counts_rows(values):
        return Proposal(name, {"type": "ignore"}, COUNTER)
    reason = "; ".join(filter(None, [_range(values), note]))
    if not note:
        return Proposal(name, {"type": "number"}, reason)
    return Proposal(name, {"type": "number", "missing": "indicator" if share >= MANY_GAPS else "median"}, reason)


def _category(name: str, known: Counter[str], rows: int, note: str) -> Proposal:
    levels = len(known)
    if levels > rows / 2 or sum(map(len, known)) > LONG_TEXT * levels:
        reason = f"{levels:,} different texts in {rows:,} rows"
        words = sum(len(list(n_grams(text, "words", 1, 1))) for text in known)
        if words < WORDS_OF_A_TEXT * levels:
            return Proposal(name, {"type": "ignore"}, reason)
        buckets = 64 if rows <= SMALL_TABLE else 256
        return Proposal(name, {"type": "text", "buckets": buckets}, f"{reason}, of {words / levels:.1f} words each")
    settings: dict[str, str | int] = {"type": "category"}
    if levels > MOST_ONE_HOT:
        settings["encode"] = "embedding"
    if note:
        settings["missing"] = "as_category"
    rare = [level for level, count in known.items() if count < RARE]
    if rare and rows >= RARE_ROWS and len(rare) < levels - 1:
        settings["min_count"] = RARE
        note = "; ".join(filter(None, [note, f"{len(rare):,} levels have fewer than {RARE} rows"]))
    shown = f"{levels:,} levels: {_some(in_order(list(known)))}"
    return Proposal(name, settings, "; ".join(filter(None, [shown, note])))


def _list(filled: Table, name: str, kind: str, note: str) -> Proposal:
    """`filled`: the rows with a list."""
    lists = list(lists_of(filled, name, None))
    lengths = list(map(len, lists))
    found = f"lists of {min(lengths)} to {max(lengths)} "
    if kind == "sequence":
        found += "numbers"
    else:
        found += f"items, {len({item for items in lists for item in items}):,} different ones"
    return Proposal(name, {"type": kind}, "; ".join(filter(None, [found, note])))


def _datetime(filled: Table, name: str, kind: str, note: str) -> Proposal:
    """`filled`: the rows with a time."""
    times, cells = microseconds(filled, name), filled.columns[name]
    reason = f"{_short(cells[times.argmin()].strip())} to {_short(cells[times.argmax()].strip())}"
    rule = {"missing": "indicator"} if note else {}
    return Proposal(name, {"type": kind, **rule}, "; ".join(filter(None, [reason, note])))


def _counted(table: Table, proposal: Proposal) -> Proposal:
    """A number in place of a column that was ignored because it counts the rows."""
    if proposal.reason != COUNTER:
        return proposal
    return Proposal(proposal.name, {"type": "number"}, _range(table.numbers(proposal.name)))


def _counts_rows(values: Array) -> bool:
    """Whether the column is 0, 1, 2, ... or 1, 2, 3, ... down the file."""
    return len(values) > 2 and values[0] in (0, 1) and bool((np.diff(values) == 1).all())


def holds_numbers(table: Table, name: str) -> bool:
    """Whether every cell of a column that has a value is a number, and some cell has one."""
    filled = table.take(np.flatnonzero(~table.gaps(name)))
    return len(filled) > 0 and filled.numbers_or_none(name) is not None


def _range(values: Array) -> str:
    low, high = np.nanmin(values), np.nanmax(values)
    return f"{low:.6g} to {high:.6g}"


def _some(names: list[str], most: int = 6) -> str:
    shown = ", ".join(map(_short, names[:most]))
    return f"{shown}, ..." if len(names) > most else shown


def _short(text: str, most: int = 24) -> str:
    """One line of printable signs."""
    line = "".join(sign if sign.isprintable() else " " for sign in text)
    return line if len(line) <= most else f"{line[: most - 3]}..."
