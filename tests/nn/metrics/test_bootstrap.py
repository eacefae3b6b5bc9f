"""Intervals against the definition: rows drawn by their numbers, metrics computed anew on each draw."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from scratchnn.nn.metrics import Bootstrap, Metric, Scored, ScoredSteps

CLASSES = ["accuracy", "f1_macro", "roc_auc", "log_loss", "brier", "matthews_corrcoef", "average_precision"]
NUMBERS = ["rmse", "r2", "median_absolute_error", "max_error", "spearman", "pearson"]
DRAWS = 40


def stream(seed: int = 3) -> np.random.Generator:
    return np.random.default_rng(seed)


def slowly(metric: Metric, scored: Scored, confidence: float) -> list[float]:
    """The same draws, row by row."""
    rng, figures = stream(), []
    for _ in range(DRAWS):
        rows = rng.integers(len(scored.targets), size=len(scored.targets))
        weights = None if scored.weights is None else scored.weights[rows]
        figures.append(metric.compute(Scored(scored.targets[rows], scored.predictions[rows], weights)))
    return np.quantile(figures, [(1 - confidence) / 2, (1 + confidence) / 2]).tolist()


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("tags", [CLASSES, NUMBERS], ids=["classes", "numbers"])
def test_counts_are_what_drawn_rows_are(tags, weighted):
    rng = np.random.default_rng(0)
    weights = rng.uniform(0.5, 2, 60) if weighted else None
    if tags is CLASSES:
        scored = Scored(rng.integers(0, 3, 60), rng.dirichlet(np.ones(3), 60), weights)
    else:
        scored = Scored(rng.normal(size=(60, 2)), rng.normal(size=(60, 2)), weights)
    metrics = [Metric.parse(tag) for tag in tags]
    found = Bootstrap(0.8, DRAWS).intervals(metrics, scored, stream())
    assert list(found) == tags
    for metric in metrics:
        assert found[metric.name] == pytest.approx(slowly(metric, scored, 0.8), rel=1e-9), metric.name


def test_the_interval_of_an_accuracy_is_that_of_its_binomial():
    """160 right of 200: standard error sqrt(0.8 * 0.2 / 200), so that 95 % lie within 1.96 of it."""
    targets = np.repeat([0, 1], [40, 160])
    scored = Scored(targets, np.eye(2)[np.ones(200, int)])
    lower, upper = Bootstrap(0.95, 4000).intervals([Metric.parse("accuracy")], scored, stream())["accuracy"]
    error = math.sqrt(0.8 * 0.2 / 200)
    assert (lower, upper) == pytest.approx((0.8 - 1.96 * error, 0.8 + 1.96 * error), abs=0.006)


def test_one_seed_gives_one_interval():
    scored = Scored(stream().normal(size=50), stream(1).normal(size=50))
    made = [Bootstrap(0.9, 50).intervals([Metric.parse("mae")], scored, stream(seed))["mae"] for seed in (1, 1, 2)]
    assert made[0] == made[1] != made[2]


def test_draws_without_a_value_are_left_out_and_told():
    probabilities = np.linspace(0, 1, 5)
    scored = Scored(np.array([0, 0, 0, 0, 1]), np.stack([1 - probabilities, probabilities], axis=1))
    bounds = Bootstrap(0.9, 100).intervals([Metric.parse("roc_auc")], scored, stream())["roc_auc"]
    assert bounds == (1, 1)
    lost = sum(4 not in rows for rows in DrawnRows(5))
    assert scored.notes[0] == f"roc_auc has no value on {lost} of 100 draws, left out of the interval"
    several = replace(scored, notes=[])
    tags = ("roc_auc", "roc_auc_ovr", "accuracy", "roc_auc_ovo", "roc_auc_ovr_weighted")
    Bootstrap(0.9, 100).intervals([Metric.parse(tag) for tag in tags], several, stream())
    told = f"roc_auc, roc_auc_ovr, roc_auc_ovo and 1 more have no value on {lost} of 100 draws"
    assert [note for note in several.notes if "draws" in note] == [f"{told}, left out of the interval"]
    one = Scored(np.zeros(5, int), scored.predictions)
    assert all(map(math.isnan, Bootstrap(0.9, 20).intervals([Metric.parse("roc_auc")], one, stream())["roc_auc"]))


class DrawnRows(list):
    """The rows of 100 draws."""

    def __init__(self, rows: int) -> None:
        rng = stream()
        super().__init__(set(rng.integers(rows, size=rows).tolist()) for _ in range(100))


def test_an_interval_without_width_is_told():
    scored = Scored(np.array([0, 1, 1]), np.eye(2)[[0, 1, 1]])
    metrics = [Metric.parse(tag) for tag in ("accuracy", "precision_micro", "recall_micro", "jaccard_micro")]
    assert Bootstrap(0.9, 20).intervals(metrics, scored, stream())["accuracy"] == (1, 1)
    words = "every draw has the same accuracy, precision_micro, recall_micro and 1 more"
    assert [note.split(":")[0] for note in scored.notes] == [words]


def test_draws_of_weight_0_are_left_out():
    scored = Scored(np.zeros(3), np.array([1.0, 5, 7]), np.array([2.0, 0, 0]))
    assert Bootstrap(0.9, 100).intervals([Metric.parse("mae")], scored, stream())["mae"] == (1, 1)
    lost = sum(0 not in rows for rows in DrawnRows(3))
    assert scored.notes[0] == f"mae has no value on {lost} of 100 draws, left out of the interval"


def test_steps_are_drawn_with_their_sequence():
    """Three sequences of 1, 2 and 3 steps; a draw that took steps apart would vary less."""
    targets, labels = np.array([0, 1, 1, 2, 2, 2]), np.array([0, 1, 0, 2, 2, 0])
    likelihoods, lengths = np.log([0.5, 0.4, 0.3, 0.2, 0.1, 0.6]), np.array([1, 2, 3])
    weights = np.array([1.0, 1, 2, 1, 1, 1])
    scored = ScoredSteps(targets, labels, weights, likelihoods=likelihoods, lengths=lengths)
    assert scored.samples == 3
    metrics = [Metric.parse("accuracy"), Metric.parse("perplexity")]
    found = Bootstrap(0.8, DRAWS).intervals(metrics, scored, stream())
    rng, figures = stream(), []
    steps = [[0], [1, 2], [3, 4, 5]]
    for _ in range(DRAWS):
        drawn = [step for row in rng.integers(3, size=3) for step in steps[row]]
        right = np.average(targets[drawn] == labels[drawn], weights=weights[drawn])
        figures.append([right, math.exp(-np.average(likelihoods[drawn], weights=weights[drawn]))])
    for column, name in enumerate(("accuracy", "perplexity")):
        assert found[name] == pytest.approx(np.quantile(np.array(figures)[:, column], [0.1, 0.9]).tolist()), name


def test_only_single_numbers_have_intervals():
    scored = Scored(np.array([0, 1, 1]), np.eye(2)[[0, 1, 0]])
    metrics = [Metric.parse(tag) for tag in ("confusion_matrix", "f1_per_class", "accuracy")]
    assert list(Bootstrap(0.9, 20).intervals(metrics, scored, stream())) == ["accuracy"]
