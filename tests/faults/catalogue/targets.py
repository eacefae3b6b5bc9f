"""Faults in targets of every kind, and in the metrics of labels and of classes in an order."""

from __future__ import annotations

from tests.faults.fault import Fault

METRICS = "nn/metrics/test_labels.py"
LABELS = "data/targets/test_multi_label.py"

FAULTS = (
    Fault(
        "label-said-at-one-half",
        "nn/metrics/scored_labels.py::ScoredLabels.labels",
        "self.predictions > 0.5",
        "self.predictions >= 0.5",
        "a label whose probability is exactly 1/2 counts as predicted",
        METRICS,
    ),
    Fault(
        "jaccard-over-both-sizes",
        "nn/metrics/labels.py::JaccardSamples.parts",
        "both, true + said - both",
        "both, true + said",
        "what is in both sets is counted twice below the line",
        METRICS,
    ),
    Fault(
        "empty-sets-are-right",
        "nn/metrics/labels.py::OfEachSample.of_labels",
        "upper / np.where(empty, 1, lower)",
        "np.where(empty, 1, upper / np.where(empty, 1, lower))",
        "0/0 is 1",
        METRICS,
    ),
    Fault(
        "label-counts-without-weights",
        "nn/metrics/scored_labels.py",
        "return np.asarray(weights @ marks)",
        "return np.asarray(marks.sum(axis=0))",
        "precision and recall of labels do not weigh rows",
        METRICS,
    ),
    Fault(
        "kappa-of-linear-weights",
        "nn/metrics/ordinal.py",
        "(ranks[:, None] - ranks) ** 2",
        "abs(ranks[:, None] - ranks)",
        "a miss by two classes costs twice one by one class, not four times",
        METRICS,
    ),
    Fault(
        "labels-in-the-order-of-the-rows",
        "data/targets/multi_label.py",
        "known = in_order([label for row in rows_of(data, names[0], separator) for label in row])",
        "known = list(dict.fromkeys([label for row in rows_of(data, names[0], separator) for label in row]))",
        "the order of the outputs depends on which row comes first",
        LABELS,
    ),
    Fault(
        "absent-label-is-learned",
        "data/targets/multi_label.py",
        "np.flatnonzero(~values.any(axis=0))",
        "np.flatnonzero(~values.any(axis=0))[:0]",
        "a label that no training row has is trained on",
        LABELS,
    ),
    Fault(
        "counts-may-be-fractions",
        "data/targets/counts.py",
        "(values < 0) | (values != np.floor(values))",
        "values < 0",
        "1.5 is taken for a count",
        "data/targets/test_counts.py",
    ),
    Fault(
        "texts-have-an-order",
        "data/targets/ordinal.py",
        "if texts and rules.class_order is None:",
        "if texts and len(classes) < 2:",
        "texts are ordered by the alphabet without a word",
        "data/targets/test_ordinal.py",
    ),
    Fault(
        "positive-weight-on-everything",
        "nn/losses/labels.py::MultiLabelCrossEntropy.evaluate",
        "np.multiply(targets, mem.bound - 1, out=factor)",
        "np.multiply(np.ones_like(targets), mem.bound - 1, out=factor)",
        "labels that are not true are weighted as well",
        "nn/test_losses_labels.py",
    ),
)
