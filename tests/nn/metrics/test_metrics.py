"""Metrics against scikit-learn (tests/fixtures/make_sklearn_metrics.py names the version) and at their edges."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchnn.errors import DataError
from scratchnn.nn.metrics import Metric, Scored, ScoredSteps, default_metrics

with np.load(Path(__file__).parents[2] / "fixtures" / "sklearn_metrics.npz", allow_pickle=False) as archive:
    SKLEARN = {name: archive[name] for name in archive.files}
EXPECTED = json.loads(str(SKLEARN["origin"]))["expected"]


def scored_of(case: str) -> Scored:
    targets, predictions, weights = (SKLEARN.get(f"{case}.{name}") for name in ("targets", "predictions", "weights"))
    classes = tuple(f"c{k}" for k in range(predictions.shape[1])) if targets.dtype.kind == "i" else ()
    return Scored(targets, predictions, weights, classes)


def labelled(targets: list[int], labels: list[int], classes: int, weights: list[float] | None = None) -> Scored:
    """Rows whose predicted classes are given."""
    return Scored(np.array(targets), np.eye(classes)[labels], None if weights is None else np.array(weights))


FIELDS = {"top_k_accuracy": {"k": [1, 2, 3]}, "fbeta": {"beta": [0.5, 2.0]}, "pinball": {"quantile": [0.1, 0.5, 0.9]}}
FIELDS |= {f"fbeta_{average}": FIELDS["fbeta"] for average in ("macro", "micro", "weighted", "per_class")}


def variants() -> list[Metric]:
    """Every metric, with each of some values of the fields that it needs."""
    made = []
    for tag, member in Metric.members().items():
        if member.tasks in (("multi_label",), ("ordinal",)):  # see test_labels.py
            continue
        settings = [{name: value} for name, values in FIELDS.get(tag, {}).items() for value in values] or [{}]
        made += [Metric.parse({"type": tag, **fields}) for fields in settings]
    return made


VARIANTS = {metric.name: metric for metric in variants()}
QUANTILES = {"interval_coverage_0.9"}  # need more than numbers


def of_numbers(metric: Metric) -> bool:
    return metric.tasks == ("regression",)


def compute(metric: str | Metric, scored: Scored):
    return VARIANTS.get(metric, metric).compute(scored) if isinstance(metric, str) else metric.compute(scored)


def plain(figure):
    """Lists and dicts as arrays."""
    return np.array(list(figure.values()) if isinstance(figure, dict) else figure, np.float64)


OF_TEXTS = {"perplexity", "bits_per_token"}
OURS = {*OF_TEXTS, *QUANTILES, "smape", "expected_calibration_error"}  # neither scikit-learn nor SciPy has them


@pytest.mark.parametrize("name", [name for name in VARIANTS if name not in OURS])
def test_equals_scikit_learn_on_50_cases(name):
    cases = [case for case, figures in EXPECTED.items() if name in figures]
    assert len(cases) >= 50
    for case in cases:
        ours = plain(compute(name, scored_of(case)))
        np.testing.assert_allclose(ours, plain(EXPECTED[case][name]), rtol=1e-12, atol=1e-12, err_msg=f"{name} {case}")


@pytest.mark.parametrize("name", [name for name in VARIANTS if name not in QUANTILES])
def test_figures_can_be_written_as_json(name):
    metric = VARIANTS[name]
    figure = compute(metric, scored_of("above.1" if of_numbers(metric) else "classification.3"))
    assert json.loads(json.dumps(figure)) == figure
    assert isinstance(figure, float) == metric.scalar


def test_by_hand():
    #                  true      predicted
    scored = labelled([0, 0, 0, 1, 1, 1, 1, 1], [0, 1, 1, 1, 1, 1, 0, 1], 2)
    assert compute("confusion_matrix", scored) == [[1, 2], [1, 4]]
    assert compute("accuracy", scored) == 5 / 8
    assert compute("precision", scored) == 4 / 6
    assert compute("recall", scored) == 4 / 5
    assert compute("f1", scored) == pytest.approx(8 / 11)
    assert compute("balanced_accuracy", scored) == pytest.approx((1 / 3 + 4 / 5) / 2)
    assert scored.notes == []


def test_names_of_classes():
    scored = Scored(np.array([0, 1]), np.eye(2), None, ("cat", "dog"))
    assert compute("f1_per_class", scored) == {"cat": 1.0, "dog": 1.0}
    assert compute("f1_per_class", labelled([0, 1], [0, 1], 2)) == {"0": 1.0, "1": 1.0}


def test_plain_scores_are_of_the_second_class_or_macro():
    two, three = labelled([0, 0, 1, 1], [0, 0, 0, 1], 2), labelled([0, 0, 1, 2], [0, 0, 0, 1], 3)
    for name in ("precision", "recall", "f1"):
        assert compute(name, two) == compute(f"{name}_per_class", two)["1"]
        assert compute(name, three) == compute(f"{name}_macro", three)


@pytest.mark.parametrize(
    ("tag", "targets", "labels", "classes", "value", "note"),
    [
        ("precision", [0, 1], [0, 0], 2, 0.0, 'precision is 0/0, taken as 0, for "1"'),
        ("recall", [0, 0], [0, 1], 2, 0.0, 'recall is 0/0, taken as 0, for "1"'),
        ("f1", [0, 0], [0, 0], 2, 0.0, 'f1 is 0/0, taken as 0, for "1"'),
        ("f1_macro", [0, 1], [0, 1], 3, 2 / 3, 'f1 is 0/0, taken as 0, for "2"'),
        ("precision_macro", [0, 1], [0, 0], 9, 1 / 18, 'for "1", "2", "3", "4", "5" and 3 more'),
        ("balanced_accuracy", [0, 0], [0, 1], 3, 0.5, 'balanced_accuracy leaves out classes without rows: "1", "2"'),
    ],
)
def test_nothing_by_nothing_is_0_and_is_told(tag, targets, labels, classes, value, note):
    scored = labelled(targets, labels, classes)
    assert compute(tag, scored) == pytest.approx(value)
    compute(tag, scored)
    assert len(scored.notes) == 1
    assert note in scored.notes[0]


@pytest.mark.parametrize(("tag", "value"), [("precision", 1.0), ("recall_weighted", 1.0), ("f1_micro", 1.0)])
def test_what_does_not_count_is_not_told(tag, value):
    """The other class of a binary score, classes without weight, sums over all classes."""
    scored = labelled([1, 1], [1, 1], 2)
    assert compute(tag, scored) == value
    assert scored.notes == []


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_predictions_that_are_not_finite():
    scored = Scored(np.array([0, 1, 1]), np.array([[0.5, 0.5], [math.nan, math.nan], [0, 1]]))
    compute("accuracy", scored)
    assert scored.notes == ["some predictions are not finite numbers"]
    assert math.isnan(compute("log_loss", scored))
    assert math.isnan(compute("roc_auc", scored))
    numbers = Scored(np.zeros((3, 2)), np.array([[1, 2], [3, math.nan], [0, 0]]))
    assert all(math.isnan(compute(tag, numbers)) for tag in ("mse", "rmse", "mae", "r2"))


@pytest.mark.parametrize("wrong", [math.inf, -math.inf])
def test_infinite_numbers_are_never_good(wrong):
    numbers = Scored(np.array([[1.0], [2.0]]), np.array([[1.0], [wrong]]))
    assert [compute(tag, numbers) for tag in ("mse", "rmse", "mae", "r2")] == [math.inf, math.inf, math.inf, -math.inf]


def test_roc_auc_by_hand():
    probabilities = np.array([0.1, 0.4, 0.4, 0.8])
    scored = Scored(np.array([0, 0, 1, 1]), np.stack([1 - probabilities, probabilities], axis=1))
    assert compute("roc_auc", scored) == (3 + 0.5) / 4


def test_roc_auc_without_a_second_class():
    scored = labelled([1, 1], [0, 1], 2)
    assert math.isnan(compute("roc_auc", scored))
    assert "roc_auc has no value" in scored.notes[0]
    absent = labelled([0, 0, 1, 1], [0, 1, 1, 1], 3)
    assert compute("roc_auc", absent) == 0.75
    assert absent.notes == ['roc_auc leaves out classes without rows: "2"']
    with pytest.raises(DataError, match="at least two classes"):
        compute("roc_auc", labelled([0], [0], 1))


@given(st.integers(2, 40), st.integers(0, 2**32 - 1), st.booleans())
@settings(max_examples=40, deadline=None)
def test_roc_auc_counts_pairs(rows, seed, weighted):
    """The definition, pair by pair."""
    rng = np.random.default_rng(seed)
    scores = np.round(rng.random(rows), 1)
    targets = rng.integers(0, 2, rows)
    targets[:2] = [0, 1]
    weights = rng.uniform(0.1, 2, rows) if weighted else np.ones(rows)
    won = (scores[:, None] > scores) + 0.5 * (scores[:, None] == scores)
    pairs = np.outer(weights * (targets == 1), weights * (targets == 0))
    scored = Scored(targets, np.stack([1 - scores, scores], axis=1), weights if weighted else None)
    assert compute("roc_auc", scored) == pytest.approx((won * pairs).sum() / pairs.sum(), rel=1e-12)


@pytest.mark.parametrize("name", [name for name in VARIANTS if name not in QUANTILES])
@pytest.mark.parametrize("pooled", [False, True])
def test_a_weight_of_two_counts_a_row_twice(name, pooled):
    """Also where the weights come later, as in a bootstrap, and what does not depend on them is kept."""
    rng = np.random.default_rng(4)
    rows, repeated, counts = 6, [0, 1, 1, 2, 4, 5, 5], np.array([1, 2, 1, 0, 1, 2], np.float32)
    metric = VARIANTS[name]
    if of_numbers(metric):
        targets, predictions = rng.gamma(2, size=(rows, 2)), rng.gamma(2, size=(rows, 2))
    else:
        targets, predictions = np.array([0, 1, 2, 2, 1, 0]), rng.dirichlet(np.ones(3), rows)
    twice = plain(compute(metric, Scored(targets[repeated], predictions[repeated], pooled=pooled)))
    np.testing.assert_allclose(
        plain(compute(metric, Scored(targets, predictions, counts, pooled=pooled))), twice, rtol=1e-12
    )
    whole = Scored(targets, predictions, pooled=pooled)
    compute(metric, whole)
    np.testing.assert_allclose(plain(compute(metric, whole.resampled(counts))), twice, rtol=1e-12)


@pytest.mark.parametrize("tag", ["r2", "explained_variance"])
@pytest.mark.parametrize("seed", range(5))
def test_the_mean_explains_nothing_at_all(tag, seed):
    y = np.random.default_rng(seed).normal(size=101) * 7
    assert compute(tag, Scored(y, np.full(101, y.mean()))) == 0


def test_r2_at_its_edges():
    assert compute("r2", Scored(np.ones(3), np.ones(3))) == 1
    constant = Scored(np.ones(3), np.array([1.0, 1, 2]))
    assert compute("r2", constant) == 0
    assert "all equal" in constant.notes[0]
    assert math.isnan(compute("r2", Scored(np.ones(1), np.ones(1))))
    y = np.array([1.0, 2, 4])
    assert compute("r2", Scored(y, np.full(3, y.mean()))) == pytest.approx(0, abs=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_log_loss_of_a_certain_mistake_is_large_but_finite(dtype):
    """By the precision of the predictions, as scikit-learn: 15.9 in float32, 36.0 in float64."""
    mistake = Scored(np.array([0]), np.array([[0, 1]], dtype))
    assert compute("log_loss", mistake) == pytest.approx(-math.log(np.finfo(dtype).eps))


def test_predictions_in_float32_are_summed_in_float64():
    errors = Scored(np.zeros((100_000, 1), np.float32), np.full((100_000, 1), 0.1, np.float32))
    assert compute("mae", errors) == pytest.approx(float(np.float32(0.1)), rel=1e-12)


def test_direction_and_task():
    lower = {tag for tag, member in Metric.members().items() if member.higher_is_better is False}
    errors = {"mse", "rmse", "mae", "max_error", "median_absolute_error", "mape", "smape", "msle", "pinball"}
    deviances = {"poisson_deviance", "gamma_deviance"}
    others = {"hamming_loss", "rank_mae"}
    assert lower == {*errors, *deviances, *others, "log_loss", "brier", "expected_calibration_error", *OF_TEXTS}
    assert {tag for tag, member in Metric.members().items() if member.higher_is_better is None} == {"interval_coverage"}
    numbers = {tag for tag, member in Metric.members().items() if member.tasks == ("regression",)}
    assert numbers == {
        *errors, *deviances, "r2", "explained_variance", "pearson", "spearman", "interval_coverage"
    }  # fmt: skip
    texts = {tag for tag, member in Metric.members().items() if "language_modeling" in member.tasks}
    assert texts == {"accuracy", "log_loss", *OF_TEXTS}


@pytest.mark.parametrize(
    ("task", "classes", "tags"),
    [
        ("regression", 0, ["rmse", "mae", "r2"]),
        ("classification", 2, ["accuracy", "f1", "roc_auc"]),
        ("classification", 5, ["accuracy", "f1_macro"]),
        ("language_modeling", 5, ["accuracy", "perplexity"]),
    ],
)
def test_default_metrics(task, classes, tags):
    assert [metric.tag() for metric in default_metrics(task, classes)] == tags


# Made with scikit-learn 1.9.1; its variance_weighted r2 leaves out the errors of a column whose targets are all equal,
# so the column of fives counts in mse, rmse and mae alone.
TRUTH = np.array([[1.0, 2.0, 5.0], [3.0, -1.0, 5.0], [0.5, 4.0, 5.0], [2.0, 0.0, 5.0]])
RECONSTRUCTED = np.array([[0.5, 2.5, 5.25], [2.0, -1.5, 4.5], [1.0, 3.0, 5.0], [2.5, 1.0, 5.5]])
POOLED = {
    None: (0.4010416666666667, 0.6332785063987777, 0.5625, 0.7694915254237288),
    (1.0, 2.0, 0.5, 3.0): (0.4455128205128205, 0.66746746775616, 0.6153846153846154, 0.5785714285714286),
}


@pytest.mark.parametrize("weights", POOLED)
def test_a_reconstruction_is_measured_over_all_its_numbers(weights):
    given = None if weights is None else np.array(weights)
    scored = Scored(TRUTH, RECONSTRUCTED, given, pooled=True)
    varied = Scored(TRUTH[:, :2], RECONSTRUCTED[:, :2], given, pooled=True)
    figures = [compute("mse", scored), compute("rmse", scored), compute("mae", scored), compute("r2", varied)]
    assert figures == pytest.approx(POOLED[weights], rel=1e-12)
    assert varied.notes == scored.notes == []


def test_errors_where_all_targets_are_equal_lower_the_r2_of_a_reconstruction():
    figure = compute("r2", Scored(TRUTH, RECONSTRUCTED, pooled=True))
    assert figure == pytest.approx(1 - 4.8125 / 18.4375, rel=1e-12)  # 4.25 without the column of fives
    flat = Scored(TRUTH[:, 2:], RECONSTRUCTED[:, 2:], pooled=True)
    assert compute("r2", flat) == 0
    assert len(flat.notes) == 1


def test_the_metrics_of_a_reconstruction_where_none_is_named():
    assert [metric.tag() for metric in default_metrics("reconstruction")] == ["mse", "mae", "r2"]


def test_metrics_of_steps_by_hand():
    """Three tokens of probability 1/2, 1/8 and 1/4, the last counting twice; two of four are called right."""
    likelihoods, weights = np.log([0.5, 0.125, 0.25]), np.array([1.0, 1.0, 2.0])
    scored = ScoredSteps(np.array([3, 1, 2]), np.array([0, 1, 2]), weights, likelihoods=likelihoods)
    assert compute("accuracy", scored) == pytest.approx(0.75)
    sure = ScoredSteps(np.array([3]), np.array([3]), np.ones(1), likelihoods=np.zeros(1))
    assert [str(compute(tag, sure)) for tag in ("log_loss", "bits_per_token", "perplexity")] == ["0.0", "0.0", "1.0"]
    assert compute("bits_per_token", scored) == pytest.approx((1 + 3 + 2 + 2) / 4)
    assert compute("log_loss", scored) == pytest.approx(2 * math.log(2))
    assert compute("perplexity", scored) == pytest.approx(4)


def test_a_hopeless_perplexity_is_infinite():
    scored = ScoredSteps(np.array([0]), np.array([1]), likelihoods=np.array([-1000.0]))
    assert compute("perplexity", scored) == math.inf
