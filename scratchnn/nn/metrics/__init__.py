"""Metrics: on numbers, on classes, on classes in an order and on labels, each in order of growing complexity.

The one place to import them from.

A figure is reported under the `name` of its metric: the tag, or the tag with the fields that tell it from others of its
kind, such as `top_5_accuracy` and `fbeta_0.5`.

Definitions and edge cases follow scikit-learn: 0/0 in precision, recall and F1 is 0, and a note says so. Weights count
a sample as many times. The label set is that of the training: a class that is absent from the rows still counts in
macro averages.
"""

# Members are listed in the order of import.
# isort: off
from scratchnn.nn.metrics.metric import Figure, Metric, Task
from scratchnn.nn.metrics.scored import Scored, ScoredSteps
from scratchnn.nn.metrics.regression import (
    MeanSquaredError,
    RootMeanSquaredError,
    MeanAbsoluteError,
    MaxError,
    MedianAbsoluteError,
    MeanAbsolutePercentageError,
    SymmetricMeanAbsolutePercentageError,
    MeanSquaredLogError,
)
from scratchnn.nn.metrics.explained import RSquared, ExplainedVariance, Pearson, Spearman
from scratchnn.nn.metrics.deviance import PoissonDeviance, GammaDeviance
from scratchnn.nn.metrics.quantiles import Pinball, IntervalCoverage
from scratchnn.nn.metrics.classification import (
    Accuracy,
    TopKAccuracy,
    BalancedAccuracy,
    CohenKappa,
    MatthewsCorrelation,
    ConfusionMatrix,
)
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
from scratchnn.nn.metrics.more_class_scores import (
    FBeta,
    FBetaMacro,
    FBetaMicro,
    FBetaWeighted,
    FBetaPerClass,
    Specificity,
    SpecificityMacro,
    SpecificityMicro,
    SpecificityWeighted,
    SpecificityPerClass,
    Jaccard,
    JaccardMacro,
    JaccardMicro,
    JaccardWeighted,
    JaccardPerClass,
)
from scratchnn.nn.metrics.probabilities import LogLoss, Perplexity, BitsPerToken, Brier, ExpectedCalibrationError
from scratchnn.nn.metrics.ranking import (
    RocAuc,
    RocAucPerClass,
    RocAucOneVersusRest,
    RocAucOneVersusRestWeighted,
    RocAucOneVersusOne,
    RocAucOneVersusOneWeighted,
    AveragePrecision,
    AveragePrecisionPerClass,
)
from scratchnn.nn.metrics.ordinal import RankMeanAbsoluteError, QuadraticWeightedKappa
from scratchnn.nn.metrics.scored_labels import ScoredLabels
from scratchnn.nn.metrics.labels import ExactMatch, HammingLoss, JaccardSamples, F1Samples
from scratchnn.nn.metrics.bootstrap import Bootstrap, Intervals
from scratchnn.nn.metrics.defaults import default_metrics

# isort: on

__all__ = [
    "F1",
    "Accuracy",
    "AveragePrecision",
    "AveragePrecisionPerClass",
    "BalancedAccuracy",
    "BitsPerToken",
    "Bootstrap",
    "Brier",
    "CohenKappa",
    "ConfusionMatrix",
    "ExactMatch",
    "ExpectedCalibrationError",
    "ExplainedVariance",
    "F1Macro",
    "F1Micro",
    "F1PerClass",
    "F1Samples",
    "F1Weighted",
    "FBeta",
    "FBetaMacro",
    "FBetaMicro",
    "FBetaPerClass",
    "FBetaWeighted",
    "Figure",
    "GammaDeviance",
    "HammingLoss",
    "IntervalCoverage",
    "Intervals",
    "Jaccard",
    "JaccardMacro",
    "JaccardMicro",
    "JaccardPerClass",
    "JaccardSamples",
    "JaccardWeighted",
    "LogLoss",
    "MatthewsCorrelation",
    "MaxError",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "MeanSquaredLogError",
    "MedianAbsoluteError",
    "Metric",
    "Pearson",
    "Perplexity",
    "Pinball",
    "PoissonDeviance",
    "Precision",
    "PrecisionMacro",
    "PrecisionMicro",
    "PrecisionPerClass",
    "PrecisionWeighted",
    "QuadraticWeightedKappa",
    "RSquared",
    "RankMeanAbsoluteError",
    "Recall",
    "RecallMacro",
    "RecallMicro",
    "RecallPerClass",
    "RecallWeighted",
    "RocAuc",
    "RocAucOneVersusOne",
    "RocAucOneVersusOneWeighted",
    "RocAucOneVersusRest",
    "RocAucOneVersusRestWeighted",
    "RocAucPerClass",
    "RootMeanSquaredError",
    "Scored",
    "ScoredLabels",
    "ScoredSteps",
    "Spearman",
    "Specificity",
    "SpecificityMacro",
    "SpecificityMicro",
    "SpecificityPerClass",
    "SpecificityWeighted",
    "SymmetricMeanAbsolutePercentageError",
    "Task",
    "TopKAccuracy",
    "default_metrics",
]
