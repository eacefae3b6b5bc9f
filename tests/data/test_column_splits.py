from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scratchnn.data.column_splits import ColumnSplit, GroupSplit, HashSplit, TimeSplit, hash_place
from scratchnn.data.splits import Division, Split, Undivided
from scratchnn.data.tables import Table
from scratchnn.errors import DataError


def undivided(cells: list[str], *, seed: int = 0, test: bool = True) -> Undivided:
    table = Table("t.csv", {"key": tuple(cells), "x": ("1",) * len(cells)}, np.arange(len(cells)) + 2)
    return Undivided(len(cells), np.random.Generator(np.random.PCG64(seed)), table=table, test=test)


def lists(division: Division) -> list[list[int]]:
    return [part.tolist() for part in (division.train, division.validation, division.test)]


def check_whole(division: Division, cells: list[str]) -> None:
    """Every row once, in ascending order, and no text in two parts."""
    parts = lists(division)
    assert sorted(row for part in parts for row in part) == list(range(len(cells)))
    assert parts == [sorted(part) for part in parts]
    texts = [{cells[row] for row in part} for part in parts]
    assert all(not one & other for one, other in combinations(texts, 2))


@given(st.lists(st.integers(1, 9), min_size=3, max_size=7), st.integers(0, 50))
def test_groups_stay_whole_and_the_test_is_as_near_as_can_be(counts: list[int], seed: int) -> None:
    cells = [f"g{place}" for place, count in enumerate(counts) for _ in range(count)]
    split = GroupSplit(column="key", validation=0.0, test=0.3)
    division = split.divide(undivided(cells, seed=seed))
    check_whole(division, cells)
    size = max(1, int(0.3 * len(cells) + 0.5))
    sums = [sum(some) for n in range(1, len(counts)) for some in combinations(counts, n)]
    assert abs(len(division.test) - size) == min(abs(total - size) for total in sums)
    assert lists(division) == lists(split.divide(undivided(cells, seed=seed)))


@given(st.lists(st.integers(0, 12), min_size=8, max_size=60).filter(lambda keys: len(set(keys)) > 2))
def test_each_part_has_groups_and_times(keys: list[int]) -> None:
    cells = [str(key) for key in keys]
    for split in (GroupSplit(column="key"), TimeSplit(column="key")):
        division = split.divide(undivided(cells))
        check_whole(division, cells)
        assert all(lists(division))
    train, validation, test = ([keys[row] for row in part] for part in lists(division))
    assert max(train) < min(validation) <= max(validation) < min(test)


@pytest.mark.parametrize("seed", range(4))
def test_small_groups_are_left_for_the_other_parts(seed: int) -> None:
    """For a test of 15 rows 1 + 1 is nearer than 1, but would leave one group for two parts."""
    division = GroupSplit(column="key").divide(undivided(["a", "b"] + ["c"] * 98, seed=seed))
    assert [len(part) for part in lists(division)] == [98, 1, 1]


def test_the_seed_decides_which_groups() -> None:
    cells = [str(row // 2) for row in range(100)]
    split = GroupSplit(column="key")
    assert lists(split.divide(undivided(cells))) != lists(split.divide(undivided(cells, seed=1)))


def test_dates_with_offsets_count_in_utc_and_ties_go_to_the_nearer_side() -> None:
    split = TimeSplit(column="key", validation=0.25, test=0.25)
    cells = ["2024-01-02T00:30+01:00", "2024-01-01T23:00+00:00", "2024-01-01T23:45+00:00", "2023-12-31T00:00+00:00"]
    assert lists(split.divide(undivided(cells))) == [[1, 3], [0], [2]]
    ties = ["1", "1", "1", "2", "2", "3", "3", "3", "3", "9"]
    assert lists(TimeSplit(column="key", validation=0.3, test=0.2).divide(undivided(ties))) == [
        [0, 1, 2, 3, 4],
        [5, 6, 7, 8],
        [9],
    ]


@given(st.lists(st.text(st.characters(codec="utf-8"), min_size=1), min_size=1), st.text(max_size=3))
def test_a_hash_never_leaves_its_range(texts: list[str], salt: str) -> None:
    assert all(0 <= hash_place(salt, text) < 1 for text in texts)


def test_the_hash_is_that_of_the_standard() -> None:
    """`printf '\\0p1' | b2sum -l 64` is the first; places are its first 53 bits."""
    expected = [0.34771215086071594, 0.08414567720805177]
    assert [hash_place("", "p1"), hash_place("s", "p1")] == expected


@given(st.permutations(range(300)), st.integers(200, 300))
def test_a_hash_keeps_rows_where_they_are_when_others_come(order: list[int], count: int) -> None:
    split = HashSplit(column="key", validation=0.2, test=0.2)
    before = [f"id{row}" for row in range(count)]
    after = [f"id{row}" for row in order]
    old, new = split.divide(undivided(before)), split.divide(undivided(after, seed=7))
    check_whole(new, after)
    for one, other in zip(lists(old), lists(new), strict=True):
        assert {before[row] for row in one} <= {after[row] for row in other}


def test_hash_parts_have_about_their_fractions() -> None:
    """Of 10,000 rows 1,500 +- 36: five deviations are 180."""
    sizes = [len(part) for part in lists(HashSplit(column="key").divide(undivided([str(n) for n in range(10_000)])))]
    assert abs(sizes[1] - 1500) < 180
    assert abs(sizes[2] - 1500) < 180


def test_a_column_names_the_parts() -> None:
    cells = ["test", "train", "dev", "train"]
    assert lists(ColumnSplit(column="key", validation="dev").divide(undivided(cells))) == [[1, 3], [2], [0]]


@pytest.mark.parametrize("split", [GroupSplit(column="key"), TimeSplit(column="key"), HashSplit(column="key")])
def test_no_test_rows_where_the_source_gives_them(split: Split) -> None:
    division = split.divide(undivided([str(row) for row in range(100)], test=False))
    assert len(division.test) == 0
    assert len(division.validation) > 0


@pytest.mark.parametrize(
    ("split", "cells", "where", "message"),
    [
        (GroupSplit(column="kye"), ["a"], "t.csv", 'data.split names a column "kye" that is not there'),
        (GroupSplit(column="key"), ["a", " "], "t.csv:3:key", "the value is missing, but data.split divides by"),
        (HashSplit(column="key"), ["NA"], "t.csv:2:key", 'the value is missing ("NA")'),
        (GroupSplit(column="key"), ["a", "b"] * 9, "data.split", 'column "key" has 2 groups, too few for 3 parts'),
        (TimeSplit(column="key"), ["1", "2"] * 9, "data.split", 'column "key" has 2 times, too few for 3 parts'),
        (TimeSplit(column="key"), ["2024-01-01", "1.2.24"], "t.csv:3:key", '"1.2.24" is no ISO date'),
        (TimeSplit(column="key"), ["2024-01-01", "2024-01-01T00:00Z"], "t.csv:3:key", "only one has an offset"),
        (TimeSplit(column="key"), ["2024", "2024-01-01"], "t.csv:3:key", '"2024-01-01" is not a number'),
        (ColumnSplit(column="key"), ["train", "tset"], "t.csv:3:key", '"tset" is no part of the data'),
        (ColumnSplit(column="key"), ["test"], "t.csv", "data.split leaves no row for training"),
        (HashSplit(column="key"), ["same"] * 9, "t.csv", "the hash puts no row into"),
    ],
)
def test_what_cannot_be_divided_says_where(split: Split, cells: list[str], where: str, message: str) -> None:
    with pytest.raises(DataError) as caught:
        split.divide(undivided(cells))
    assert (caught.value.where, bool(caught.value.hint)) == (where, True)
    assert message in caught.value.message
