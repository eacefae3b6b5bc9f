"""Losses, in order of growing complexity."""

from scratchnn.nn.losses.classification import BinaryCrossEntropy, CrossEntropy
from scratchnn.nn.losses.loss import Loss, TargetSpec
from scratchnn.nn.losses.margins import BinaryFocal, Hinge, SquaredHinge
from scratchnn.nn.losses.positive import MAPE, MSLE, Gamma, MultiLabelCrossEntropy, Poisson, Tweedie
from scratchnn.nn.losses.regression import MAE, MSE, Huber, LogCosh, RegressionLoss, SmoothL1
from scratchnn.nn.losses.several import CosineSimilarity, GaussianNLL, Quantile

__all__ = [
    "MAE",
    "MAPE",
    "MSE",
    "MSLE",
    "BinaryCrossEntropy",
    "BinaryFocal",
    "CosineSimilarity",
    "CrossEntropy",
    "Gamma",
    "GaussianNLL",
    "Hinge",
    "Huber",
    "LogCosh",
    "Loss",
    "MultiLabelCrossEntropy",
    "Poisson",
    "Quantile",
    "RegressionLoss",
    "SmoothL1",
    "SquaredHinge",
    "TargetSpec",
    "Tweedie",
]
