"""The rows of all parts side by side, as the checks of an audit look at them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import numpy as np

from scratchnn.data.audit.finding import MOST_EXAMPLES
from scratchnn.data.tables import Array, Task, in_order

WIDEST = 256  # flat arrays with more inputs are looked at as whole samples, as images are


@dataclass(frozen=True)
class Column:
    """One column of N rows, a number or a category.

    `codes` (N,) are places in `levels`, -1 where there is no value. The levels of a category are its texts, those of a
    number its distinct values in ascending order.
    """

    name: str
    kind: Literal["number", "category"]
    codes: Array
    levels: Sequence[str] | Array

    @classmethod
    def of_numbers(cls, name: str, values: Array) -> Column:
        """A column of numbers (N,), NaN where there is no value."""
        gaps = np.isnan(values)
        if not gaps.any():
            levels, codes = np.unique(values + 0.0, return_inverse=True)  # + 0.0: -0.0 and 0.0 are one
            return cls(name, "number", codes.reshape(-1), levels)
        levels, inverse = np.unique(values[~gaps] + 0.0, return_inverse=True)
        codes = np.full(len(values), -1, np.int64)
        codes[~gaps] = inverse.reshape(-1)
        return cls(name, "number", codes, levels)

    @classmethod
    def of_texts(cls, name: str, cells: Sequence[str]) -> Column:
        """A column of levels; a blank cell has none."""
        distinct = set(cells)
        levels = in_order([cell for cell in distinct if cell.strip()])
        places = dict.fromkeys(distinct, -1) | {level: place for place, level in enumerate(levels)}
        return cls(name, "category", np.fromiter(map(places.__getitem__, cells), np.int64, len(cells)), levels)

    def __len__(self) -> int:
        return len(self.codes)

    @cached_property
    def gaps(self) -> Array:
        """For each row (N,) whether there is no value."""
        return np.asarray(self.codes < 0)

    @cached_property
    def numbers(self) -> Array:
        """The values (N,) in float64, NaN where there is none; of a category its codes."""
        levels = np.asarray(self.levels if self.kind == "number" else range(len(self.levels)), np.float64)
        return np.append(levels, np.nan)[self.codes]

    def counts(self, rows: Array | None = None) -> Array:
        """How many of the rows (all, or a mask or numbers) hold each level."""
        codes = self.codes if rows is None else self.codes[rows]
        return np.bincount(codes[codes >= 0], minlength=len(self.levels))

    def text(self, code: int) -> str:
        """A level as it is shown."""
        level = self.levels[code]
        return level if isinstance(level, str) else f"{level:.15g}"

    def take(self, rows: Array) -> Column:
        """The column of these rows; its levels stay as they are."""
        return replace(self, codes=self.codes[rows])


@dataclass(frozen=True)
class View:
    """N rows. `part` (N,) are places in `parts`, of which "train" is the first; parts without rows are left out.

    `columns` are the features and `targets` what is learned, none for a reconstruction. Of arrays `samples` (N, *shape)
    holds the inputs; `columns` is then empty until `with_columns`. `wheres` names the file of each part, `lines` (N,)
    its line, or the number of the sample in an array.
    """

    parts: tuple[str, ...]
    part: Array
    columns: tuple[Column, ...]
    targets: tuple[Column, ...]
    task: Task
    wheres: tuple[str, ...]
    lines: Array
    samples: Array | None = None
    free: frozenset[str] = field(default=frozenset())  # columns that may differ in each row: texts, dates, the split's

    def __len__(self) -> int:
        return len(self.part)

    @property
    def counts(self) -> dict[str, int]:
        """How many rows each part has."""
        return {name: int((self.part == place).sum()) for place, name in enumerate(self.parts)}

    @property
    def is_classification(self) -> bool:
        """Whether the one target is a class."""
        return self.task in ("classification", "ordinal")

    @cached_property
    def train(self) -> Array:
        """For each row (N,) whether it is trained on."""
        return np.asarray(self.part == 0)

    def place(self, row: int) -> str:
        """Where a row stands in its file."""
        where = self.wheres[int(self.part[row])]
        return f"{where}[{self.lines[row]}]" if self.samples is not None else f"{where}:{self.lines[row]}"

    def places(self, rows: Array) -> tuple[str, ...]:
        """Where the first of some rows stand, in the order of files and lines."""
        files = np.array([self.wheres.index(where) for where in self.wheres])
        order = np.lexsort((self.lines[rows], files[self.part[rows]]))
        return tuple(self.place(int(row)) for row in rows[order[:MOST_EXAMPLES]])

    def take(self, rows: Array) -> View:
        """The view of these rows."""
        return replace(
            self,
            part=self.part[rows],
            columns=tuple(column.take(rows) for column in self.columns),
            targets=tuple(column.take(rows) for column in self.targets),
            lines=self.lines[rows],
            samples=None if self.samples is None else self.samples[rows],
        )

    def sampled(self, most: int, rng: np.random.Generator) -> View:
        """At most about `most` rows, drawn evenly from each part; the view itself where it has no more."""
        if len(self) <= most:
            return self
        kept = []
        for place in range(len(self.parts)):
            rows = np.flatnonzero(self.part == place)
            kept.append(rng.choice(rows, max(1, len(rows) * most // len(self)), replace=False))
        return self.take(np.sort(np.concatenate(kept)))

    def with_columns(self) -> View:
        """Of flat arrays each input as a column x1, x2, ...; the view itself otherwise."""
        if self.columns or self.samples is None or self.samples.ndim != 2 or self.samples.shape[1] > WIDEST:
            return self
        names = [f"x{number + 1}" for number in range(self.samples.shape[1])]
        pairs = zip(names, self.samples.T, strict=True)
        return replace(
            self, columns=tuple(Column.of_numbers(name, values.astype(np.float64)) for name, values in pairs)
        )
