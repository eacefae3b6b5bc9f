"""Limits on the gradient, in order of growing complexity. All work in place and pass NaN on."""

from __future__ import annotations

import math

import numpy as np

from scratchnn.nn.memory import Array


def clip_value(gradients: Array, limit: float) -> None:
    """Keeps every number within -limit and limit. As PyTorch's `clip_grad_value_`."""
    np.clip(gradients, -limit, limit, out=gradients)


def clip_norm(gradients: Array, limit: float) -> float:
    """Scales the vector in place so that its Euclidean norm is at most `limit`; returns the norm before.

    Variant: PyTorch's `clip_grad_norm_`, factor limit / (norm + 1e-6), applied only where it is below 1.

    >>> gradient = np.array([3.0, 4.0])
    >>> clip_norm(gradient, 1.0), round(float(np.linalg.norm(gradient)), 6)
    (5.0, 1.0)
    """
    norm = math.sqrt(float(np.dot(gradients, gradients)))
    if math.isinf(norm):  # squares that are too large for float32; a factor of 0 would silently drop the step
        norm = float(np.linalg.norm(gradients.astype(np.float64)))
    factor = limit / (norm + 1e-6)
    if factor < 1:
        np.multiply(gradients, factor, out=gradients)
    return norm


def unit_norms(array: Array) -> Array:
    """The Euclidean norm over all axes but the last, which counts the units.

    >>> unit_norms(np.array([[3.0, 0.0], [4.0, 2.0]])).tolist()
    [5.0, 2.0]
    """
    axes = list(range(array.ndim))
    squares: Array = np.einsum(array, axes, array, axes, axes[-1:])
    return np.sqrt(squares, out=squares)


def clip_adaptive(parameters: Array, gradients: Array, limit: float) -> None:
    """Keeps the norm of each unit's gradient within limit * max(|its weights|, 1e-3).

    The last axis of both counts the units (`Param.by_unit`). Source: Brock et al. 2021, with the constants of its
    authors.
    """
    largest = limit * np.maximum(unit_norms(parameters), 1e-3)
    factors = largest / np.maximum(unit_norms(gradients), 1e-6)
    np.multiply(gradients, np.minimum(factors, 1).astype(gradients.dtype, copy=False), out=gradients)
