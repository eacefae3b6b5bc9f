from __future__ import annotations

from collections import Counter
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchnn.data.column_folds import GroupFolds, HashFolds, TimeFolds
from scratchnn.data.column_splits import hash_place
from scratchnn.data.folds import Folds, PositionFolds, RandomFolds
from scratchnn.data.index_split import IndexSplit
from scratchnn.data.splits import Division, Split, Strata, Undivided
from scratchnn.data.tables import Table
from scratchnn.errors import ConfigError, DataError

few = settings(max_examples=40)  # each divides the rows once for every fold


def rows_of(count: int, *, seed: int = 0, classes: list[int] | None = None) -> Undivided:
    strata = None if classes is None else Strata(np.array(classes), [f"c{k}" for k in range(max(classes) + 1)])
    return Undivided(count, np.random.Generator(np.random.PCG64(seed)), strata)


def keyed(cells: list[str], *, seed: int = 0) -> Undivided:
    table = Table("t.csv", {"key": tuple(cells), "x": ("1",) * len(cells)}, np.arange(len(cells)) + 2)
    return Undivided(len(cells), np.random.Generator(np.random.PCG64(seed)), table=table)


def lists(division: Division) -> list[list[int]]:
    return [part.tolist() for part in (division.train, division.validation, division.test)]


def all_tests(kind: type[Folds], rows: Any, **settings: Any) -> list[list[int]]:
    """The test rows of every fold; `rows` makes them anew, as each run does."""
    return [kind(fold=fold, **settings).divide(rows()).test.tolist() for fold in range(settings["folds"])]


def check_partition(kind: type[Folds], rows: Any, **settings: Any) -> list[list[int]]:
    """Over all folds each row is tested once; in each fold each row is in one part, ascending."""
    count = rows().count
    tested = []
    for fold in range(settings["folds"]):
        parts = lists(kind(fold=fold, **settings).divide(rows()))
        assert sorted(row for part in parts for row in part) == list(range(count))
        assert parts == [sorted(part) for part in parts]
        assert parts[0]
        assert parts[2]
        assert bool(parts[1]) == (settings.get("validation", 0.15) > 0)
        tested.append(parts[2])
    assert sorted(row for fold in tested for row in fold) == list(range(count))
    return tested


@few
@given(st.integers(12, 60), st.integers(2, 6), st.integers(0, 3), st.integers(0, 50), st.sampled_from([0.0, 0.1, 0.4]))
def test_random_folds_are_a_partition_of_equal_sizes(
    count: int, folds: int, repeat: int, seed: int, validation: float
) -> None:
    tested = check_partition(
        RandomFolds, lambda: rows_of(count, seed=seed), folds=folds, repeat=repeat, validation=validation
    )
    sizes = [len(rows) for rows in tested]
    assert max(sizes) - min(sizes) <= 1
    part = RandomFolds(folds=folds, validation=validation).divide(rows_of(count))
    others = count - len(part.test)
    assert len(part.validation) == (max(1, int(validation * others + 0.5)) if validation else 0)


@few
@given(st.lists(st.integers(8, 30), min_size=1, max_size=5), st.integers(2, 6), st.integers(0, 50))
def test_each_class_is_dealt_out_to_within_one_row(counts: list[int], folds: int, seed: int) -> None:
    classes = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)), counts)).tolist()
    tested = check_partition(
        RandomFolds, lambda: rows_of(len(classes), seed=seed, classes=classes), folds=folds, validation=0.3
    )
    sizes = [len(rows) for rows in tested]
    assert max(sizes) - min(sizes) <= 1
    for label in range(len(counts)):
        own = [Counter(classes[row] for row in rows)[label] for rows in tested]
        assert max(own) - min(own) <= 1


def test_validation_beside_a_fold_is_stratified_too() -> None:
    """Of 40 + 20 rows a fold of 5 takes 8 + 4, and a quarter of the rest, 32 + 16, is 8 + 4."""
    classes = [0] * 40 + [1] * 20
    division = RandomFolds(folds=5, fold=3, validation=0.25).divide(rows_of(60, classes=classes))
    assert [Counter(classes[row] for row in part) for part in lists(division)] == [
        {0: 24, 1: 12},
        {0: 8, 1: 4},
        {0: 8, 1: 4},
    ]
    loose = all_tests(RandomFolds, lambda: rows_of(60, classes=classes), folds=5, stratify=False)
    assert [len(rows) for rows in loose] == [12] * 5
    assert [Counter(classes[row] for row in rows)[1] for rows in loose] != [4] * 5


def test_the_folds_are_dealt_from_one_permutation() -> None:
    """Fold k of 3 are the places k, k + 3, k + 6 of the generator's permutation; a repeat takes the next."""
    rng = np.random.Generator(np.random.PCG64(4))
    first, second = rng.permutation(8), rng.permutation(8)
    for repeat, order in enumerate((first, second)):
        expected = [sorted(order[fold::3].tolist()) for fold in range(3)]
        assert all_tests(RandomFolds, lambda: rows_of(8, seed=4), folds=3, repeat=repeat) == expected


def test_stratified_by_hand() -> None:
    """Four rows of c0 then three of c1, each in the order of the permutation, dealt to folds 0 1 2 0 | 1 2 0."""
    classes = [0, 1, 0, 1, 0, 1, 0]
    order = np.random.Generator(np.random.PCG64(4)).permutation(7).tolist()
    dealt = [row for row in order if classes[row] == 0] + [row for row in order if classes[row] == 1]
    expected = [sorted(dealt[fold::3]) for fold in range(3)]
    assert all_tests(RandomFolds, lambda: rows_of(7, seed=4, classes=classes), folds=3, validation=0.0) == expected


def test_repeats_and_seeds_give_other_folds() -> None:
    made = {
        str(all_tests(RandomFolds, lambda seed=seed: rows_of(30, seed=seed), folds=3, repeat=repeat))
        for seed in range(2)
        for repeat in range(3)
    }
    assert len(made) == 6
    cells = [f"g{row // 3}" for row in range(30)]
    groups = {
        str(all_tests(GroupFolds, lambda: keyed(cells), column="key", folds=3, repeat=repeat)) for repeat in range(3)
    }
    assert len(groups) == 3


@few
@given(st.lists(st.integers(1, 12), min_size=6, max_size=14), st.integers(2, 5), st.integers(0, 50))
def test_groups_stay_whole_and_no_move_makes_folds_more_equal(counts: list[int], folds: int, seed: int) -> None:
    cells = [f"g{place}" for place, count in enumerate(counts) for _ in range(count)]
    tested = check_partition(GroupFolds, lambda: keyed(cells, seed=seed), column="key", folds=folds, validation=0.0)
    groups = [Counter(cells[row] for row in rows) for rows in tested]
    assert all(not one.keys() & other.keys() for one, other in combinations(groups, 2))
    for one in groups:
        for other in groups:
            assert one.total() - other.total() <= min(one.values())


def test_moving_a_group_mends_what_the_order_has_spoilt() -> None:
    """In the order 1, 1, 8 the sums become 9 and 1: the group of 1 is moved to 8 and 2."""
    cells = ["a", "b"] + ["c"] * 8
    settings = {"column": "key", "folds": 2, "validation": 0.0}
    for seed in range(6):
        tested = all_tests(GroupFolds, lambda seed=seed: keyed(cells, seed=seed), **settings)
        assert sorted(tested) == [[0, 1], [2, 3, 4, 5, 6, 7, 8, 9]]


def test_validation_of_groups_is_of_groups() -> None:
    cells = [f"g{row // 4}" for row in range(48)]
    parts = lists(GroupFolds(column="key", folds=4, fold=2, validation=0.3).divide(keyed(cells)))
    texts = [{cells[row] for row in part} for part in parts]
    assert [len(part) for part in texts] == [6, 3, 3]  # 0.3 of 36 rows is 10.8, nearest to 12 in groups of 4
    assert all(not one & other for one, other in combinations(texts, 2))


def test_a_column_of_fold_numbers_makes_these_folds() -> None:
    cells = ["0", "1", "2"] * 4
    tested = all_tests(GroupFolds, lambda: keyed(cells), column="key", folds=3, validation=0.0)
    assert sorted(tested) == [[0, 3, 6, 9], [1, 4, 7, 10], [2, 5, 8, 11]]


def test_folds_by_position_train_on_what_came_before() -> None:
    """Ten rows in four blocks: borders at 2.5, 5 and 7.5, where a half goes down."""
    expected = [
        [[0], [1], [2, 3, 4]],
        [[0, 1, 2, 3], [4], [5, 6]],
        [[0, 1, 2, 3, 4, 5], [6], [7, 8, 9]],
    ]
    assert [lists(PositionFolds(folds=3, fold=fold).divide(rows_of(10))) for fold in range(3)] == expected


def test_folds_by_time_keep_rows_of_one_time_together() -> None:
    """Times 1 x 3, 2 x 1, 3 x 4, 4 x 1, 5 x 3: 12 rows in 3 blocks, borders nearest to 4 and 8: after time 2 and 3."""
    cells = ["3", "5", "1", "3", "2", "1", "4", "5", "3", "1", "3", "5"]
    first = TimeFolds(column="key", folds=2, fold=0, validation=0.25).divide(keyed(cells))
    assert lists(first) == [[2, 5, 9], [4], [0, 3, 8, 10]]
    second = TimeFolds(column="key", folds=2, fold=1, validation=0.0).divide(keyed(cells))
    assert lists(second) == [[0, 2, 3, 4, 5, 8, 9, 10], [], [1, 6, 7, 11]]


@few
@given(
    st.lists(st.integers(0, 12), min_size=10, max_size=60).filter(lambda keys: len(set(keys)) > 6), st.integers(2, 5)
)
def test_chained_folds_never_train_on_what_comes_later(keys: list[int], folds: int) -> None:
    last: list[int] = []
    for fold in range(folds):
        division = TimeFolds(column="key", folds=folds, fold=fold).divide(keyed([str(key) for key in keys]))
        train, validation, test = ([keys[row] for row in part] for part in lists(division))
        assert max(train) < min(validation)
        assert max(validation) < min(test)
        before = sorted([*division.train, *division.validation])
        assert [key for key in sorted(keys) if key < min(test)] == sorted([*train, *validation])
        assert not last or before == last
        last = sorted([*before, *division.test])
    assert last == list(range(len(keys)))


@few
@given(st.integers(8, 80), st.integers(2, 6))
def test_blocks_of_positions_differ_by_one_row(count: int, folds: int) -> None:
    tested = all_tests(PositionFolds, lambda: rows_of(count), folds=folds)
    sizes = [tested[0][0], *map(len, tested)]
    assert sum(sizes) == count
    assert max(sizes) - min(sizes) <= 1
    assert [row for rows in tested for row in rows] == list(range(tested[0][0], count))


def test_hash_folds_never_move_a_row_and_need_no_seed() -> None:
    few, many = [f"id{row}" for row in range(200)], [f"id{row}" for row in range(900, -1, -1)]
    check_partition(HashFolds, lambda: keyed(few), column="key", folds=3)
    for fold in range(3):
        split = HashFolds(column="key", folds=3, fold=fold)
        old, new = lists(split.divide(keyed(few))), lists(split.divide(keyed(many, seed=7)))
        for one, other in zip(old, new, strict=True):
            assert {few[row] for row in one} <= {many[row] for row in other}
        assert {few[row] for row in old[2]} == {cell for cell in few if int(hash_place("", cell) * 3) == fold}


def test_hash_folds_have_one_validation_whichever_fold_is_asked() -> None:
    """A row is for validation by its own second hash, near the fraction: 200 +- 12.6 of 800, five deviations are 64."""
    cells = [str(row) for row in range(1000)]
    parts = [lists(HashFolds(column="key", folds=5, fold=k, validation=0.25).divide(keyed(cells))) for k in range(5)]
    chosen = set.union(*(set(part[1]) for part in parts))
    assert all(set(part[1]) == chosen - set(part[2]) for part in parts)
    assert all(abs(len(part[1]) - len([*part[0], *part[1]]) / 4) < 64 for part in parts)
    other = HashFolds(column="key", folds=5, fold=0, validation=0.25, salt="s").divide(keyed(cells))
    again = HashFolds(column="key", folds=5, fold=0, validation=0.25, repeat=1).divide(keyed(cells))
    assert lists(again)[2] not in (parts[0][2], lists(other)[2])
    assert lists(other)[2] != parts[0][2]


@pytest.mark.parametrize(
    ("split", "rows", "message"),
    [
        (RandomFolds(folds=5), rows_of(4), "4 rows are too few for 5 folds"),
        (RandomFolds(folds=5), rows_of(24, classes=[0] * 20 + [1] * 4), 'class "c1" has 4 rows, too few for 5 folds'),
        (
            RandomFolds(folds=2),
            rows_of(23, classes=[0] * 20 + [1] * 3),
            'class "c1" has 3 rows, too few for 2 folds and validation rows beside each',
        ),
        (
            RandomFolds(folds=4, fold=1, validation=0.1),
            rows_of(20, classes=[0, 1, 2, 3] * 5),
            "a part of 2 rows cannot hold each of 4 classes, among the 15 rows beside fold 1",
        ),
        (RandomFolds(folds=2, validation=0.9), rows_of(4), "2 rows are too few for parts of 2 beside training, among"),
        (GroupFolds(column="key", folds=3), keyed(["a", "b"] * 5), 'column "key" has 2 groups, too few for 3 folds'),
        (
            GroupFolds(column="key", folds=2),
            keyed(["a", "b"] * 5),
            'column "key" has 2 groups, too few for 2 folds and validation rows beside each',
        ),
        (GroupFolds(column="kye", folds=2), keyed(["a", "b"]), 'names a column "kye" that is not there'),
        (PositionFolds(folds=4), rows_of(5), "5 rows are too few for 4 folds and what comes before them"),
        (
            TimeFolds(column="key", folds=3),
            keyed(["1", "2", "3", "4"] * 3),
            "4 different times are too few for 3 folds",
        ),
        (HashFolds(column="key", folds=2), keyed(["same"] * 9), "the hash puts no row into fold"),
    ],
)
def test_what_cannot_be_divided_says_why(split: Folds, rows: Undivided, message: str) -> None:
    with pytest.raises(DataError) as caught:
        split.divide(rows)
    assert message in caught.value.message
    assert caught.value.hint


def test_as_few_as_can_be() -> None:
    """The bounds of the errors above are sharp."""
    check_partition(RandomFolds, lambda: rows_of(24, classes=[0] * 19 + [1] * 5), folds=5)
    check_partition(RandomFolds, lambda: rows_of(24, classes=[0] * 20 + [1] * 4), folds=2, validation=0.3)
    check_partition(RandomFolds, lambda: rows_of(5), folds=5)
    check_partition(GroupFolds, lambda: keyed(["a", "b", "c"] * 5), column="key", folds=3)
    for fold in range(4):
        assert all(lists(PositionFolds(folds=4, fold=fold).divide(rows_of(6))))
        assert all(lists(TimeFolds(column="key", folds=4, fold=fold).divide(keyed(list("123456") * 2))))


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ({"type": "random", "folds": 4}, RandomFolds(folds=4)),
        ({"type": "random", "folds": 4, "fold": 3, "repeat": 2, "validation": 0.0}, None),
        ({"type": "group", "column": "g", "folds": 4}, GroupFolds(column="g", folds=4)),
        ({"type": "time", "column": "g", "folds": 4}, TimeFolds(column="g", folds=4)),
        ({"type": "hash", "column": "g", "salt": "s", "folds": 4}, HashFolds(column="g", salt="s", folds=4)),
        ({"type": "position", "folds": 4}, PositionFolds(folds=4)),
        ({"type": "position_folds", "folds": 4}, PositionFolds(folds=4)),
    ],
)
def test_the_name_of_the_plain_split_will_do(short: dict[str, object], full: Split | None) -> None:
    made = Split.parse(short)
    assert made == (full or RandomFolds(folds=4, fold=3, repeat=2, validation=0.0))
    assert Split.parse(made.model_dump()) == made


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"type": "random", "folds": 5, "test": 0.2}, "`test` does not go with `folds`"),
        ({"type": "time", "column": "t", "fold": 0, "test": 0.2}, "`test` does not go with `folds`"),
        ({"type": "random", "folds": 5, "fold": 5}, "5 folds have the numbers 0 to 4"),
        ({"type": "random", "fold": 2}, "folds: Field required"),
        ({"type": "random", "folds": 1}, "greater than or equal to 2"),
        ({"type": "time", "column": "t", "folds": 3, "repeat": 1}, "Extra inputs"),
        ({"type": "none", "folds": 3}, "`folds` is for the types random, position, group, time, hash"),
        ({"type": IndexSplit.tag(), "path": "a.json", "folds": 3}, "`folds` is for the types"),
    ],
)
def test_what_a_config_may_not_say(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Split.parse(settings)
