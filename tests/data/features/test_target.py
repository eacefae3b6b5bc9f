from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from scratchnn.data.features.category import Category
from scratchnn.data.features.target import TargetColumn, folds
from scratchnn.data.tables import Table
from scratchnn.errors import DataError

MakeTable = Callable[..., Table]
ROOT2 = 2**0.5


def encoded(column: TargetColumn, rows: Table) -> np.ndarray:
    out = np.full((len(rows), column.width), np.nan)
    column.encode(rows, out)
    return out


def trained(column: TargetColumn, rows: Table, targets: np.ndarray) -> np.ndarray:
    out = np.zeros((len(rows), column.width))
    column.encode_training(rows, targets, out)
    return out


def test_means_are_drawn_to_the_prior(table: MakeTable) -> None:
    """prior 3/4, m = 1: a (2 + 3/4) / 3 = 11/12, b (1 + 3/4) / 3 = 7/12; their mean is 3/4, their deviation 1/6."""
    rows = table(city=["a", "a", "b", "b"])
    column = Category(encode="target", smoothing=1.0).fit(rows, "city", np.array([1, 1, 0, 1]))
    assert isinstance(column, TargetColumn)
    assert (column.width, column.names, column.scaled) == (1, ["city=target"], True)
    assert column.prior == [0.75]
    assert np.ravel(column.means) == pytest.approx([11 / 12, 7 / 12], rel=1e-14)
    assert [*column.offset, *column.scale] == pytest.approx([3 / 4, 1 / 6], rel=1e-14)
    new = table(city=["b", "a", "c"])
    assert encoded(column, new)[:, 0] == pytest.approx([-1, 1, 0], abs=1e-14)
    assert column.unseen(new).tolist() == [False, False, True]
    again = TargetColumn.model_validate_json(column.model_dump_json())
    assert again == column
    assert encoded(again, new).tobytes() == encoded(column, new).tobytes()


def test_training_rows_do_not_see_their_own_target(table: MakeTable) -> None:
    """The four rows are in folds of their own. Row 0: of the others the prior is 2/3, a has (1 + 2/3) / 2 = 5/6, b has
    (1 + 2/3) / 3 = 5/9; mean 35/54 and deviation sqrt(50) / 54 give sqrt(2). Row 2: the others have one target. Row 3:
    a 8/9, b 1/3, mean 19/27, deviation sqrt(50) / 27 give -sqrt(2).
    """
    rows, targets = table(city=["a", "a", "b", "b"]), np.array([1, 1, 0, 1])
    column = Category(encode="target", smoothing=1.0).fit(rows, "city", targets)
    assert trained(column, rows, targets)[:, 0] == pytest.approx([ROOT2, ROOT2, 0, -ROOT2], abs=1e-12)


def test_the_numbers_of_scikit_learn(table: MakeTable) -> None:
    """TargetEncoder(smooth=2.0) of scikit-learn 1.9.1: `encodings_` of three classes and of a number."""
    cells = ["p", "q", "p", "r", "q", "p", "r", "q", "p", "q"]
    ids = np.array([0, 1, 2, 0, 1, 0, 2, 2, 0, 1])
    column = Category(encode="target", smoothing=2.0).fit(table(city=cells), "city", ids)
    assert column.names == ["city=target1", "city=target2"]
    assert np.transpose(column.means) == pytest.approx(
        np.array([[0.09999999999999999, 0.6, 0.15], [0.26666666666666666, 0.26666666666666666, 0.4]]), rel=1e-13
    )
    numbers = np.array([1.5, -2, 0.25, 4, 3, 3, -1, 0, 2, 8])[:, None]
    column = Category(encode="target", smoothing=2.0).fit(table(city=cells), "city", numbers)
    assert np.ravel(column.means) == pytest.approx([1.75, 2.125, 1.6875], rel=1e-13)


def test_several_targets_have_an_input_each(table: MakeTable) -> None:
    rows = table(city=["a", "b", "a", "b", "b"])
    targets = np.array([[1.0, 5], [3, 5], [3, 5], [-1, 5], [4, 5]], np.float32)
    column = Category(encode="target", smoothing=0.0).fit(rows, "city", targets)
    assert np.array(column.means).tolist() == [[2, 5], [2, 5]]
    assert column.scale == [0, 0]  # t does not vary
    assert not encoded(column, rows).any()
    column = Category(encode="target", smoothing=0.0).fit(
        rows, "city", targets[:, ::-1] + np.array([[0, 0]] * 4 + [[0, 3]])
    )
    assert np.array(column.means).tolist() == [[5, 2], [5, 3]]


def test_means_that_differ_by_rounding_are_equal(table: MakeTable) -> None:
    cells = ["a"] * 3 + ["b"] * 7
    targets = np.full((10, 1), 0.1)
    column = Category(encode="target", smoothing=0.3).fit(table(city=cells), "city", targets)
    assert column.scale == [0]


def test_rare_and_missing_levels_have_means_of_their_own(table: MakeTable) -> None:
    cells = ["a", "a", "b", "", "c", "na", "a"]
    targets = np.array([0, 1, 1, 1, 1, 0, 0])
    feature = Category(encode="target", smoothing=0.0, missing="as_category", min_count=2)
    column = feature.fit(table(city=cells), "city", targets)
    assert (column.levels, column.rare) == (["a", ""], ["b", "c"])
    assert np.ravel(column.means) == pytest.approx([1 / 3, 1 / 2, 1])
    rows = table(city=["new", "c", "?", "a"])
    out = encoded(column, rows)[:, 0]
    assert out[0] == out[1] > out[2] > out[3]
    assert column.unseen(rows).tolist() == [True, False, False, False]
    assert column.missing(rows).tolist() == [False, False, True, False]
    filled = Category(encode="target", smoothing=0.0, missing="most_frequent").fit(table(city=cells), "city", targets)
    assert np.ravel(filled.means) == pytest.approx([2 / 5, 1, 1])


def test_a_missing_cell_without_a_training_row_has_the_prior(table: MakeTable) -> None:
    feature = Category(encode="target", smoothing=0.0, missing="as_category")
    column = feature.fit(table(city=["a", "a", "b", "b"]), "city", np.array([0, 1, 1, 1]))
    assert encoded(column, table(city=["", "new", "a"]))[:, 0] == pytest.approx([0, 0, -1])


def test_a_level_of_one_fold_has_the_prior_of_the_others(table: MakeTable) -> None:
    """With m = 0 the others have no row of c: 0 / 0 is the prior, 1/2; a and b have 0 and 1, of mean 1/2."""
    rows, targets = table(city=["c", "a", "b", "b", "a"]), np.array([1, 0, 1, 1, 0])
    column = Category(encode="target", smoothing=0.0).fit(rows, "city", targets)
    assert trained(column, rows, targets)[0, 0] == 0


def test_folds_are_even_and_no_pattern_of_the_rows_hides_in_one() -> None:
    assert np.bincount(folds(1000)).tolist() == [200, 199, 201, 200, 200]
    for period in (2, 3, 5, 10, 12, 25, 60, 100):
        counts = np.bincount(folds(500 * period)[::period], minlength=5)
        assert counts.min() > 80, period  # of 100


def test_there_must_be_a_target(table: MakeTable) -> None:
    with pytest.raises(DataError, match=r"data\.csv:city: there is no target to encode levels by"):
        Category(encode="target").fit(table(city=["a", "b", "a"]), "city")


@pytest.mark.parametrize(
    "change",
    [
        {"means": [[0.0]]},
        {"means": [[0.0], [1.0], [2.0]]},
        {"means": [[0.0], [1.0, 2.0]]},
        {"prior": [0.0, 1.0]},
        {"offset": []},
        {"scale": [-1.0]},
        {"smoothing": -1.0},
        {"rare": ["c"]},
    ],
)
def test_a_broken_column_is_refused(change: dict[str, object]) -> None:
    fields = {"name": "city", "levels": ["a", "b"], "smoothing": 1.0, "prior": [0.5]}
    fields |= {"means": [[0.0], [1.0]], "offset": [0.5], "scale": [1.0]}
    TargetColumn.model_validate(fields)
    with pytest.raises(ValidationError):
        TargetColumn.model_validate(fields | change)


@settings(max_examples=60, deadline=None)
@given(
    data=st.data(),
    smoothing=st.sampled_from([0.0, 0.5, 10.0]),
    kind=st.sampled_from(["two", "three", "number", "numbers"]),
    min_count=st.integers(1, 2),
)
def test_changing_a_row_s_own_target_never_changes_its_inputs(
    data: st.DataObject, smoothing: float, kind: str, min_count: int
) -> None:
    cells = data.draw(st.lists(st.sampled_from("abc"), min_size=4, max_size=30))
    rows = Table("data.csv", {"city": (*cells, "a", "a", "a")}, np.arange(len(cells) + 3))
    if kind in ("two", "three"):
        count = 2 if kind == "two" else 3
        value = st.integers(0, count - 1)
        targets = np.array([*data.draw(st.lists(value, min_size=len(cells), max_size=len(cells))), 0, 1, count - 1])
    else:
        shape = (len(rows), 1 if kind == "number" else 2)
        targets = np.random.default_rng(data.draw(st.integers(0, 99))).normal(size=shape)
        value = st.floats(-1e6, 1e6)
    row = data.draw(st.integers(0, len(cells) - 1))
    changed = targets.copy()
    changed[row] = data.draw(value)
    feature = Category(encode="target", smoothing=smoothing, min_count=min_count)
    outs = []
    for own in (targets, changed):
        column = feature.fit(rows, "city", own)
        assert isinstance(column, TargetColumn)
        outs.append(trained(column, rows, own))
    assert outs[0][row].tobytes() == outs[1][row].tobytes()
    assert np.isfinite(outs).all()


def test_other_rows_do_see_a_changed_target(table: MakeTable) -> None:
    rows, targets = table(city=["a", "b"] * 10), np.arange(20.0)[:, None]
    column = Category(encode="target").fit(rows, "city", targets)
    before = trained(column, rows, targets)
    targets[0] = 500
    after = trained(column, rows, targets)
    assert (before != after).sum() == (folds(20) != 0).sum()
