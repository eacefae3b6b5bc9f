from __future__ import annotations

import math

import numpy as np
import pytest

from scratchnn.training.range_test import RangeTest, has_diverged, rates_between, smooth


def made(losses: np.ndarray) -> RangeTest:
    return RangeTest(rates_between(1e-6, 1.0, len(losses)), losses)


def test_the_running_mean_is_corrected_at_its_start() -> None:
    np.testing.assert_allclose(smooth([3.0] * 5), 3.0, rtol=1e-12)
    weights = 0.9 ** np.arange(4)[::-1]
    losses = np.array([4.0, 1.0, 3.0, 2.0])
    assert smooth(losses)[-1] == pytest.approx((weights * losses).sum() / weights.sum())


def test_rates_grow_by_one_factor() -> None:
    rates = rates_between(1e-4, 1e-1, 4)
    np.testing.assert_allclose(rates, [1e-4, 1e-3, 1e-2, 1e-1])


def test_the_suggestion_by_its_rule() -> None:
    """A logistic fall around log10(rate) = -3, a rise from -1 on; the running mean lags by about nine steps of 0.06."""
    x = np.linspace(-6, 0, 101)
    losses = 2 / (1 + np.exp(4 * (x + 3))) + np.where(x > -1, 10 * (x + 1) ** 2, 0.0) + 0.2
    test = made(losses)
    assert math.log10(test.steepest) == pytest.approx(-2.6, abs=0.2)
    assert math.log10(test.lowest) == pytest.approx(-0.9, abs=0.2)
    assert test.below_lowest == test.lowest / 10
    assert test.suggestion == test.steepest
    late = made(2 - np.maximum(x + 0.6, 0))  # falls to the very end: the tenth is the more careful one
    assert late.suggestion == late.below_lowest < late.steepest


def test_the_first_noisy_steps_suggest_nothing() -> None:
    losses = np.full(100, 1.0)
    losses[0], losses[1] = 1.4, 0.7
    losses[60:80] = np.linspace(1.0, 0.1, 20)
    losses[80:] = 0.1
    assert 1e-3 < made(losses).steepest < 1e-1


def test_a_loss_that_never_falls_suggests_nothing() -> None:
    assert made(np.linspace(1.0, 2.0, 50)).suggestion is None
    short = made(np.array([1.0, 0.5]))
    assert (short.lowest, short.steepest, short.suggestion) == (None, None, None)


def test_when_it_has_diverged() -> None:
    assert has_diverged(math.nan, [])
    assert has_diverged(math.inf, [1.0] * 10)
    assert not has_diverged(20.0, [1.0] * 10)  # takes the running mean to 3.8
    assert has_diverged(25.0, [1.0] * 10)  # to 4.5
    assert has_diverged(100.0, [1.0] * 10)
    assert not has_diverged(100.0, [1.0])
