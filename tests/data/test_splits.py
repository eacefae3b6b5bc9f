from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from scratchnn.data.splits import Division, NoSplit, PositionSplit, RandomSplit, Split, Strata, Undivided
from scratchnn.errors import ConfigError, DataError


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


def undivided(rows: int, groups: Strata | None = None, *, seed: int = 0, test: bool = True) -> Undivided:
    return Undivided(rows, generator(seed), groups, test=test)


def strata(counts: list[int]) -> Strata:
    return Strata(np.repeat(np.arange(len(counts)), counts), [f"c{place}" for place in range(len(counts))])


def sizes(division: Division) -> list[int]:
    return [len(division.train), len(division.validation), len(division.test)]


def per_class(division: Division, groups: Strata) -> list[list[int]]:
    parts = (division.train, division.validation, division.test)
    return [np.bincount(groups.ids[part], minlength=len(groups.names)).tolist() for part in parts]


@pytest.mark.parametrize(
    ("rows", "settings", "expected"),
    [
        (100, {}, [70, 15, 15]),
        (150, {}, [104, 23, 23]),  # 22.5 rounds up
        (10, {"validation": 0.25, "test": 0.0}, [7, 3, 0]),
        (3, {}, [1, 1, 1]),
        (5, {"validation": 0.0, "test": 0.0}, [5, 0, 0]),
    ],
)
def test_sizes_are_rounded_and_at_least_one(rows: int, settings: dict[str, float], expected: list[int]) -> None:
    assert sizes(RandomSplit(**settings).divide(undivided(rows))) == expected  # type: ignore[arg-type]


def test_without_test_the_rows_stay_in_training() -> None:
    assert sizes(RandomSplit().divide(undivided(100, test=False))) == [85, 15, 0]


def test_none_keeps_every_row() -> None:
    division = Split.parse("none").divide(undivided(5))
    assert isinstance(NoSplit(), Split)
    assert division.train.tolist() == [0, 1, 2, 3, 4]
    assert sizes(division) == [5, 0, 0]


def test_by_position_the_rows_keep_their_order_and_nothing_is_drawn() -> None:
    rng = generator()
    division = PositionSplit(validation=0.2, test=0.3).divide(Undivided(10, rng, strata([5, 5])))
    assert [part.tolist() for part in (division.train, division.validation, division.test)] == [
        [0, 1, 2, 3, 4],
        [5, 6],
        [7, 8, 9],
    ]
    assert sizes(PositionSplit().divide(Undivided(100, rng, test=False))) == [85, 15, 0]
    assert rng.random() == generator().random()
    with pytest.raises(DataError, match="2 rows are too few for parts of 1 and 1"):
        PositionSplit().divide(Undivided(2, rng))


def test_iris_proportions() -> None:
    """23 of 150 is 7.67 a class: 8 + 8 + 7; then 23 of the 42, 42, 43 that are left is 7.6, 7.6, 7.8: 8 + 7 + 8."""
    groups = strata([50, 50, 50])
    division = RandomSplit().divide(undivided(150, groups))
    assert per_class(division, groups) == [[34, 35, 35], [8, 8, 7], [8, 7, 8]]


def test_a_rare_class_is_in_each_part() -> None:
    groups = strata([97, 3])
    assert per_class(RandomSplit().divide(undivided(100, groups)), groups) == [[69, 1], [14, 1], [14, 1]]


def test_stratify_false_ignores_the_classes() -> None:
    groups = strata([1, 19])
    assert sizes(RandomSplit(stratify=False).divide(undivided(20, groups))) == [14, 3, 3]


def test_the_generator_decides() -> None:
    groups = strata([20, 20])
    first, again, other = (RandomSplit().divide(undivided(40, groups, seed=seed)) for seed in (1, 1, 2))
    assert first.test.tolist() == again.test.tolist() != other.test.tolist()


@given(
    st.lists(st.integers(3, 60), min_size=1, max_size=8),
    st.floats(0, 0.6),
    st.floats(0, 0.6),
    st.integers(0, 99),
)
def test_stratified_sizes_are_exact_and_every_class_is_everywhere(
    counts: list[int], validation: float, test: float, seed: int
) -> None:
    assume(validation + test < 1)
    rows, groups = sum(counts), strata(counts)
    wanted = [max(1, int(fraction * rows + 0.5)) if fraction else 0 for fraction in (validation, test)]
    wanted = [rows - sum(wanted), *wanted]
    assume(all(size == 0 or size >= len(counts) for size in wanted) and wanted[0] > 0)
    division = RandomSplit(validation=validation, test=test).divide(undivided(rows, groups, seed=seed))
    assert sizes(division) == wanted
    together = np.concatenate([division.train, division.validation, division.test])
    assert np.sort(together).tolist() == list(range(rows))
    for part, size in zip(per_class(division, groups), wanted, strict=True):
        assert all(part) or size == 0
    for part in (division.train, division.validation, division.test):
        assert (np.diff(part) > 0).all()


@given(st.integers(2, 6), st.integers(10, 40), st.floats(0.1, 0.4), st.floats(0.1, 0.4))
def test_a_class_gets_its_share_to_within_one_row(classes: int, each: int, validation: float, test: float) -> None:
    groups = strata([each] * classes)
    division = RandomSplit(validation=validation, test=test).divide(undivided(each * classes, groups))
    for part in per_class(division, groups)[1:]:
        assert max(part) - min(part) <= 1


@pytest.mark.parametrize(
    ("counts", "settings", "message"),
    [
        ([50, 2], {}, 'class "c1" has 2 rows, too few for 3 parts'),
        ([50, 1], {"test": 0.0}, 'class "c1" has 1 row, too few for 2 parts'),
        ([3] * 10, {"test": 0.1}, "a part of 3 rows cannot hold each of 10 classes"),
        ([1, 1], {}, "2 rows are too few for parts of 1 and 1 beside training"),
    ],
)
def test_too_few_rows_name_what_is_short(counts: list[int], settings: dict[str, float], message: str) -> None:
    with pytest.raises(DataError) as caught:
        RandomSplit(**settings).divide(undivided(sum(counts), strata(counts)))  # type: ignore[arg-type]
    assert caught.value.message.startswith(message)
    assert caught.value.where == "data.split"
    assert caught.value.hint


@pytest.mark.parametrize("settings", [{}, {"stratify": True}])
def test_a_class_with_fewer_rows_than_parts_is_an_error_whether_stratify_is_written_or_not(
    settings: dict[str, bool],
) -> None:
    groups = strata([50, 2])
    with pytest.raises(DataError) as caught:
        RandomSplit(**settings).divide(undivided(52, groups))  # type: ignore[arg-type]
    assert str(caught.value) == (
        'data.split: class "c1" has 2 rows, too few for 3 parts. '
        "Add rows, merge the class with another, remove its rows, or set stratify: false in data.split."
    )
    assert sizes(RandomSplit(stratify=False).divide(undivided(52, groups))) == [36, 8, 8]
    assert per_class(RandomSplit(test=0.0).divide(undivided(52, groups)), groups)[1][1] == 1


@pytest.mark.parametrize("settings", [{"validation": 1.0}, {"test": -0.1}, {"validation": 0.5, "test": 0.5}])
def test_fractions_that_leave_nothing_are_refused(settings: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        Split.parse({"type": "random", **settings})
