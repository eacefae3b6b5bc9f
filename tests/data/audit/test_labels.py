from __future__ import annotations

import numpy as np
import pytest

from scratchnn.data.audit.labels import gross_targets, odd_labels


@pytest.mark.parametrize(("strangers", "found"), [(1, 1), (2, 2), (3, 0)])
def test_a_row_is_odd_where_nine_of_ten_neighbours_are_of_one_other_class(view, strangers, found):
    """Rows of class b among those of a, close to each other: each has the others of them among its neighbours."""
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.uniform(0, 1, 60), rng.uniform(9, 10, 60), 0.5 + 1e-6 * np.arange(strangers)])
    labels = ["a"] * 60 + ["b"] * (60 + strangers)
    rows = view({"x": x.tolist(), "z": np.zeros(len(x)).tolist()}, labels)
    findings = odd_labels(rows, rng)
    assert [finding.count for finding in findings] == ([found] if found else [])
    if found:
        expected = {f"data.csv:{line}" for line in range(122, 122 + strangers)}
        assert set(findings[0].examples) == expected


def test_many_rows_are_drawn(view, monkeypatch):
    monkeypatch.setattr("scratchnn.data.audit.labels.MOST_ASKED", 100)
    monkeypatch.setattr("scratchnn.data.audit.labels.MOST_KNOWN", 200)
    rng = np.random.default_rng(0)
    turned = np.arange(1000) % 25 == 0
    side = np.arange(1000) // 500
    labels = ["ab"[place] for place in np.where(turned, 1 - side, side)]
    rows = view({"x": (10 * side + rng.uniform(size=1000)).tolist()}, labels)
    (finding,) = odd_labels(rows, rng)
    assert 1 <= finding.count <= 12
    assert finding.message.startswith(f"{finding.count} rows of 100 looked at")


def test_a_number_far_from_all_others(view):
    values = np.random.default_rng(0).normal(100, 5, 500)
    columns = {"x": values.tolist()}
    assert gross_targets(view(columns, values.tolist())) == []
    values[7] = 100 + 5 * 9
    assert gross_targets(view(columns, values.tolist())) == []
    values[7] = 100 - 5 * 12
    (finding,) = gross_targets(view(columns, values.tolist()))
    assert (finding.count, finding.examples) == (1, ("data.csv:9",))
    assert "such as 40; the median is 99.7143" in finding.message
    values[:7] = 1e4  # more than 1 % are a second kind of rows, not slips
    assert gross_targets(view(columns, values.tolist())) == []
