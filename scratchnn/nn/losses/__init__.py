"""Losses, in order of growing complexity."""

from scratchnn.nn.losses.classification import BinaryCrossEntropy, ClassLoss, CrossEntropy
from scratchnn.nn.losses.combined import Term, WeightedSum
from scratchnn.nn.losses.distributions import KLDivergence
from scratchnn.nn.losses.labels import MultiLabelCrossEntropy
from scratchnn.nn.losses.loss import Loss, TargetSpec
from scratchnn.nn.losses.margins import BinaryFocal, Hinge, SquaredHinge
from scratchnn.nn.losses.ordinal import Ordinal
from scratchnn.nn.losses.overlap import BinaryDice, Dice, MultiLabelDice
from scratchnn.nn.losses.positive import MAPE, MSLE, Gamma, Poisson, Tweedie
from scratchnn.nn.losses.regression import MAE, MSE, Huber, LogCosh, RegressionLoss, SmoothL1
from scratchnn.nn.losses.rivals import CategoricalHinge, Focal, MultiMargin
from scratchnn.nn.losses.several import CosineSimilarity, GaussianNLL, Quantile
from scratchnn.nn.losses.steps import EachStep, fitted

__all__ = [
    "MAE",
    "MAPE",
    "MSE",
    "MSLE",
    "BinaryCrossEntropy",
    "BinaryDice",
    "BinaryFocal",
    "CategoricalHinge",
    "ClassLoss",
    "CosineSimilarity",
    "CrossEntropy",
    "Dice",
    "EachStep",
    "Focal",
    "Gamma",
    "GaussianNLL",
    "Hinge",
    "Huber",
    "KLDivergence",
    "LogCosh",
    "Loss",
    "MultiLabelCrossEntropy",
    "MultiLabelDice",
    "MultiMargin",
    "Ordinal",
    "Poisson",
    "Quantile",
    "RegressionLoss",
    "SmoothL1",
    "SquaredHinge",
    "TargetSpec",
    "Term",
    "Tweedie",
    "WeightedSum",
    "fitted",
]
