"""Labels and ordered classes against scikit-learn (tests/fixtures/make_sklearn_labels.py names the version)."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from scratchnn.errors import DataError
from scratchnn.nn.metrics import Metric, Scored, ScoredLabels, default_metrics

with np.load(Path(__file__).parents[2] / "fixtures" / "sklearn_labels.npz", allow_pickle=False) as archive:
    SKLEARN = {name: archive[name] for name in archive.files}
EXPECTED = json.loads(str(SKLEARN["origin"]))["expected"]
KINDS = {"multi_label": ScoredLabels, "ordinal": Scored}


def scored_of(case: str) -> Scored:
    targets, predictions, weights = (SKLEARN.get(f"{case}.{name}") for name in ("targets", "predictions", "weights"))
    names = tuple(f"k{k}" for k in range(predictions.shape[1]))
    return KINDS[case.split(".")[0]](targets, predictions, weights, names)


def compute(tag: str, scored: Scored):
    return Metric.parse(tag).compute(scored)


def plain(figure):
    return np.array(list(figure.values()) if isinstance(figure, dict) else figure, np.float64)


@pytest.mark.parametrize(
    ("task", "tag"),
    [
        (task, tag)
        for task in KINDS
        for tag, member in Metric.members().items()
        if task in member.tasks and not member.needs_fields()
    ],
)
def test_equals_scikit_learn_on_50_cases(task, tag):
    cases = [case for case, figures in EXPECTED.items() if tag in figures and case.startswith(task)]
    assert len(cases) == 50
    for case in cases:
        ours, theirs = compute(tag, scored_of(case)), EXPECTED[case][tag]
        np.testing.assert_allclose(plain(ours), plain(theirs), rtol=1e-12, atol=1e-12, err_msg=f"{tag} {case}")
        assert json.loads(json.dumps(ours)) == ours or np.isnan(plain(ours)).any()


def test_labels_by_hand():
    truth = np.array([[1.0, 0, 1], [0, 1, 0], [0, 0, 0]])
    said = np.array([[0.9, 0.6, 0.5], [0.1, 0.8, 0.2], [0.2, 0.3, 0.4]])  # 1/2 is not said
    scored = ScoredLabels(truth, said, None, ("a", "b", "c"))
    assert compute("exact_match", scored) == pytest.approx(2 / 3)
    assert compute("hamming_loss", scored) == pytest.approx(2 / 9)
    assert compute("jaccard_samples", scored) == pytest.approx((1 / 3 + 1 + 0) / 3)
    assert compute("f1_samples", scored) == pytest.approx((1 / 2 + 1 + 0) / 3)
    assert compute("f1_micro", scored) == pytest.approx(2 * 2 / 6)
    assert compute("precision_per_class", scored) == {"a": 1.0, "b": 0.5, "c": 0.0}
    assert scored.notes == [
        "jaccard_samples is 0/0, taken as 0, for 1 row that neither have labels nor are said to",
        "f1_samples is 0/0, taken as 0, for 1 row that neither have labels nor are said to",
        'precision is 0/0, taken as 0, for "c"',
    ]


def test_probabilities_of_labels_by_hand():
    truth = np.array([[1.0, 0], [0, 0], [1, 0]])
    said = np.array([[0.5, 0.25], [0.8, 0.5], [0.9, 1.0]])
    scored = ScoredLabels(truth, said, np.array([1.0, 1, 2]), ("a", "b"))
    eps = np.finfo(float).eps
    losses = [-np.log(0.5) - np.log(0.75), -np.log(0.2) - np.log(0.5), -np.log(0.9) - np.log(eps)]
    assert compute("log_loss", scored) == pytest.approx((losses[0] + losses[1] + 2 * losses[2]) / 2 / 4)
    of_a = 2 / 3  # pairs of weight 1 in the wrong order, 2 in the right one
    areas = compute("roc_auc_per_class", scored)
    assert areas["a"] == pytest.approx(of_a)
    assert math.isnan(areas["b"])
    assert compute("roc_auc", scored) == pytest.approx(of_a)
    assert compute("average_precision_per_class", scored) == {
        "a": pytest.approx(2 / 3 * 1 + 1 / 3 * 3 / 4),
        "b": 0.0,
    }
    assert 'roc_auc leaves out labels that all rows have, or none: "b"' in scored.notes
    assert 'average_precision_per_class is 0 for labels that no row has: "b"' in scored.notes


def test_labels_that_divide_no_rows_are_called_labels():
    scored = ScoredLabels(np.array([[1.0, 0], [1, 0]]), np.full((2, 2), 0.7))
    assert math.isnan(compute("roc_auc", scored))
    assert scored.notes[0].startswith("roc_auc has no value: each label is one that all rows have, or none")


def test_nothing_true_and_nothing_said_is_0_with_a_note():
    scored = ScoredLabels(np.zeros((2, 2)), np.full((2, 2), 0.1))
    assert compute("f1_micro", scored) == compute("f1_weighted", scored) == compute("recall_micro", scored) == 0
    assert "f1_micro is 0/0, taken as 0" in scored.notes
    assert compute("exact_match", scored) == 1


def test_weights_count_a_row_as_often():
    truth, said = np.array([[1.0, 0], [0, 1]]), np.array([[0.9, 0.9], [0.1, 0.9]])
    twice = ScoredLabels(np.repeat(truth, [3, 1], axis=0), np.repeat(said, [3, 1], axis=0))
    weighted = ScoredLabels(truth, said, np.array([3.0, 1.0]))
    for tag in ("exact_match", "hamming_loss", "jaccard_samples", "f1_samples", "f1_macro", "f1_micro", "f1_weighted"):
        assert compute(tag, weighted) == pytest.approx(compute(tag, twice), rel=1e-14)
    assert compute("exact_match", weighted) == 0.25


def test_predictions_that_are_not_numbers_are_noted():
    scored = ScoredLabels(np.ones((1, 2)), np.array([[math.nan, 0.9]]))
    assert compute("exact_match", scored) == 0
    assert scored.notes == ["some predictions are not finite numbers"]


def test_what_is_no_label_is_refused():
    with pytest.raises(DataError, match="hamming_loss is for labels that may be true together"):
        compute("hamming_loss", Scored(np.array([0, 1]), np.eye(2)))
    with pytest.raises(DataError, match=r"expects labels \(N, K\) and their probabilities"):
        compute("f1_macro", ScoredLabels(np.array([0, 1]), np.eye(2)))


def test_ranks_by_hand():
    scored = Scored(np.array([0, 1, 2, 2]), np.eye(3)[[0, 1, 1, 0]])
    assert compute("rank_mae", scored) == 3 / 4
    # sum w O = 1 + 4; E of rows (1, 1, 2) and columns (2, 2, 0): (1 * 2 * 1 + 1 * 2 * 1 + 2 * 2 * 4 + 2 * 2 * 1) / 4
    assert compute("quadratic_weighted_kappa", scored) == pytest.approx(1 - 5 / 6)


def test_one_class_alone_has_no_kappa():
    scored = Scored(np.array([1, 1]), np.eye(3)[[1, 1]])
    assert math.isnan(compute("quadratic_weighted_kappa", scored))
    assert scored.notes == ["quadratic_weighted_kappa has no value: all rows are of one class and said to be"]


def test_which_metrics_suit_which_task():
    tags = {task: {tag for tag, member in Metric.members().items() if member.suits(task)} for task in (*KINDS, "count")}
    assert {"accuracy", "f1", "log_loss", "rank_mae"} <= tags["ordinal"]
    assert {"f1_macro", "exact_match"} <= tags["multi_label"]
    assert not {"accuracy", "f1", "rank_mae", "mse"} & tags["multi_label"]
    assert {"mse", "mae"} <= tags["count"]
    assert not Metric.members()["rank_mae"].suits("classification")


@pytest.mark.parametrize("task", ["multi_label", "ordinal", "count"])
def test_default_metrics_suit_their_task(task):
    assert default_metrics(task)
    assert all(metric.suits(task) for metric in default_metrics(task))
