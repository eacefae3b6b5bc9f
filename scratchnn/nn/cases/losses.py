"""Rows of the losses."""

from __future__ import annotations

from scratchnn.nn.cases.rows import LossCase, on_classes, on_numbers
from scratchnn.nn.losses import MAE, MSE, BinaryCrossEntropy, CrossEntropy, Huber

LOSSES: tuple[LossCase, ...] = (
    *on_numbers(MSE()),
    *on_numbers(MAE()),
    *on_numbers(Huber()),
    *on_numbers(Huber(delta=0.3)),
    *on_classes(BinaryCrossEntropy(), 2),
    *on_classes(BinaryCrossEntropy(label_smoothing=0.2), 2),
    *on_classes(CrossEntropy(), 2),
    *on_classes(CrossEntropy(), 5),
    *on_classes(CrossEntropy(label_smoothing=0.2), 3),
)
