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


def units(array: Array) -> Array:
    """(..., F) as (N, F), a column for each output; a vector as one column.

    >>> units(np.zeros((3, 3, 8, 16))).shape, units(np.zeros(5)).shape
    ((72, 16), (5, 1))
    """
    return array.reshape(-1, array.shape[-1] if array.ndim > 1 else 1)


def unit_norms(columns: Array) -> Array:
    """The Euclidean norm of each column."""
    squares: Array = np.einsum("ij,ij->j", columns, columns)
    return np.sqrt(squares, out=squares)


def clip_adaptive(parameters: Array, gradients: Array, limit: float) -> None:
    """Keeps the norm of each unit's gradient within limit * max(|its weights|, 1e-3).

    A unit is all that leads to one output, for arrays of one axis the whole array. Source: Brock et al. 2021, with the
    constants of its authors.
    """
    columns = units(gradients)
    largest = limit * np.maximum(unit_norms(units(parameters)), 1e-3)
    factors = largest / np.maximum(unit_norms(columns), 1e-6)
    np.multiply(columns, np.minimum(factors, 1).astype(columns.dtype, copy=False), out=columns)
