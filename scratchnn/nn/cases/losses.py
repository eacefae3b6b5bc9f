"""Rows of the losses."""

from __future__ import annotations

from scratchnn.nn.cases.rows import LossCase, on_classes, on_numbers
from scratchnn.nn.losses import (
    MAE,
    MAPE,
    MSE,
    MSLE,
    BinaryCrossEntropy,
    CosineSimilarity,
    CrossEntropy,
    Gamma,
    GaussianNLL,
    Huber,
    LogCosh,
    MultiLabelCrossEntropy,
    Poisson,
    Quantile,
    SmoothL1,
    TargetSpec,
    Tweedie,
)

LOSSES: tuple[LossCase, ...] = (
    *on_numbers(MSE()),
    *on_numbers(MAE()),
    *on_numbers(Huber()),
    *on_numbers(Huber(delta=0.3)),
    *on_numbers(SmoothL1()),
    *on_numbers(SmoothL1(beta=0.3)),
    *on_numbers(LogCosh()),
    *on_numbers(MAPE()),
    *on_numbers(MSLE()),
    *on_numbers(MultiLabelCrossEntropy()),
    *on_numbers(Poisson()),
    *on_numbers(Gamma()),
    *on_numbers(Tweedie()),
    *on_numbers(Tweedie(power=1.2)),
    *on_numbers(Quantile()),
    *on_numbers(Quantile(quantiles=[0.3])),
    *on_numbers(GaussianNLL()),
    LossCase(CosineSimilarity(), TargetSpec(columns=2), 1),
    LossCase(CosineSimilarity(), TargetSpec(columns=3), 4),
    LossCase(CosineSimilarity(), TargetSpec(columns=5), 7, weighted=True),
    *on_classes(BinaryCrossEntropy(), 2),
    *on_classes(BinaryCrossEntropy(label_smoothing=0.2), 2),
    *on_classes(CrossEntropy(), 2),
    *on_classes(CrossEntropy(), 5),
    *on_classes(CrossEntropy(label_smoothing=0.2), 3),
)
