from __future__ import annotations

import numpy as np

from scratchnn.reporting.charts.residuals import MOST_POINTS, Pairs


def test_a_residual_is_true_less_predicted():
    pairs = Pairs("price", np.array([3.0, 5.0, 9.0]), np.array([2.0, 5.0, 11.0]))
    assert pairs.residuals.tolist() == [1, 0, -2]
    names = [chart.name for chart in pairs.charts()]
    assert names == ["predicted", "residuals", "residual-histogram"]
    histogram = pairs.charts()[2].description
    assert "Mean -0.3333, deviation 1.247, median 0; 90 % lie between -1.8 and 0.9." in histogram


def test_of_many_rows_a_part_is_drawn_with_both_ends():
    truth = np.random.default_rng(0).normal(size=60_000)
    pairs = Pairs("y", truth, truth * 0.5)
    assert len(pairs.drawn) == MOST_POINTS
    assert {int(truth.argmin()), int(truth.argmax())} <= set(pairs.drawn.tolist())
    chart = pairs.charts()[0]
    assert "Drawn are 1,500 of 60,000 rows." in chart.description
    assert "correlation is 1." in chart.description
    assert len(chart.svg()) < 200_000


def test_one_row_and_equal_numbers():
    for chart in Pairs("y", np.array([2.0]), np.array([2.0])).charts():
        assert "nan" not in chart.description
        chart.svg()
