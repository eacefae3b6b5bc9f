from __future__ import annotations

import math
import re

from scratchnn.reporting.charts.history import gradient_norms, groups_of, over_epochs


def test_lines_with_gaps_and_without_numbers():
    lines = {"train loss": [2.0, math.nan, 1.0], "validation loss": [math.nan] * 3}
    made = over_epochs("loss", "Loss", "loss", [1, 2, 3], lines, best_epoch=3)
    assert made is not None
    assert "train loss: from 2 to 1, lowest 1, highest 2" in made.description
    assert "validation loss" not in made.description
    assert "best epoch is 3" in made.description
    assert "train loss" in made.svg() or "best epoch, 3" in made.svg()
    assert over_epochs("loss", "Loss", "loss", [1], {"a": [math.nan]}) is None


def test_a_wide_range_has_a_logarithmic_axis_unless_something_is_not_positive():
    wide = over_epochs("x", "X", "x", [1, 2], {"a": [1000.0, 0.1]})
    assert wide is not None
    assert "Logarithmic" in wide.description
    assert ">1000<" in wide.svg()
    zero = over_epochs("x", "X", "x", [1, 2], {"a": [1000.0, 0.0]})
    assert zero is not None
    assert "Logarithmic" not in zero.description
    zero.svg()


def test_a_flat_line_starts_its_axis_at_zero():
    for value in (0.02, 0.0, -3.0):
        flat = over_epochs("rate", "Rate", "rate", [1, 2], {"rate": [value, value]})
        assert flat is not None
        assert "throughout" in flat.description
        flat.svg()


def test_a_single_epoch_has_a_whole_number_on_its_axis():
    made = over_epochs("accuracy", "Accuracy", "metric", [1], {"accuracy": [0.9755], "f1_macro": [0.9754]})
    assert made is not None
    assert made.description == "Over 1 epoch. accuracy: 0.9755; f1_macro: 0.9754."
    labels = re.findall(r"<text[^>]*>([^<]*)<", made.svg())
    assert {"0", "1", "2"} <= set(labels)
    assert not any("+" in label or "0.9975" in label or "1.0" in label for label in labels)
    assert "0.9755" in labels or "0.97550" in labels  # no offset apart from the ticks


def test_metrics_that_are_shares_lie_together():
    lines = {"accuracy": [0.5, 0.9], "rmse": [40.0, 30.0], "r2": [-0.5, 0.4], "empty": [math.nan] * 2}
    assert groups_of(lines) == [{"accuracy": [0.5, 0.9], "r2": [-0.5, 0.4]}, {"rmse": [40.0, 30.0]}]


def test_of_many_layers_some_norms_are_drawn():
    made = gradient_norms([1, 2], {f"{k} dense": [1.0 + k, 2.0] for k in range(30)})
    assert made is not None
    assert "6 of 30 layers" in made.description
    assert "0 dense" in made.description
    assert "29 dense" in made.description
