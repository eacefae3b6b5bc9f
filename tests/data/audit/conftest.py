from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from scratchnn.data.audit.view import Column, View

MakeView = Callable[..., View]


def column(name: str, cells: Sequence[Any]) -> Column:
    """Numbers (None is a gap), or texts ("" is a gap)."""
    if isinstance(next(cell for cell in cells if cell is not None), str):
        return Column.of_texts(name, list(cells))
    return Column.of_numbers(name, np.array([np.nan if cell is None else cell for cell in cells], float))


@pytest.fixture(scope="session")
def view() -> MakeView:
    """A view of columns as if read from lines 2, 3, ... of data.csv.

    Of ten rows seven are for training, one for validation, two for the test, unless `part` says otherwise.
    """

    def make(columns: dict[str, Sequence[Any]], target: Sequence[Any] | None = None, part: Any = None) -> View:
        rows = len(next(iter(columns.values())))
        part = np.resize([0, 0, 0, 0, 0, 0, 0, 1, 2, 2], rows) if part is None else np.asarray(part)
        targets = () if target is None else (column("y", target),)
        classes = bool(targets) and targets[0].kind == "category"
        names = ("train", "validation", "test")[: int(part.max()) + 1]
        return View(
            parts=names,
            part=part,
            columns=tuple(column(name, cells) for name, cells in columns.items()),
            targets=targets,
            task="reconstruction" if target is None else "classification" if classes else "regression",
            wheres=("data.csv",) * len(names),
            lines=np.arange(2, rows + 2),
        )

    return make


@pytest.fixture(scope="session")
def clean() -> Callable[..., tuple[dict[str, list[Any]], list[Any]]]:
    """Columns of 200 ordinary rows, and their target: classes, or numbers."""

    def make(*, numbers: bool = False, rows: int = 200) -> tuple[dict[str, list[Any]], list[Any]]:
        rng = np.random.default_rng(0)
        x, z = rng.normal(50, 12, rows), rng.normal(size=rows)
        color = [["red", "green", "blue"][place] for place in rng.integers(0, 3, rows)]
        score = 0.1 * (x - 50) + z + rng.normal(size=rows)
        target = score.tolist() if numbers else ["sick" if value > 0 else "well" for value in score]
        return {"x": x.tolist(), "z": z.tolist(), "color": color}, target

    return make
