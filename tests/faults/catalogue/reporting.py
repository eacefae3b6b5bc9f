"""Faults in what a report draws."""

from __future__ import annotations

from tests.faults.fault import Fault

CURVES = "reporting/test_curves.py"
RANKING = "reporting/charts/test_ranking.py"
CONFUSION = "reporting/charts/test_confusion.py"
RESIDUALS = "reporting/charts/test_residuals.py"

FAULTS = (
    Fault(
        "calibration-bins-closed-on-the-left",
        "reporting/curves.py::calibration",
        'side="left"',
        'side="right"',
        "a probability on the border of two bins lies in the upper one",
        CURVES,
    ),
    Fault(
        "calibration-error-of-bins-alike",
        "reporting/curves.py::Calibration",
        "np.dot(self.rows, np.abs(self.share - self.probability)) / np.add.reduce(self.rows)",
        "np.mean(np.abs(self.share - self.probability))",
        "a bin of one row counts as much as one of all others",
        CURVES,
    ),
    Fault(
        "average-precision-by-trapezoids",
        "reporting/curves.py::average_precision",
        "np.dot(np.diff(recall, prepend=0.0), precision)",
        "area(recall, precision)",
        "the steps are joined by lines, which flatters",
        CURVES,
    ),
    Fault(
        "precision-of-the-misses",
        "reporting/curves.py::precision_recall",
        "ranks.hits / ranks.positives, ranks.hits /",
        "ranks.hits / ranks.positives, ranks.misses /",
        "the share of called samples that are not it",
        CURVES,
    ),
    Fault(
        "precision-steps-down-before-their-recall",
        "reporting/charts/ranking.py",
        "np.repeat(np.concatenate([[0.0], recall]), 2)[1:-1]",
        "np.repeat(recall, 2)",
        "the line leans where it should be level",
        RANKING,
    ),
    Fault(
        "confusion-chart-transposed",
        "reporting/charts/confusion.py::confusion_of",
        "truth * size + labels",
        "labels * size + truth",
        "rows are predicted classes",
        CONFUSION,
    ),
    Fault(
        "residual-with-the-other-sign",
        "reporting/charts/residuals.py",
        "self.truth - self.predicted",
        "self.predicted - self.truth",
        "predicted less true",
        RESIDUALS,
    ),
    Fault(
        "gradient-norms-after-the-limits",
        "training/step.py::Step.__call__",
        "        self.norms.take()\n        self._penalty.add()\n",
        "        self._penalty.add()\n        self.norms.take()\n",
        "the penalty is in the norms, and a limit hides what explodes",
        "training/test_trainer.py",
    ),
)
