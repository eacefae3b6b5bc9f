from __future__ import annotations

import numpy as np
import pytest

from scratchnn.errors import DataError
from scratchnn.nn.metrics import Metric, Scored


def compute(tag: str, scored: Scored):
    return Metric.parse(tag).compute(scored)


def test_counts_and_confusion_by_hand():
    weights = np.array([1.0, 2.0, 4.0, 8.0], np.float32)
    scored = Scored(np.array([0, 1, 1, 2]), np.eye(4)[[0, 1, 2, 1]], weights)
    assert scored.labels.tolist() == [0, 1, 2, 1]
    assert [counts.tolist() for counts in scored.counts] == [[1, 6, 8, 0], [1, 10, 4, 0], [1, 2, 0, 0]]
    assert scored.confusion.tolist() == [[1, 0, 0, 0], [0, 2, 4, 0], [0, 8, 0, 0], [0, 0, 0, 0]]


def test_of_equal_probabilities_the_first_class_is_taken():
    assert Scored(np.array([1]), np.array([[0.25, 0.375, 0.375]])).labels.tolist() == [1]


def test_a_note_is_kept_once():
    scored = Scored(np.zeros(1), np.zeros(1))
    for _ in range(2):
        scored.note("flat")
    assert scored.notes == ["flat"]


@pytest.mark.parametrize(
    ("targets", "predictions", "weights", "words"),
    [
        (np.zeros(0, int), np.zeros((0, 2)), None, "no rows"),
        (np.zeros(2, int), np.zeros((3, 2)), None, "2 targets but 3 predictions"),
        (np.zeros(2, int), np.zeros((2, 2)), np.zeros(2), "weights of the rows sum to 0"),
        (np.zeros(2, int), np.zeros((2, 2)), np.ones(3), "weights of shape"),
    ],
)
def test_what_cannot_be_measured(targets, predictions, weights, words):
    with pytest.raises(DataError, match=words):
        Scored(targets, predictions, weights)


def test_shapes_of_the_other_task():
    with pytest.raises(DataError, match="class ids"):
        compute("accuracy", Scored(np.zeros((3, 1)), np.zeros((3, 1))))
    with pytest.raises(DataError, match="class ids"):
        compute("log_loss", Scored(np.zeros((3, 1), int), np.zeros((3, 1))))
    with pytest.raises(DataError, match="predictions"):
        compute("mse", Scored(np.zeros((3, 2)), np.zeros((3, 1))))


def test_metrics_share_what_is_counted(monkeypatch):
    calls = []
    bincount = np.bincount
    monkeypatch.setattr(np, "bincount", lambda *given: calls.append(1) or bincount(*given))
    scored = Scored(np.array([0, 1, 1]), np.eye(2)[[0, 1, 0]])
    for tag in ("accuracy", "precision", "recall", "f1", "f1_macro", "balanced_accuracy"):
        compute(tag, scored)
    assert len(calls) == 3
