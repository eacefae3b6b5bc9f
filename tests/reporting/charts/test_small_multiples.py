from __future__ import annotations

import numpy as np

from scratchnn.reporting.charts.small_multiples import MOST_PANELS, histograms
from scratchnn.reporting.histogram import Histogram


def test_each_panel_is_described():
    panels = {"0 dense": Histogram.of(np.array([0.0, 0.0, 3.0])), "1 dense": Histogram.of(np.array([np.nan, 1.0]))}
    made = histograms("activations", "Activations", "What layers give.", panels, zeros=True)
    assert "0 dense: mean 1, deviation 1.414, 66.67 % zeros" in made.description
    assert "1 dense: mean 1, deviation 0, 1 not finite" in made.description
    assert "0 dense" in made.svg()


def test_of_many_panels_some_are_drawn():
    panels = {f"{k} dense": Histogram.of(np.arange(9.0)) for k in range(40)}
    made = histograms("weights", "Weights", "Weights.", panels)
    assert f"Drawn are {MOST_PANELS} of 40." in made.description
    assert "39 dense" in made.svg()
