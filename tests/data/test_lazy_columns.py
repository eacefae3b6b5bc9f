from __future__ import annotations

import numpy as np
import pytest

from scratchnn.data.lazy_columns import LazyColumns, span_of, take_cells


def test_a_column_is_made_once_and_only_for_the_rows_that_were_taken() -> None:
    calls: list[list[int] | None] = []

    def make(rows: np.ndarray | None) -> tuple[str, ...]:
        calls.append(None if rows is None else rows.tolist())
        return tuple(f"r{row}" for row in (range(5) if rows is None else rows.tolist()))

    columns = LazyColumns({"a": make, "b": tuple("vwxyz")})
    part = columns.take(np.array([4, 2, 1])).take(np.array([0, 2]))
    assert list(part) == ["a", "b"]
    assert "a" in part
    assert "c" not in part
    assert len(part) == 2
    assert calls == []
    assert part["a"] == part["a"] == ("r4", "r1")
    assert part["b"] == ("z", "w")
    assert calls == [[4, 1]]
    assert columns["a"] == ("r0", "r1", "r2", "r3", "r4")
    assert columns.take(np.array([3])) == {"a": ("r3",), "b": ("y",)}
    assert calls == [[4, 1], None]


@pytest.mark.parametrize(
    ("rows", "span"),
    [
        ([], slice(0, 0)),
        ([3], slice(3, 4)),
        ([1, 2, 3], slice(1, 4)),
        ([2, 1], None),
        ([0, 2], None),
        ([0, 0, 2], None),
    ],
)
def test_rows_that_follow_each_other_are_a_slice(rows: list[int], span: slice | None) -> None:
    assert span_of(np.array(rows, int)) == span
    assert take_cells(tuple("abcd"), np.array(rows, int)) == tuple("abcd"[row] for row in rows)
