"""What is measured where the config names nothing."""

from __future__ import annotations

from scratchnn.nn.metrics.class_scores import F1, F1Macro, F1Micro
from scratchnn.nn.metrics.classification import Accuracy
from scratchnn.nn.metrics.deviance import PoissonDeviance
from scratchnn.nn.metrics.explained import RSquared
from scratchnn.nn.metrics.labels import ExactMatch, HammingLoss
from scratchnn.nn.metrics.metric import Metric
from scratchnn.nn.metrics.ordinal import QuadraticWeightedKappa, RankMeanAbsoluteError
from scratchnn.nn.metrics.probabilities import Perplexity
from scratchnn.nn.metrics.ranking import RocAuc
from scratchnn.nn.metrics.regression import MeanAbsoluteError, MeanSquaredError, RootMeanSquaredError


def default_metrics(task: str, classes: int = 0) -> tuple[Metric, ...]:
    """What is measured where the config names nothing.

    >>> [metric.tag() for metric in default_metrics("classification", 2)]
    ['accuracy', 'f1', 'roc_auc']
    """
    if task == "reconstruction":
        return (MeanSquaredError(), MeanAbsoluteError(), RSquared())
    if task == "regression":
        return (RootMeanSquaredError(), MeanAbsoluteError(), RSquared())
    if task == "count":
        return (RootMeanSquaredError(), MeanAbsoluteError(), PoissonDeviance())
    if task == "ordinal":
        return (Accuracy(), RankMeanAbsoluteError(), QuadraticWeightedKappa())
    if task == "multi_label":
        return (ExactMatch(), HammingLoss(), F1Micro(), F1Macro())
    if task == "language_modeling":
        return (Accuracy(), Perplexity())
    return (Accuracy(), F1(), RocAuc()) if classes == 2 else (Accuracy(), F1Macro())
