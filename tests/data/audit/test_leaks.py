from __future__ import annotations

import numpy as np
import pytest

from scratchnn.data.audit.leaks import leaks


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_a_frequent_class_is_no_leak(view):
    """98.5 % of the rows are of one class: a column that tells nothing is right as often."""
    x, z = np.random.default_rng(1).normal(size=(2, 4000)).tolist()
    color = [["red", "blue"][value > 0] for value in z]
    target = ["rare" if value > 2.17 else "often" for value in rng().normal(size=4000)]
    assert leaks(view({"x": x, "z": z, "color": color}, target), rng()) == []
    told = [2.0 * (label == "rare") + min(abs(value), 0.9) for label, value in zip(target, z, strict=True)]
    (finding,) = leaks(view({"x": x, "told": told}, target), rng())
    assert (finding.code, finding.columns) == ("target_leak", ("told", "y"))


def test_a_single_feature_is_the_task_itself(view):
    target = ["a", "b"] * 100
    assert leaks(view({"x": [0.0, 1.0] * 100}, target), rng()) == []


def test_without_other_parts_a_half_is_held_out(view):
    values = rng().uniform(-3, 3, 400)
    columns = {"x": values.tolist(), "z": rng().normal(size=400).tolist()}
    (finding,) = leaks(view(columns, np.cos(values).tolist(), part=np.zeros(400, int)), rng())
    assert (finding.code, finding.columns) == ("target_leak", ("x", "y"))
    assert finding.message.startswith('"x" alone nearly tells the target: R^2 1.0000 on held-out')
    noisy = np.cos(values) + 0.1 * rng().normal(size=400)
    assert leaks(view(columns, noisy.tolist(), part=np.zeros(400, int)), rng()) == []


@pytest.mark.parametrize("sign", [1, -1])
def test_nearest_values_are_asked(view, sign):
    """Held-out values lie between those of training; the nearer one tells."""
    values = sign * np.arange(300.0)
    columns = {"x": values.tolist(), "z": rng().normal(size=300).tolist()}
    target = ["low" if value < 150 else "high" for value in range(300)]
    part = np.where(np.arange(300) % 4 == 0, 1, 0)
    (finding,) = leaks(view(columns, target, part=part), rng())
    assert "it gets 100 % of held-out rows right, chance" in finding.message
