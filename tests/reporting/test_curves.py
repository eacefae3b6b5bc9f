"""Expected numbers are those of scikit-learn 1.9.1 (roc_curve, precision_recall_curve, calibration_curve)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scratchnn.nn.metrics import AveragePrecision, ExpectedCalibrationError, RocAuc, Scored
from scratchnn.reporting.curves import (
    area,
    average_precision,
    by_threshold,
    calibration,
    precision_recall,
    rank,
    roc,
)

TRUE = np.array([0, 1, 1, 0, 1, 0, 1, 0, 1, 1]) == 1
SCORES = np.array([0.1, 0.4, 0.35, 0.8, 0.8, 0.2, 0.9, 0.35, 0.6, 0.05])
WEIGHTS = np.array([1, 2, 1, 0.5, 3, 1, 1, 2, 1, 0.5])


def test_roc_with_ties():
    false, true = roc(rank(TRUE, SCORES))
    assert false.tolist() == [0, 0, 0.25, 0.25, 0.25, 0.5, 0.75, 1, 1]
    assert (6 * true).tolist() == pytest.approx([0, 1, 2, 3, 4, 5, 5, 5, 6])
    assert area(false, true) == pytest.approx(2 / 3)


def test_roc_with_weights():
    false, true = roc(rank(TRUE, SCORES, WEIGHTS))
    assert (9 * false).tolist() == pytest.approx([0, 0, 1, 1, 1, 5, 7, 9, 9])
    assert (17 * true).tolist() == pytest.approx([0, 2, 8, 10, 14, 16, 16, 16, 17])
    assert area(false, true) == pytest.approx(0.8431372549019607)


@pytest.mark.parametrize(
    ("weights", "precision", "recall", "expected"),
    [
        (None, [1, 2 / 3, 3 / 4, 4 / 5, 5 / 7, 5 / 8, 5 / 9, 6 / 10], [1, 2, 3, 4, 5, 5, 5, 6], 0.7551587301587301),
        (
            WEIGHTS,
            [1, 8 / 9, 10 / 11, 14 / 15, 16 / 21, 16 / 23, 16 / 25, 17 / 26],
            [2, 8, 10, 14, 16, 16, 16, 17],
            0.8860296566178918,
        ),
    ],
)
def test_precision_and_recall(weights, precision, recall, expected):
    found_recall, found = precision_recall(rank(TRUE, SCORES, weights))
    assert found.tolist() == pytest.approx(precision)
    assert (found_recall * recall[-1]).tolist() == pytest.approx(recall)
    assert average_precision(found_recall, found) == pytest.approx(expected)


def test_thresholds_ascend_and_call_from_themselves_on():
    made = by_threshold(rank(TRUE, SCORES))
    assert made.thresholds.tolist() == [0.05, 0.1, 0.2, 0.35, 0.4, 0.6, 0.8, 0.9]
    assert made.recall.tolist() == pytest.approx([1, 5 / 6, 5 / 6, 5 / 6, 4 / 6, 3 / 6, 2 / 6, 1 / 6])
    for threshold, precision, f1 in zip(made.thresholds, made.precision, made.f1, strict=True):
        called = threshold <= SCORES
        hits = (called & TRUE).sum()
        assert precision == pytest.approx(hits / called.sum())
        assert f1 == pytest.approx(2 * hits / (called.sum() + 6))


def test_calibration_bins_are_closed_on_the_right():
    made = calibration(TRUE, SCORES, 5)
    assert made.share.tolist() == pytest.approx([1 / 3, 2 / 3, 1, 0.5, 1])
    assert made.probability.tolist() == pytest.approx([0.35 / 3, 1.1 / 3, 0.6, 0.8, 0.9])
    assert made.rows.tolist() == [3, 3, 1, 2, 1]
    assert made.error == pytest.approx((0.65 + 0.9 + 0.4 + 0.6 + 0.1) / 10)


def test_calibration_of_certainties_and_empty_bins():
    made = calibration(np.array([False, True, True]), np.array([0.0, 1.0, 1.0]), 10)
    assert (made.probability.tolist(), made.share.tolist(), made.rows.tolist()) == ([0, 1], [0, 1], [1, 2])
    assert made.error == 0


@st.composite
def samples(draw):
    count = draw(st.integers(2, 40))
    true = draw(st.lists(st.booleans(), min_size=count, max_size=count).filter(lambda made: len(set(made)) == 2))
    levels = st.integers(0, 12).map(lambda number: number / 12)
    return np.array(true), np.array(draw(st.lists(levels, min_size=count, max_size=count)))


@given(samples(), st.booleans())
def test_areas_are_those_of_the_metrics(made, weighted):
    true, scores = made
    weights = np.arange(1, len(true) + 1) / 7 if weighted else None
    scored = Scored(true.astype(np.int64), np.stack([1 - scores, scores], axis=1), weights)
    ranks = rank(true, scores, weights)
    assert area(*roc(ranks)) == pytest.approx(RocAuc().compute(scored))
    assert average_precision(*precision_recall(ranks)) == pytest.approx(AveragePrecision().compute(scored))


@given(samples(), st.integers(1, 20))
def test_the_calibration_error_is_that_of_the_metric(made, bins):
    true, scores = made
    scored = Scored(true.astype(np.int64), np.stack([1 - scores, scores], axis=1))
    sure = scored.predictions[np.arange(len(true)), scored.labels]
    expected = ExpectedCalibrationError(bins=bins).compute(scored)
    assert calibration(scored.right, sure, bins).error == pytest.approx(expected)
