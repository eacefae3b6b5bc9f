from __future__ import annotations

import math

import numpy as np

from scratchnn.reporting.histogram import Histogram


def test_counts_and_what_stands_beside_them():
    one = Histogram.of(np.array([0.0, 0.0, 1.0, 3.0]), bins=3)
    assert one.counts.tolist() == [2, 1, 1]
    assert one.edges.tolist() == [0, 1, 2, 3]
    assert (one.mean, one.zeros, one.size, one.lost) == (1.0, 0.5, 4, 0)
    assert one.deviation == math.sqrt(1.5)


def test_numbers_that_are_not_finite_are_counted_apart():
    one = Histogram.of(np.array([1.0, np.nan, np.inf, 2.0]))
    assert (one.counts.sum(), one.mean, one.lost, one.size) == (2, 1.5, 2, 4)


def test_equal_numbers_have_a_bar_around_them():
    for value in (0.0, 5.0, -1e-20, 1e30):
        one = Histogram.of(np.full(10, value))
        assert one.counts.sum() == 10
        assert one.edges[0] < value < one.edges[-1]


def test_no_number_at_all():
    for values in (np.empty(0), np.array([np.nan])):
        one = Histogram.of(values)
        assert one.counts.tolist() == [0]
        assert math.isnan(one.mean)
