"""Faults in the metrics that are more than counts."""

from __future__ import annotations

from tests.faults.fault import Fault

METRICS = "nn/metrics/test_metrics.py nn/metrics/test_classes.py nn/metrics/test_numbers.py"
BOOTSTRAP = "nn/metrics/test_bootstrap.py"

FAULTS = (
    Fault(
        "fbeta-for-precision",
        "nn/metrics/more_class_scores.py",
        "square * true + predicted",
        "true + square * predicted",
        "a beta above 1 prefers precision",
        METRICS,
    ),
    Fault(
        "specificity-of-the-called",
        "nn/metrics/more_class_scores.py",
        "np.maximum(others - (predicted - hits), 0), others",
        "np.maximum(others - (predicted - hits), 0), others - hits",
        "hits are taken from the samples of the others",
        METRICS,
    ),
    Fault(
        "top-k-ties-to-the-first",
        "nn/metrics/classification.py",
        "(scored.predictions == own) & later",
        "(scored.predictions == own) & (np.arange(scored.class_count) < scored.targets[:, None])",
        "of equal probabilities the earlier class is above",
        METRICS,
    ),
    Fault(
        "kappa-of-even-classes",
        "nn/metrics/classification.py",
        "(total**2 - float(np.dot(true, predicted)))",
        "(total**2 - total**2 / len(true))",
        "chance knows nothing of how frequent the classes are",
        METRICS,
    ),
    Fault(
        "brier-of-two-summed",
        "nn/metrics/probabilities.py",
        "if scored.class_count == 2:",
        "if False:",
        "of two classes both count, twice what the field reports",
        METRICS,
    ),
    Fault(
        "calibration-edge-to-the-next-bin",
        "nn/metrics/probabilities.py",
        'sure, side="left")',
        'sure, side="right")',
        "a probability at an edge falls into the bin above",
        METRICS,
    ),
    Fault(
        "pairs-by-the-rest",
        "nn/metrics/ranking.py",
        "(scored.targets == positive) | (scored.targets == negative)",
        "scored.targets >= 0",
        "one class against all others instead of one other",
        METRICS,
    ),
    Fault(
        "average-precision-of-more-calls",
        "nn/metrics/ranking.py",
        "np.cumsum(positives) / np.where(called == 0, 1, called)",
        "np.cumsum(positives) / np.where(called == 0, 1, called + 1e-3)",
        "precision counts a little that nobody called",
        METRICS,
    ),
    Fault(
        "ranks-of-ties-at-their-end",
        "nn/metrics/explained.py",
        "(np.cumsum(masses) - masses / 2)[level]",
        "np.cumsum(masses)[level]",
        "equal numbers have the highest of their ranks",
        METRICS,
    ),
    Fault(
        "median-below-the-middle",
        "nn/metrics/regression.py",
        'np.searchsorted(reached, half * (1 + 1e-12), side="right")',
        "lower",
        "a weighted median that lies between two errors is the lower one",
        METRICS,
    ),
    Fault(
        "pinball-of-the-other-side",
        "nn/metrics/quantiles.py",
        "np.maximum(self.quantile * above, (self.quantile - 1) * above)",
        "np.maximum((1 - self.quantile) * above, -self.quantile * above)",
        "what lies above costs as what lies below should",
        METRICS,
    ),
    Fault(
        "coverage-without-bounds",
        "nn/metrics/quantiles.py",
        "(lower <= scored.truth) & (scored.truth <= upper)",
        "(lower < scored.truth) & (scored.truth < upper)",
        "a target at a bound is outside",
        METRICS,
    ),
    Fault(
        "gamma-deviance-upside-down",
        "nn/metrics/deviance.py",
        "np.log(numbers / truth) + truth / numbers - 1",
        "np.log(truth / numbers) + numbers / truth - 1",
        "targets and predictions change places",
        METRICS,
    ),
    Fault(
        "draws-of-steps",
        "nn/metrics/scored.py::ScoredSteps",
        "return super().resampled(counts if self.lengths is None else np.repeat(counts, self.lengths))",
        "return super().resampled(np.random.default_rng(0).permutation(np.repeat(counts, self.lengths)))",
        "steps are drawn apart from their sequence",
        BOOTSTRAP,
    ),
    Fault(
        "draws-forget-weights",
        "nn/metrics/scored.py",
        "weights = counts if self.weights is None else counts * self.weights",
        "weights = counts",
        "drawn rows count alike whatever their weight",
        BOOTSTRAP,
    ),
    Fault(
        "interval-of-twice-the-tails",
        "nn/metrics/bootstrap.py",
        "[(1 - self.confidence) / 2, (1 + self.confidence) / 2]",
        "[1 - self.confidence, self.confidence]",
        "each side leaves out as much as both should",
        BOOTSTRAP,
    ),
)
