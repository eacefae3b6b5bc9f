"""Metrics: on classes, then on numbers, each in order of growing complexity. The one place to import them from.

Their tags are the names under which they are reported.

Definitions and edge cases follow scikit-learn: 0/0 in precision, recall and F1 is 0, and a note says so. Weights count
a sample as many times. The label set is that of the training: a class that is absent from the rows still counts in
macro averages.
"""

# Members are listed in the order of import.
# isort: off
from scratchnn.nn.metrics.metric import Figure, Metric, Task
from scratchnn.nn.metrics.scored import Scored, ScoredSteps
from scratchnn.nn.metrics.regression import MeanSquaredError, RootMeanSquaredError, MeanAbsoluteError, RSquared
from scratchnn.nn.metrics.classification import Accuracy, BalancedAccuracy, ConfusionMatrix
from scratchnn.nn.metrics.class_scores import (
    Precision,
    PrecisionMacro,
    PrecisionMicro,
    PrecisionWeighted,
    PrecisionPerClass,
    Recall,
    RecallMacro,
    RecallMicro,
    RecallWeighted,
    RecallPerClass,
    F1,
    F1Macro,
    F1Micro,
    F1Weighted,
    F1PerClass,
)
from scratchnn.nn.metrics.probabilities import LogLoss, Perplexity, BitsPerToken
from scratchnn.nn.metrics.ranking import RocAuc
from scratchnn.nn.metrics.defaults import default_metrics

# isort: on

__all__ = [
    "F1",
    "Accuracy",
    "BalancedAccuracy",
    "BitsPerToken",
    "ConfusionMatrix",
    "F1Macro",
    "F1Micro",
    "F1PerClass",
    "F1Weighted",
    "Figure",
    "LogLoss",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "Metric",
    "Perplexity",
    "Precision",
    "PrecisionMacro",
    "PrecisionMicro",
    "PrecisionPerClass",
    "PrecisionWeighted",
    "RSquared",
    "Recall",
    "RecallMacro",
    "RecallMicro",
    "RecallPerClass",
    "RecallWeighted",
    "RocAuc",
    "RootMeanSquaredError",
    "Scored",
    "ScoredSteps",
    "Task",
    "default_metrics",
]
