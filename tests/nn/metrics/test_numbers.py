"""Metrics on numbers: by hand, against slow clear versions, and where they have no value."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchnn.errors import ConfigError, DataError, TargetError
from scratchnn.nn.losses import MSE, GaussianNLL, Quantile
from scratchnn.nn.metrics import IntervalCoverage, Metric, Pinball, Scored


def compute(tag: str, scored: Scored) -> float:
    figure = Metric.parse(tag).compute(scored)
    assert isinstance(figure, float)
    return figure


def columns(targets: list[float], predictions: list[float], weights: list[float] | None = None) -> Scored:
    """One column."""
    made = [np.array(numbers, np.float64)[:, None] for numbers in (targets, predictions)]
    return Scored(*made, None if weights is None else np.array(weights))


def test_errors_by_hand():
    scored = columns([1, 2, 4, 8], [1, 3, 2, 16])
    assert compute("max_error", scored) == 8
    assert compute("median_absolute_error", scored) == 1.5
    assert compute("mape", scored) == pytest.approx((0 + 1 / 2 + 2 / 4 + 8 / 8) / 4)
    assert compute("smape", scored) == pytest.approx((0 + 2 / 5 + 4 / 6 + 16 / 24) / 4)
    assert compute("msle", columns([0, 1], [math.e - 1, 1])) == pytest.approx(0.5)
    assert compute("explained_variance", columns([1, 2, 3], [11, 12, 13])) == 1


@given(st.integers(1, 30), st.integers(0, 2**32 - 1))
@settings(max_examples=50, deadline=None)
def test_smape_is_its_definition_row_by_row(rows, seed):
    rng = np.random.default_rng(seed)
    targets, predictions = np.round(rng.normal(size=(2, rows)), 1)
    weights = rng.uniform(0.1, 2, rows)
    shares = []
    for target, prediction in zip(targets.tolist(), predictions.tolist(), strict=True):
        size = (abs(target) + abs(prediction)) / 2
        shares.append(abs(target - prediction) / size if size else 0.0)
    ours = compute("smape", Scored(targets, predictions, weights))
    assert ours == pytest.approx(sum(w * share for w, share in zip(weights, shares, strict=True)) / sum(weights))


def test_a_row_of_weight_0_has_no_max_error():
    assert compute("max_error", columns([0, 0, 0], [1, 5, 2], [1, 0, 3])) == 2


@pytest.mark.parametrize(
    ("weights", "median"),
    [([1, 1, 1, 1], 2.5), ([1, 1, 1, 3.5], 4), ([0.1, 0.2, 0.3, 0.6], 3.5), ([2, 1, 1, 0], 1.5), ([0, 0, 1, 0], 3)],
)
def test_a_weighted_median(weights, median):
    """0.1 + 0.2 + 0.3 is more than 0.6 by rounding alone: half lies at 3, so that 4 counts as much."""
    assert compute("median_absolute_error", columns([0] * 4, [1, 2, 3, 4], weights)) == median


def test_mape_tells_of_targets_of_0():
    scored = columns([0, 1], [0, 1])
    assert compute("mape", scored) == 0
    assert scored.notes == ["mape divides by next to nothing where the target is 0, in 1 of 2"]


def test_deviances_by_hand():
    assert compute("poisson_deviance", columns([0, 1], [2, 1])) == pytest.approx(2)
    assert compute("gamma_deviance", columns([1, 2], [math.e, 2])) == pytest.approx(1 / math.e)


@pytest.mark.parametrize(
    ("tag", "target", "words"),
    [
        ("msle", -1, "the target -1 has no msle, which needs numbers above -1"),
        ("poisson_deviance", -2, "numbers of at least 0"),
        ("gamma_deviance", 0, "the target 0 has no gamma_deviance, which needs numbers above 0"),
    ],
)
def test_targets_outside_the_domain_are_refused_by_row(tag, target, words):
    with pytest.raises(TargetError, match=words) as caught:
        compute(tag, columns([1, target], [1, 1]))
    assert (caught.value.row, caught.value.column) == (1, 0)
    assert tag in caught.value.hint


@pytest.mark.parametrize(("tag", "prediction"), [("msle", -1.5), ("poisson_deviance", 0.0), ("gamma_deviance", -1.0)])
def test_predictions_outside_the_domain_give_no_value(tag, prediction):
    scored = columns([1, 2], [1, prediction])
    assert math.isnan(compute(tag, scored))
    assert f"{tag} has no value" in scored.notes[0]
    assert f"{prediction:g}" in scored.notes[0]


def test_targets_that_scaling_has_rounded_below_0_are_0():
    assert compute("poisson_deviance", columns([-1e-8, 5], [1, 5])) == pytest.approx(1)
    scored = columns([-1e-8, 5], [1, 5])
    assert math.isnan(compute("gamma_deviance", scored))
    assert "too near 0" in scored.notes[0]


@pytest.mark.parametrize("tag", ["r2", "explained_variance"])
@pytest.mark.parametrize("weights", [None, [0.3, 0.7, 0.1]])
def test_equal_targets_count_0_or_1_whatever_their_mean_is_rounded_to(tag, weights):
    """The mean of three times 0.1 is not 0.1."""
    scored = columns([0.1] * 3, [0.1, 0.2, 0.4], weights)
    assert compute(tag, scored) == 0
    assert "are all equal" in scored.notes[0]
    assert compute(tag, columns([0.1] * 3, [0.1] * 3, weights)) == 1
    varied = columns([0.1, 0.1, 7], [0.1, 0.2, 0.4], [0.3, 0.7, 0])
    assert compute(tag, varied) == 0


def test_a_constant_error_is_forgiven_whatever_its_mean_is_rounded_to():
    assert compute("explained_variance", columns([0.1] * 3, [0.2] * 3)) == 1
    assert compute("explained_variance", columns([0.0, 0.25, 0.5], [0.125, 0.375, 0.625])) == 1


@pytest.mark.parametrize("tag", ["pearson", "spearman"])
@pytest.mark.parametrize("equal", [0.1, 1e9])
def test_equal_numbers_correlate_with_nothing(tag, equal):
    """0.1 has a mean of other than 0.1 by rounding."""
    scored = columns([equal] * 7, [1, 2, 3, 4, 5, 6, 7], [0.3] * 7)
    assert math.isnan(compute(tag, scored))
    assert "are all equal" in scored.notes[0]
    rng = np.random.default_rng(0)
    targets, predictions = rng.normal(size=(7, 2)), rng.normal(size=(7, 2))
    predictions[:, 0] = equal
    other = Scored(targets, predictions)
    assert compute(tag, other) == compute(tag, Scored(targets[:, 1:], predictions[:, 1:]))
    assert "leaves out columns" in other.notes[0]


def test_correlations_by_hand():
    scored = columns([1, 2, 3, 4], [1, 4, 9, 100])
    assert compute("spearman", scored) == pytest.approx(1)
    assert compute("pearson", scored) == pytest.approx(np.corrcoef([1, 2, 3, 4], [1, 4, 9, 100])[0, 1])
    assert compute("spearman", columns([1, 2, 3], [2, 2, 1])) == pytest.approx(-math.sqrt(0.75))
    assert math.isnan(compute("spearman", columns([1, 2, 3], [1, math.nan, 3])))
    assert math.isnan(compute("pearson", columns([1, 2, 3], [1, math.nan, 3])))


def test_a_reconstruction_correlates_around_the_mean_of_each_column():
    """Columns far from each other would else seem to go together."""
    rng = np.random.default_rng(1)
    targets = rng.normal((0, 100), 1, (200, 2))
    predictions = rng.normal((0, 100), 1, (200, 2))
    assert abs(compute("pearson", Scored(targets, predictions, pooled=True))) < 0.2
    both = np.concatenate([targets[:, 0] - targets[:, 0].mean(), targets[:, 1] - targets[:, 1].mean()])
    said = np.concatenate([predictions[:, 0] - predictions[:, 0].mean(), predictions[:, 1] - predictions[:, 1].mean()])
    expected = both @ said / math.sqrt((both @ both) * (said @ said))
    assert compute("pearson", Scored(targets, predictions, pooled=True)) == pytest.approx(expected)


def test_a_reconstruction_has_one_median_and_one_largest_error():
    scored = Scored(np.zeros((2, 2)), np.array([[1.0, 2], [3, 10]]), pooled=True)
    assert compute("median_absolute_error", scored) == 2.5
    assert compute("max_error", scored) == 10
    assert compute("max_error", Scored(scored.targets, scored.predictions)) == (3 + 10) / 2


def told(share: float) -> np.ndarray:
    """A model whose quantile q of each row is 10 q."""
    return np.full((4, 1), 10 * share)


def test_pinball_judges_the_quantile_that_the_model_tells():
    scored = Scored(np.array([[0.0], [5], [9], [20]]), np.zeros((4, 1)), quantiles=told)
    assert Pinball(quantile=0.9).compute(scored) == pytest.approx((0.1 * 9 + 0.1 * 4 + 0 + 0.9 * 11) / 4)
    alone = Scored(scored.targets, scored.predictions)
    assert Pinball(quantile=0.9).compute(alone) == pytest.approx(0.9 * 34 / 4)


def test_interval_coverage_counts_its_bounds():
    targets = np.array([[0.4], [0.5], [9.5], [9.6]])
    scored = Scored(targets, np.zeros((4, 1)), np.array([1.0, 2, 4, 8]), quantiles=lambda share: told(round(share, 9)))
    assert IntervalCoverage(interval=0.9).compute(scored) == pytest.approx(6 / 15)
    with pytest.raises(DataError, match="tell no quantiles"):
        IntervalCoverage().compute(Scored(targets, targets))


def test_an_interval_that_is_no_number_covers_nothing_known():
    scored = Scored(np.zeros((4, 1)), np.zeros((4, 1)), quantiles=lambda share: told(math.nan))
    assert math.isnan(IntervalCoverage().compute(scored))


@pytest.mark.parametrize(
    ("metric", "loss", "words"),
    [
        (IntervalCoverage(), GaussianNLL(), None),
        (IntervalCoverage(), Quantile(quantiles=[0.05, 0.5, 0.95]), None),
        (IntervalCoverage(interval=0.8), Quantile(quantiles=[0.05, 0.95]), "quantiles 0.1 and 0.9, the loss has 0.0"),
        (IntervalCoverage(), MSE(), "quantiles 0.05 and 0.95, but mse tells none"),
        (Pinball(quantile=0.3), MSE(), None),
        (Pinball(quantile=0.3), GaussianNLL(), None),
        (Pinball(quantile=0.3), Quantile(quantiles=[0.5]), "needs the quantile 0.3, the loss has 0.5"),
    ],
)
def test_what_needs_quantiles_of_the_loss(metric, loss, words):
    if words is None:
        metric.check_loss(loss)
        return
    with pytest.raises(ConfigError, match=words) as caught:
        metric.check_loss(loss)
    assert caught.value.hint
