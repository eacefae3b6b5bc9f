from __future__ import annotations

import math

import pytest

from scratchnn.training.early_stopping import Watch


def follow(watch, values):
    return [watch.improved(epoch, value) for epoch, value in enumerate(values, start=1)]


def test_lower_is_better():
    watch = Watch(higher_is_better=False, patience=3)
    assert follow(watch, [2.0, 1.0, 1.5, 0.5, 0.5, 0.6]) == [True, True, False, True, False, False]
    assert (watch.best, watch.best_epoch, watch.waited, watch.exhausted) == (0.5, 4, 2, False)
    assert not watch.improved(7, 0.51)
    assert watch.exhausted


def test_higher_is_better():
    watch = Watch(higher_is_better=True, patience=2)
    assert follow(watch, [0.5, 0.7, 0.7, 0.6]) == [True, True, False, False]
    assert (watch.best, watch.best_epoch, watch.exhausted) == (0.7, 2, True)


@pytest.mark.parametrize(("higher", "sign"), [(False, -1), (True, 1)])
def test_a_gain_must_be_more_than_min_delta(higher, sign):
    watch = Watch(higher, patience=9, min_delta=0.25)
    gains = [watch.improved(epoch, sign * value) for epoch, value in enumerate([1.0, 1.25, 1.26, 1.5, 1.52], start=1)]
    assert gains == [True, False, True, False, True]
    assert (watch.best, watch.best_epoch) == (sign * 1.52, 5)


def test_small_gains_add_up_against_the_best_not_the_last():
    watch = Watch(higher_is_better=True, patience=9, min_delta=0.1)
    assert follow(watch, [0.0, 0.06, 0.12]) == [True, False, True]


def test_nan_is_never_better_and_uses_up_patience():
    watch = Watch(higher_is_better=False, patience=3)
    assert follow(watch, [math.nan, 3.0, math.nan, math.nan]) == [False, True, False, False]
    assert (watch.best_epoch, watch.waited, watch.exhausted) == (2, 2, False)
    assert not watch.improved(5, math.nan)
    assert watch.exhausted


@pytest.mark.parametrize("value", [math.inf, -math.inf])
@pytest.mark.parametrize("higher", [False, True])
def test_infinity_is_never_better(higher, value):
    watch = Watch(higher, patience=9)
    assert follow(watch, [value, 1.0, value]) == [False, True, False]
    assert watch.best == 1.0  # a checkpoint can hold it


def test_nan_alone_leaves_no_best():
    watch = Watch(higher_is_better=True, patience=2)
    follow(watch, [math.nan, math.nan])
    assert (watch.best, watch.best_epoch, watch.exhausted) == (None, 0, True)


def test_without_patience_it_is_never_exhausted():
    watch = Watch(higher_is_better=False)
    follow(watch, [1.0] * 1000)
    assert (watch.waited, watch.exhausted) == (999, False)
