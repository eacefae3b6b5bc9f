from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scratchnn.data.audit.duplicates import coincidence, duplicates, row_groups, severity_of


@given(st.lists(st.lists(st.sampled_from([0.0, -0.0, 1.0, 2.5]), min_size=2, max_size=2), min_size=1, max_size=30))
@example([[0.0, 1.0], [-0.0, 1.0]])
def test_groups_are_those_of_equal_rows(rows):
    values = np.array(rows)
    _, expected = np.unique(values, axis=0, return_inverse=True)
    groups = row_groups(values[: len(rows) // 2], values[len(rows) // 2 :])
    same = groups[:, None] == groups
    assert np.array_equal(same, expected.reshape(-1)[:, None] == expected.reshape(-1))
    assert groups.max() + 1 == len(set(groups.tolist()))


def test_coincidence_is_that_of_independent_columns():
    """Two columns of 4 and 5 even levels: a row is met by one of 40 others with 1 - (19/20)^40."""
    codes = [np.tile(np.arange(20) // 5, 3), np.tile(np.arange(20) % 5, 3)]
    known = np.arange(60) < 40
    assert coincidence(codes, known, ~known) == pytest.approx(1 - (19 / 20) ** 40, rel=1e-12)
    fine = [np.arange(60), np.arange(60)]
    assert coincidence(fine, known, ~known) == 0  # levels that no known row has


def test_severity_goes_by_what_chance_leaves():
    assert severity_of(2, 0.5, 0.0) == "info"
    assert severity_of(3, 0.0099, 0.0) == "info"
    assert severity_of(3, 0.011, 0.0) == "warning"
    assert severity_of(30, 0.21, 0.0) == "serious"
    assert severity_of(30, 0.21, 0.0701) == "info"
    assert severity_of(30, 0.21, 0.0699) == "serious"


def test_rows_of_a_few_coarse_columns_repeat_by_chance(view):
    rng = np.random.default_rng(0)
    columns = {name: rng.integers(0, 2, 200).tolist() for name in "abc"}
    found = duplicates(view(columns))
    assert {finding.severity for finding in found} == {"info"}
    assert "with columns this coarse 100 % would by chance" in found[0].message


def test_who_is_wrong_at_least(view):
    """Of 4 equal rows 3 are of one class: a model gets one wrong. Two others agree."""
    columns = {"a": [1, 1, 1, 1, 2, 2, 3], "b": [5, 5, 5, 5, 6, 6, 7]}
    found = duplicates(view(columns, ["x", "y", "x", "x", "y", "y", "x"], part=np.zeros(7, int)))
    assert [(finding.code, finding.count) for finding in found] == [("duplicates", 4), ("conflicting_targets", 4)]
    assert "every model gets 1 row (14.3 %) wrong or more" in found[1].message
    assert found[1].examples == ("data.csv:2", "data.csv:3", "data.csv:4", "data.csv:5")


def test_both_places_of_a_pair_are_told(view):
    columns = {name: [1, 2, 3, 4, 5, 6, 7, 8, 2, 9] for name in "abcd"}
    (finding,) = duplicates(view(columns))
    assert (finding.parts, finding.count, finding.examples) == (("train", "test"), 1, ("data.csv:10", "data.csv:3"))
    assert finding.message == "1 test row (50 %) has the same features as a training row"
