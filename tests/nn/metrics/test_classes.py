"""Metrics on classes: by hand, against slow clear versions, and where they have no value."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchnn.errors import ConfigError, DataError
from scratchnn.nn.metrics import ExpectedCalibrationError, Metric, Scored


def compute(config: object, scored: Scored):
    return Metric.parse(config).compute(scored)


def labelled(targets: list[int], labels: list[int], classes: int) -> Scored:
    """Rows whose predicted classes are given."""
    return Scored(np.array(targets), np.eye(classes)[labels])


def top(k: int) -> dict[str, object]:
    return {"type": "top_k_accuracy", "k": k}


def test_names():
    assert [Metric.parse(top(k)).name for k in (1, 5)] == ["top_1_accuracy", "top_5_accuracy"]
    assert Metric.parse({"type": "fbeta", "beta": 2.0}).name == "fbeta_2"
    assert Metric.parse({"type": "fbeta_per_class", "beta": 0.5}).name == "fbeta_0.5_per_class"
    assert Metric.parse({"type": "pinball", "quantile": 0.00005}).name == "pinball_0.00005"
    assert Metric.parse("interval_coverage").name == "interval_coverage_0.9"
    assert Metric.parse("expected_calibration_error").name == "expected_calibration_error"
    assert ExpectedCalibrationError(bins=10).name == "expected_calibration_error_10"
    assert Metric.parse("f1").name == "f1"


def test_scores_by_hand():
    #                  true      predicted: of class 1 tp 4, fp 2, fn 1, tn 1
    scored = labelled([0, 0, 0, 1, 1, 1, 1, 1], [0, 1, 1, 1, 1, 1, 0, 1], 2)
    assert compute("specificity", scored) == pytest.approx(1 / 3)
    assert compute("jaccard", scored) == pytest.approx(4 / 7)
    assert compute({"type": "fbeta", "beta": 2}, scored) == pytest.approx(5 * 4 / (5 * 4 + 4 * 1 + 2))
    assert compute("matthews_corrcoef", scored) == pytest.approx((4 * 1 - 2 * 1) / math.sqrt(6 * 5 * 3 * 2))
    agreed, by_chance = 5 / 8, (6 * 5 + 2 * 3) / 64
    assert compute("cohen_kappa", scored) == pytest.approx((agreed - by_chance) / (1 - by_chance))
    assert scored.notes == []


def test_fbeta_of_1_is_f1():
    scored = labelled([0, 1, 2, 2, 1], [0, 1, 1, 2, 0], 3)
    for average in ("", "_macro", "_micro", "_weighted"):
        assert compute({"type": f"fbeta{average}", "beta": 1}, scored) == compute(f"f1{average}", scored)


@pytest.mark.parametrize(
    ("config", "targets", "labels", "classes", "value", "note"),
    [
        ("specificity", [1, 1], [0, 1], 2, 0.0, 'specificity is 0/0, taken as 0, for "1"'),
        ("jaccard", [0, 0], [0, 0], 2, 0.0, 'jaccard is 0/0, taken as 0, for "1"'),
        ({"type": "fbeta", "beta": 0.5}, [0, 0], [0, 0], 2, 0.0, 'fbeta_0.5 is 0/0, taken as 0, for "1"'),
        ("matthews_corrcoef", [0, 0], [0, 1], 2, 0.0, "only one class is true"),
        ("matthews_corrcoef", [0, 1], [1, 1], 2, 0.0, "only one class is predicted"),
        ("cohen_kappa", [1, 1], [1, 1], 2, math.nan, "cohen_kappa has no value"),
        ("average_precision", [0, 0], [0, 1], 2, 0.0, 'average_precision is 0 for classes without rows: "1"'),
        (top(3), [0, 1], [1, 0], 3, 1.0, "top_3_accuracy is 1 whatever is predicted: there are 3 classes"),
        ("roc_auc_ovo", [1, 1, 1], [0, 1, 2], 3, math.nan, "there is only one class"),
        ("roc_auc_ovo", [1, 1], [0, 1], 2, math.nan, "there is only one class"),
        ("roc_auc_ovo", [0, 0, 1, 1], [0, 1, 1, 1], 3, 0.75, 'leaves out classes without rows: "2"'),
        ("roc_auc_ovr_weighted", [0, 0, 1, 1], [0, 1, 1, 1], 3, 0.75, 'leaves out classes without rows: "2"'),
    ],
)
def test_undefined_cases_are_told(config, targets, labels, classes, value, note):
    scored = labelled(targets, labels, classes)
    assert compute(config, scored) == pytest.approx(value, nan_ok=True)
    assert note in scored.notes[0]
    assert len(scored.notes) == 1


@pytest.mark.parametrize("second", range(1, 60))
def test_one_class_for_all_agrees_by_chance_alone(second):
    assert str(compute("cohen_kappa", labelled([0] * 49 + [1] * second, [0] * (49 + second), 2))) == "0.0"


@pytest.mark.parametrize(("targets", "labels"), [([1, 0, 0, 0], [0] * 4), ([1] * 4, [1, 0, 0, 1])])
def test_one_class_for_all_agrees_by_chance_alone_where_rows_have_weights(targets, labels):
    weighted = replace(labelled(targets, labels, 2), weights=np.array([1 / 3, 0.3, 0.001, 0.7]))
    assert str(compute("cohen_kappa", weighted)) == "0.0"


@pytest.mark.parametrize("tag", ["roc_auc_ovr", "roc_auc_ovo", "average_precision"])
def test_no_ranking_without_a_second_class(tag):
    with pytest.raises(DataError, match=f"{tag} needs at least two classes"):
        compute(tag, labelled([0], [0], 1))


def test_top_k_by_hand():
    probabilities = np.array([[0.5, 0.3, 0.1, 0.1], [0.1, 0.2, 0.3, 0.4]])
    scored = Scored(np.array([2, 0]), probabilities)
    assert [compute(top(k), scored) for k in (1, 2, 3)] == [0, 0, 0]  # of equal ones the later is above
    scored = Scored(np.array([3, 1]), probabilities, np.array([3.0, 1.0]))
    assert [compute(top(k), scored) for k in (1, 2, 3)] == [0, 0, 1]


@given(st.integers(3, 6), st.integers(1, 20), st.integers(0, 2**32 - 1), st.integers(1, 5))
@settings(max_examples=50, deadline=None)
def test_top_k_sorts_the_classes(classes, rows, seed, k):
    rng = np.random.default_rng(seed)
    probabilities = np.round(rng.dirichlet(np.ones(classes), rows), 1)
    targets = rng.integers(0, classes, rows)
    named = [sorted(range(classes), key=lambda c, row=row: (-row[c], -c))[:k] for row in probabilities.tolist()]
    right = [target in found for target, found in zip(targets.tolist(), named, strict=True)]
    assert compute(top(k), Scored(targets, probabilities)) == pytest.approx(sum(right) / rows)


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_probabilities_that_are_no_numbers_are_never_right():
    lost = Scored(np.array([0, 1]), np.full((2, 3), math.nan))
    assert compute(top(2), lost) == 0
    for tag in ("brier", "expected_calibration_error", "average_precision", "roc_auc_ovo", "roc_auc_ovr"):
        assert math.isnan(compute(tag, lost)), tag


def test_brier_by_hand():
    assert compute("brier", Scored(np.array([1, 0]), np.array([[0.25, 0.75], [0.5, 0.5]]))) == (0.0625 + 0.25) / 2
    assert compute("brier", Scored(np.array([2]), np.array([[0.5, 0.25, 0.25]]))) == 0.25 + 0.0625 + 0.5625


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"type": "fbeta", "beta": 1e200}, "less than or equal to 1000000"),
        ({"type": "fbeta_micro", "beta": 1e200}, "less than or equal to 1000000"),
        ({"type": "expected_calibration_error", "bins": 10**12}, "less than or equal to 10000"),
    ],
)
def test_fields_that_no_float_or_memory_holds_are_refused(fields, words):
    with pytest.raises(ConfigError, match=words):
        Metric.parse(fields)


@pytest.mark.parametrize("weights", [None, np.array([0.1, 0.7, 0.2])])
def test_who_knows_the_shares_is_calibrated_to_the_last_bit(weights):
    targets = np.array([0, 1, 2])
    shares = np.full(3, 1 / 3) if weights is None else weights
    assert compute("expected_calibration_error", Scored(targets, np.tile(shares, (3, 1)), weights)) == 0


def test_expected_calibration_error_by_hand():
    """In (0.5, 1]: right once of two, at 0.6 and 0.8. In (0, 0.5]: 0.5 and right."""
    scored = Scored(np.array([0, 1, 0]), np.array([[0.6, 0.4], [0.8, 0.2], [0.5, 0.5]]))
    assert ExpectedCalibrationError(bins=2).compute(scored) == pytest.approx((abs(1 - 1.4) + abs(1 - 0.5)) / 3)
    assert ExpectedCalibrationError(bins=1).compute(scored) == pytest.approx(abs(2 - 1.9) / 3)


@given(st.integers(2, 5), st.integers(1, 60), st.integers(0, 2**32 - 1), st.integers(1, 20))
@settings(max_examples=50, deadline=None)
def test_expected_calibration_error_bin_by_bin(classes, rows, seed, bins):
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet(np.ones(classes), rows)
    targets, weights = rng.integers(0, classes, rows), rng.uniform(0.1, 2, rows)
    error = 0.0
    for number in range(bins):
        sure = probabilities.max(axis=1)
        inside = (sure > number / bins) & (sure <= (number + 1) / bins)
        if inside.any():
            mass = weights[inside].sum()
            right = (probabilities.argmax(axis=1) == targets)[inside]
            accuracy = (weights[inside] * right).sum() / mass
            confidence = (weights[inside] * sure[inside]).sum() / mass
            error += mass / weights.sum() * abs(accuracy - confidence)
    ours = ExpectedCalibrationError(bins=bins).compute(Scored(targets, probabilities, weights))
    assert ours == pytest.approx(error, abs=1e-12)


def test_average_precision_by_hand():
    """From the top: right, wrong, right at 1, 1/2 and 2/3."""
    positive = np.array([0.9, 0.8, 0.7, 0.1])
    scored = Scored(np.array([1, 0, 1, 0]), np.stack([1 - positive, positive], axis=1))
    assert compute("average_precision", scored) == pytest.approx((1 + 2 / 3) / 2)


def test_pairs_do_not_depend_on_how_many_rows_a_class_has():
    rng = np.random.default_rng(3)
    targets, predictions = rng.integers(0, 3, 60), rng.dirichlet(np.ones(3), 60)
    weights = np.array([1.0, 10.0, 100.0])[targets]
    plain, weighted = Scored(targets, predictions), Scored(targets, predictions, weights)
    assert compute("roc_auc_ovo", weighted) == pytest.approx(compute("roc_auc_ovo", plain))
    assert compute("roc_auc_ovr", weighted) != pytest.approx(compute("roc_auc_ovr", plain))
    assert compute("roc_auc_ovo_weighted", weighted) != pytest.approx(compute("roc_auc_ovo_weighted", plain))
