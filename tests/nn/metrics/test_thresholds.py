from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchnn.errors import DataError, UsageError
from scratchnn.nn.metrics import F1, Accuracy, BalancedAccuracy, MatthewsCorrelation, Scored
from scratchnn.nn.metrics.thresholds import Goal, choose_threshold

P = np.array([0.1, 0.2, 0.3, 0.4, 0.6, 0.8])
Y = np.array([0, 0, 1, 0, 1, 1])


def found(goal, p=P, y=Y, weights=None):
    return choose_threshold(np.array(p), np.array(y) == 1, Goal.parse(goal), weights)


def test_f1_worked_by_hand():
    # above 0.2: tp 3, fp 1, so 6/7; above 0.4: tp 2, fn 1, so 4/5
    made = found("f1")
    assert (made.lower, made.upper, made.threshold) == (0.2, 0.3, 0.25)
    assert made.value == pytest.approx(6 / 7, rel=1e-15)
    assert made.value_at_half == pytest.approx(4 / 5, rel=1e-15)


def test_a_tie_goes_to_the_middle_of_the_widest_stretch():
    # accuracy 5/6 above 0.2 (to 0.3) and above 0.4 (to 0.6)
    made = found("accuracy")
    assert (made.lower, made.upper, made.threshold) == (0.4, 0.6, 0.5)
    assert made.value == made.value_at_half == pytest.approx(5 / 6)


def test_stretches_that_are_equally_good_side_by_side_are_one():
    # youden: above 0.2 2/3, above 0.3 1/3, above 0.4 and up to 0.6 2/3; with a row of no weight at 0.5 in between
    p, y = [*P, 0.5], [*Y, 1]
    made = found("youden", p, y, np.array([1.0] * 6 + [0.0]))
    assert (made.lower, made.upper) == (0.4, 0.6)
    assert made.value == pytest.approx(2 / 3)


def test_equally_wide_stretches_go_to_the_one_next_to_a_half():
    p, y = [0.25, 0.375, 0.625, 0.75], [0, 1, 0, 1]
    assert found("accuracy", p, y).threshold == 0.3125  # [0.25, 0.375) and [0.625, 0.75) lie as near: the lower
    p, y = [0.25, 0.375, 0.5625, 0.6875], [0, 1, 0, 1]
    assert found("accuracy", p, y).threshold == 0.625


def test_costs_by_hand():
    # fn costs 5: above 0.2 one fp, 1/6; above 0.4 one fn, 5/6
    made = found("fp=1,fn=5")
    assert (made.threshold, made.value, made.value_at_half) == (0.25, pytest.approx(1 / 6), pytest.approx(5 / 6))
    made = found("fn=1, fp=5")
    assert (made.threshold, made.value) == (0.5, pytest.approx(1 / 6))


def test_calling_nothing_and_calling_everything_can_be_best():
    made = found("fp=1,fn=0")
    assert (made.lower, made.upper, made.value) == (0.4, 1.0, 0.0)
    made = found("fp=0,fn=1")
    assert (made.lower, made.upper, made.threshold) == (0.0, 0.3, 0.15)


def test_weights_count_rows():
    weights = np.array([1, 2, 1, 3, 1, 2])
    many = np.repeat(np.arange(6), weights)
    for goal in ("f1", "accuracy", "balanced_accuracy", "mcc", "youden", "fp=2,fn=3"):
        one, other = found(goal, weights=weights.astype(float)), found(goal, P[many], Y[many])
        assert (one.threshold, one.lower) == (other.threshold, other.lower)
        assert one.value == pytest.approx(other.value, rel=1e-12)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_no_threshold_is_better_and_the_value_is_that_of_the_metric(data):
    rows = data.draw(st.integers(4, 14))
    p = np.array(data.draw(st.lists(st.sampled_from(np.linspace(0, 1, 9)), min_size=rows, max_size=rows)))
    y = np.arange(rows) % 2
    rng = np.random.default_rng(rows)
    rng.shuffle(y)
    metrics = {
        "f1": F1(),
        "accuracy": Accuracy(),
        "balanced_accuracy": BalancedAccuracy(),
        "mcc": MatthewsCorrelation(),
    }
    for goal, metric in metrics.items():
        made = found(goal, p, y)

        def at(threshold, metric=metric):
            both = np.stack([1 - p, p], axis=1)
            return metric.compute(Scored(y, both, called=(p > threshold).astype(np.int64)))

        assert at(made.threshold) == pytest.approx(made.value, abs=1e-12)
        assert at(made.lower) == pytest.approx(made.value, abs=1e-12)
        assert at(0.5) == pytest.approx(made.value_at_half, abs=1e-12)
        assert max(map(at, [0.0, *p, 1.0])) <= made.value + 1e-12
        assert 0 <= made.lower <= made.threshold <= made.upper <= 1


def test_neighbours_in_float64():
    low = 0.5
    high = math.nextafter(low, 1)
    high2 = math.nextafter(high, 1)
    for a, b in ((low, high), (high, high2)):
        made = found("fp=1,fn=1", [0.0, a, b, 1.0], [0, 0, 1, 1])
        assert a <= made.threshold < b


@pytest.mark.parametrize(
    "text",
    ["fp=1", "fp=1,fn=1,fp=1", "fp=0,fn=0", "fp=-1,fn=1", "fp=nan,fn=1", "fp=1,tn=1", "fp=1;fn=2", "=", "fp=e,fn=1"],
)
def test_costs_that_cannot_be_read(text):
    with pytest.raises(UsageError, match="cannot be read") as caught:
        Goal.parse(text)
    assert "fp=1,fn=5" in caught.value.hint


def test_an_unknown_goal():
    with pytest.raises(UsageError, match=r'no goal "youdn"\. Did you mean "youden"\?'):
        Goal.parse("youdn")


@pytest.mark.parametrize(
    ("p", "y", "weights", "words"),
    [
        ([0.1, 0.9], [1, 1], None, "all of one class"),
        ([0.1, 0.9], [0, 1], [1.0, 0.0], "all of one class"),
        ([0.1, math.nan], [0, 1], None, "not finite"),
    ],
)
def test_rows_that_tell_nothing(p, y, weights, words):
    with pytest.raises(DataError, match=words):
        found("f1", p, y, None if weights is None else np.array(weights))
