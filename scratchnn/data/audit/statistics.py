"""The statistics of an audit, in NumPy: distances between samples, their tests, and correlations."""

from __future__ import annotations

import math

import numpy as np

from scratchnn.data.tables import Array


def kolmogorov_distance(first: Array, second: Array) -> float:
    """D = max over x of |F1(x) - F2(x)|, the largest distance of two samples' distribution functions; from 0 to 1."""
    first, second = np.sort(first), np.sort(second)
    grid = np.concatenate([first, second])
    below = [np.searchsorted(values, grid, side="right") / len(values) for values in (first, second)]
    return float(np.abs(below[0] - below[1]).max())


def kolmogorov_tail(distance: float, first: int, second: int) -> float:
    """The chance of a distance this large between samples of `first` and `second` rows from one distribution.

    Q(t) = 2 sum over k >= 1 of (-1)^(k-1) exp(-2 k^2 t^2) with t = D sqrt(n m / (n + m)): Kolmogorov's limit (1933;
    Smirnov 1939), without a correction for small samples; it is too large there and where values are tied, so that
    fewer distances count. For t < 1 the series of the complement, which converges faster there.
    """
    t = distance * math.sqrt(first * second / (first + second))
    if t < 0.1:  # Q differs from 1 by less than 1e-50
        return 1.0
    if t < 1:
        terms = (math.exp(-(((2 * k - 1) * math.pi / t) ** 2) / 8) for k in range(1, 20))
        return 1 - math.sqrt(2 * math.pi) / t * sum(terms)
    return 2 * math.fsum((-1.0) ** (k - 1) * math.exp(-2 * (k * t) ** 2) for k in range(1, 20))


def chi_square(table: Array) -> tuple[float, int]:
    """Pearson's X^2 = sum (observed - expected)^2 / expected of a table of counts (R, C), and degrees of freedom.

    Expected under independence: row total times column total over the total. Empty rows and columns are left out.
    """
    table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0].astype(np.float64)
    if min(table.shape) < 2:
        return 0.0, 0
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    return float(((table - expected) ** 2 / expected).sum()), (table.shape[0] - 1) * (table.shape[1] - 1)


def chi_square_tail(value: float, freedom: int) -> float:
    """The chance of a chi-square this large or larger: Q(freedom / 2, value / 2), 1 without freedom.

    Q(a, x) is the upper regularized gamma function, by the series of its complement where x < a + 1, else by
    Lentz's continued fraction (Press et al., Numerical Recipes, section 6.2).
    """
    if freedom == 0 or value <= 0:
        return 1.0
    a, x = freedom / 2, value / 2
    front = math.exp(a * math.log(x) - x - math.lgamma(a))
    if x < a + 1:
        term = total = 1 / a
        while term > 1e-17 * total:
            a += 1
            term *= x / a
            total += term
        return max(0.0, 1 - front * total)
    tiny = 1e-300
    b = x + 1 - a
    c, d = 1 / tiny, 1 / b
    fraction = d
    for k in range(1, 10_000):
        step = -k * (k - a)
        b += 2
        d = 1 / (step * d + b or tiny)
        c = b + step / c or tiny
        fraction *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return front * fraction


def normal_tail(z: float) -> float:
    """The chance that a standard normal variable is farther from 0 than z: erfc(|z| / sqrt 2)."""
    return math.erfc(abs(z) / math.sqrt(2))


def average_ranks(codes: Array) -> Array:
    """The ranks (N,) from 1 on of values given by their places among the distinct ones; equal ones share a mean."""
    counts = np.bincount(codes)
    ranks: Array = np.cumsum(counts) - (counts - 1) / 2
    return ranks[codes]


def pearson(first: Array, second: Array) -> float:
    """r = cov(x, y) / (s_x s_y) of two samples (N,), from -1 to 1; 0 where one of them is constant."""
    r = correlations(np.stack([first, second], axis=1))
    return float(r[0, 1])


def correlations(values: Array) -> Array:
    """Pearson's r (F, F) of every two columns of (N, F); 0 for constant columns."""
    deviations = values - values.mean(axis=0)
    largest = np.abs(deviations).max(axis=0, initial=0)
    # what is left of a constant after subtracting its mean is rounding
    constant = largest <= 1e-12 * np.abs(values).max(axis=0, initial=0)
    deviations = deviations / np.where(constant, 1, largest)  # so that no square overflows
    norms = np.sqrt((deviations**2).sum(axis=0))
    scaled = np.where(constant, 0, deviations / np.where(constant, 1, norms))
    made: Array = np.clip(scaled.T @ scaled, -1, 1)
    return made


def robust_z(values: Array) -> Array:
    """z = 0.6745 (x - median) / MAD, MAD the median of |x - median|; 0 throughout where MAD is 0.

    Source: Iglewicz and Hoaglin 1993. For normal values it is the usual z.
    """
    deviations = values - np.median(values)
    mad = float(np.median(np.abs(deviations)))
    return np.zeros_like(deviations) if mad == 0 else 0.6745 * deviations / mad
