from __future__ import annotations

import re

import numpy as np

from scratchnn.reporting.charts.ranking import (
    precision_recall_chart,
    ranks_of,
    ranks_of_labels,
    roc_chart,
    thinned,
    threshold_chart,
)

TRUE = np.array([0, 1, 1, 0, 1, 0, 1, 0, 1, 1])
SCORES = np.array([0.1, 0.4, 0.35, 0.8, 0.8, 0.2, 0.9, 0.35, 0.6, 0.05])
TWO = np.stack([1 - SCORES, SCORES], axis=1)


def test_of_two_classes_the_second_is_drawn():
    ranked = ranks_of(["no", "yes"], TRUE, TWO, None)
    assert [one.name for one in ranked] == ["yes"]
    assert '"yes" against the other class: area 0.6667.' in roc_chart(ranked, 2).description
    assert "average precision 0.7552" in precision_recall_chart(ranked, 2).description
    text = threshold_chart(ranked[0]).description
    assert "At 0.5 precision is 0.75, recall 0.5, F1 0.6." in text
    assert "F1 is highest, 0.7692, at 0.35;" in text


def test_classes_that_no_row_or_every_row_has_are_left_out():
    three = np.full((4, 3), 1 / 3)
    assert [one.name for one in ranks_of(["a", "b", "c"], np.array([0, 0, 1, 1]), three, None)] == ["a", "b"]
    assert ranks_of(["a", "b"], np.array([1, 1]), TWO[:2], None) == []
    text = roc_chart(ranks_of(["a", "b", "c"], np.array([0, 0, 1, 1]), three, None), 3).description
    assert "1 of 3 classes have no row here" in text
    assert "mean area 0.5" in text


def test_of_many_classes_the_lowest_are_drawn():
    rng = np.random.default_rng(0)
    truth, scores = rng.integers(0, 200, 2000), rng.random((2000, 200))
    made = roc_chart(ranks_of([f"c{k}" for k in range(200)], truth, scores, None), 200)
    assert "6 lowest of 200 classes" in made.description
    assert len(made.svg()) < 60_000


def test_labels_are_each_their_own():
    truth = np.stack([TRUE, 1 - TRUE, np.zeros(10)], axis=1)
    ranked = ranks_of_labels(["a", "b", "never"], truth, np.stack([SCORES] * 3, axis=1), None)
    assert [one.name for one in ranked] == ["a", "b"]
    assert "a 0.6667, b 0.3333" in roc_chart(ranked, 3).description


def test_precision_falls_in_steps():
    """Level up to its recall, then straight down: every point shares a coordinate with the one before."""
    svg = precision_recall_chart(ranks_of(["no", "yes"], TRUE, TWO, None), 2).svg()
    (line,) = re.findall(r'<path d="([^"]+)" [^>]*style="[^"]*stroke:var\(--series-0\)', svg)
    points = np.array([list(map(float, pair)) for pair in re.findall(r"[ML] ([\d.]+) ([\d.]+)", line)])
    assert len(points) >= 8
    moves = np.abs(np.diff(points, axis=0))
    assert (moves.min(axis=1) < 0.02).all()


def test_thinning_keeps_the_ends_and_the_shape():
    x = np.linspace(0, 1, 5000)
    kept = thinned(x, x**8)
    assert (kept[0], kept[-1]) == (0, 4999)
    assert 300 < len(kept) <= 402
    assert np.abs(np.interp(x, x[kept], (x**8)[kept]) - x**8).max() < 1e-3
