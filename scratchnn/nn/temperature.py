"""Temperature scaling: one number that makes a classifier as sure as it may be, and changes no class that it calls."""

from __future__ import annotations

import numpy as np

from scratchnn.errors import DataError
from scratchnn.nn.losses.loss import Loss
from scratchnn.nn.memory import Array

MOST_STEPS = 200
CLOSE = 1e-13  # of two steps in a row, relative
NO_CEILING = (
    "no temperature fits: every row is called rightly, so the log loss falls without end as the temperature goes to 0"
)
NO_FLOOR = "no temperature fits: the outputs tell nothing of the classes, so the log loss is least where it is infinite"


def predictions_at(loss: Loss, outputs: Array, temperature: float) -> Array:
    """The probabilities `(N, C)` of outputs / T, divided in float64, in the dtype of the outputs."""
    if temperature == 1:
        return loss.predictions(outputs)
    return loss.predictions(outputs.astype(np.float64) / temperature).astype(outputs.dtype)


def fit_temperature(outputs: Array, targets: Array, weights: Array | None = None) -> float:
    """The T > 0 with the least mean of -log softmax(z / T)[y], for logits z `(N, C)` and class ids y `(N,)`.

    A single output z `(N, 1)` stands for the two logits 0 and z. By b = 1 / T the mean is convex: its slope is that of
    E[z] - z[y], with the expectation over the softmax of b z, and its curvature the mean variance of z. So b is found
    by Newton's method in float64, kept between bounds by halving them. Rows count by `weights` `(N,)`. Raises
    `DataError` where no T is the best one: all rows are right, or the outputs tell nothing. Source: Guo et al. 2017.

    >>> z = np.array([[0.0], [0.0], [4.0], [4.0], [4.0], [4.0]])  # sure of 98 %, right in 75 %
    >>> round(fit_temperature(z, np.array([0, 1, 1, 1, 1, 0])), 4)  # 4 / log(3)
    3.641
    """
    z = outputs.astype(np.float64)
    z = np.concatenate([np.zeros_like(z), z], axis=1) if z.shape[1] == 1 else z
    if not np.isfinite(z).all():
        raise DataError("no temperature fits: some outputs are not finite numbers")
    z -= z.max(axis=1, keepdims=True)
    size = float(-z.min())
    z /= size or 1.0  # so that b is near 1 whatever the outputs are
    own = z[np.arange(len(z)), targets]
    w = np.ones(len(z)) if weights is None else weights.astype(np.float64)
    if not (own[w > 0] < 0).any():
        raise DataError(NO_FLOOR if size == 0 else NO_CEILING)
    low, high = 0.0, np.inf
    if slope_at(0.0, z, own, w)[0] >= 0:
        raise DataError(NO_FLOOR)
    b = size
    for _ in range(MOST_STEPS):
        slope, curvature = slope_at(b, z, own, w)
        low, high = (b, high) if slope < 0 else (low, b)
        if slope == 0:
            break
        step = b - slope / curvature if curvature > 0 else np.inf
        if not low < step < high:
            step = 2 * b if high == np.inf else (low + high) / 2
        done = abs(step - b) <= CLOSE * b
        b = step
        if done:
            break
    return float(size / b)


def slope_at(b: float, z: Array, own: Array, weights: Array) -> tuple[float, float]:
    """The first and the second derivative by b of the summed log loss of b z; `own` `(N,)` are the logits z[y]."""
    shares = np.exp(b * z)
    shares /= np.add.reduce(shares, axis=1, keepdims=True)
    mean = np.einsum("nc,nc->n", shares, z)
    spread = np.einsum("nc,nc->n", shares, z * z) - mean**2
    return float(np.dot(weights, mean - own)), float(np.dot(weights, spread))
