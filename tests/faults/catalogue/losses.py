"""Faults in losses, and in the penalty on activities."""

from __future__ import annotations

from tests.faults.catalogue.layers import gradients
from tests.faults.fault import Fault

LOSSES = "nn/test_losses.py -k 'not allocates'"
MARGINS = "nn/test_losses_margins.py"
NUMBERS = "nn/test_losses_numbers.py -k 'not allocates'"
CLASSES = "nn/test_losses_classes.py -k 'not allocates'"
COMBINED = "nn/test_losses_combined.py"
ACTIVITY = "nn/layers/test_activity.py"

FAULTS = (
    Fault(
        "mse-gradient-halved",
        "nn/losses/regression.py::MSE.measure",
        "return 2.0",
        "return 1.0",
        "the gradient is that of half the loss",
        LOSSES,
    ),
    Fault(
        "regression-gradient-summed-over-columns",
        "nn/losses/regression.py",
        "factor / (columns * total)",
        "factor / total",
        "the gradient is of the sum over the columns, the loss of their mean",
        LOSSES,
    ),
    Fault(
        "regression-gradient-unweighted",
        "nn/losses/regression.py::RegressionLoss.evaluate",
        "np.multiply(gradient, weights[:, None], out=gradient)",
        "pass",
        "weights count in the loss but not in its gradient",
        gradients("mse"),
    ),
    Fault(
        "smooth-l1-is-huber",
        "nn/losses/regression.py",
        "_clip(error, loss, self.beta, 0.5 / self.beta)",
        "_clip(error, loss, self.beta, 0.5)",
        "the loss is not divided by beta, its gradient is",
        NUMBERS,
    ),
    Fault(
        "binary-smoothing-moves-the-mean",
        "nn/losses/classification.py",
        "self.label_smoothing / 2",
        "self.label_smoothing",
        "smoothed targets lie between s and 1",
        LOSSES,
    ),
    Fault(
        "binary-probabilities-swapped",
        "nn/losses/classification.py",
        "np.exp(-np.logaddexp(0, z), out=probabilities[:, 0])\n"
        "        np.exp(-np.logaddexp(0, -z), out=probabilities[:, 1])",
        "np.exp(-np.logaddexp(0, z), out=probabilities[:, 1])\n"
        "        np.exp(-np.logaddexp(0, -z), out=probabilities[:, 0])",
        "the probabilities of both classes are swapped",
        LOSSES,
    ),
    Fault(
        "smoothing-at-the-target",
        "nn/losses/classification.py",
        "self.label_smoothing - uniform",
        "self.label_smoothing",
        "the true class gets no share of the smoothing in the gradient",
        LOSSES,
    ),
    Fault(
        "smoothing-unweighted",
        "nn/losses/classification.py",
        "out=scratch.mean), weights)",
        "out=scratch.mean), None)",
        "the smoothed part of the loss ignores weights",
        LOSSES,
    ),
    Fault(
        "one-shift-for-all-rows",
        "nn/losses/classification.py",
        "SMALLEST_SUM = 1e-10",
        "SMALLEST_SUM = 0.0",
        "rows far below the largest logit of the batch lose their digits",
        LOSSES,
    ),
    Fault(
        "squared-hinge-gradient-halved",
        "nn/losses/margins.py",
        "np.multiply(loss, -2.0, out=slope)",
        "np.multiply(loss, -1.0, out=slope)",
        "the gradient is that of half the loss",
        MARGINS,
    ),
    Fault(
        "focal-gradient-of-constant-weights",
        "nn/losses/margins.py::write_focal",
        "np.multiply(slope, gamma, out=slope)",
        "np.multiply(slope, 0.0, out=slope)",
        "the gradient takes the focal weight for a constant",
        gradients("binary_focal"),
    ),
    Fault(
        "msle-without-its-one",
        "nn/losses/positive.py",
        "return np.asarray(np.expm1(outputs))",
        "return np.asarray(np.exp(outputs))",
        "predictions are too high by 1",
        NUMBERS,
    ),
    Fault(
        "tweedie-powers-swapped",
        "nn/losses/positive.py",
        "high * (1 / high - 1 / low), out",
        "high * (1 / low - 1 / high), out",
        "the second term has the wrong sign in the loss, not in its gradient",
        NUMBERS,
    ),
    Fault(
        "quantile-turned-round",
        "nn/losses/several.py",
        "np.clip(slope, -quantile, 1 - quantile, out=slope)",
        "np.clip(slope, quantile - 1, quantile, out=slope)",
        "the gradient is that of the quantile 1 - q",
        NUMBERS,
    ),
    Fault(
        "gaussian-variance-gradient-doubled",
        "nn/losses/several.py",
        "np.multiply(square, 0.5 / (columns * total)",
        "np.multiply(square, 1.0 / (columns * total)",
        "the gradient of the log variance lacks its half",
        NUMBERS,
    ),
    Fault(
        "cosine-gradient-without-the-length",
        "nn/losses/several.py",
        "np.divide(gradient, size[:, None], out=gradient)",
        "np.divide(gradient, 1.0, out=gradient)",
        "long outputs move as fast as short ones",
        NUMBERS,
    ),
    Fault(
        "sum-without-the-weight-of-its-terms",
        "nn/losses/combined.py",
        "np.multiply(made, term.weight, out=made)",
        "np.multiply(made, 1.0, out=made)",
        "the terms of a sum count alike in the gradient",
        COMBINED,
    ),
    Fault(
        "divergence-gradient-for-sums-of-one",
        "nn/losses/distributions.py",
        "np.dot(targets, ones, out=column[:, 0])",
        "np.copyto(column, 1.0)",
        "the gradient takes each row of targets to sum to exactly 1",
        CLASSES,
    ),
    Fault(
        "ordinal-probability-of-the-class-before",
        "nn/losses/ordinal.py",
        "np.tril_indices(steps + 1, -1, steps)",
        "np.tril_indices(steps + 1, -2, steps)",
        "an output just below the true class does not count",
        CLASSES,
    ),
    Fault(
        "dice-without-its-smoothing",
        "nn/losses/overlap.py",
        "np.add(size, self.smoothing, out=size)",
        "np.add(size, 1.0, out=size)",
        "the smoothing constant is always 1",
        CLASSES,
    ),
    Fault(
        "dice-gradient-of-a-constant-denominator",
        "nn/losses/overlap.py",
        "np.subtract(1.0, loss, out=loss)",
        "np.copyto(loss, 1.0)",
        "the gradient takes the denominator for a constant",
        CLASSES,
    ),
    Fault(
        "multi-margin-gradient-not-divided",
        "nn/losses/rivals.py",
        "1 / (classes * total)",
        "1 / total",
        "the gradient is not divided by the classes, the loss is",
        CLASSES,
    ),
    Fault(
        "focal-alpha-of-the-loss-alone",
        "nn/losses/rivals.py",
        "np.multiply(slope, work, out=slope)",
        "np.multiply(slope, 1.0, out=slope)",
        "alpha does not count in the gradient",
        CLASSES,
    ),
    Fault(
        "activity-of-padded-steps",
        "nn/layers/activity.py",
        "np.multiply(counts, run.mask, out=counts)",
        "np.multiply(counts, 1, out=counts)",
        "padded steps are penalized too",
        ACTIVITY,
    ),
    Fault(
        "activity-gradient-summed",
        "nn/layers/activity.py",
        "factor / run.total",
        "factor",
        "the gradient is that of the sum over the samples",
        ACTIVITY,
    ),
)
