from __future__ import annotations

import numpy as np

from scratchnn.reporting.charts.reliability import calibration_chart


def test_it_names_the_bin_that_is_furthest_off():
    probabilities = np.concatenate([np.full(8, 0.95), np.full(2, 0.15)])
    made = calibration_chart(np.array([True] * 4 + [False] * 6), probabilities, 'of "yes"')
    assert "weighted by rows: 0.39." in made.description
    assert "8 rows of mean probability 0.95, of which 50 % are true." in made.description
    made.svg()


def test_a_single_row():
    assert (
        "1 row of mean probability 0.7, of which 100 %"
        in calibration_chart(np.array([True]), np.array([0.7]), "of x").description
    )
