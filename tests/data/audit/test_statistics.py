"""Goldens made with SciPy 1.17.1 on NumPy 2.4.6: the calls stand beside the numbers."""

from __future__ import annotations

import numpy as np
import pytest

from scratchnn.data.audit.statistics import (
    average_ranks,
    chi_square,
    chi_square_tail,
    correlations,
    kolmogorov_distance,
    kolmogorov_tail,
    normal_tail,
    pearson,
    robust_z,
)


@pytest.mark.parametrize(
    ("t", "expected"),
    [
        (0.3, 0.9999906941986655),
        (0.8, 0.5441424115741981),
        (1.0, 0.26999967167735456),
        (1.5, 0.022217962616525127),
        (2.5, 7.453306344157342e-06),
    ],
)
def test_the_tail_of_kolmogorov(t, expected):
    """scipy.special.kolmogorov(t); with 30 and 20 rows t is D sqrt(12)."""
    assert kolmogorov_tail(t / np.sqrt(12), 30, 20) == pytest.approx(expected, rel=1e-12)


def test_equal_samples_have_no_distance():
    assert kolmogorov_distance(np.arange(5.0), np.arange(5.0)) == 0
    assert kolmogorov_tail(0.0, 5, 5) == 1


def test_the_distance_of_tied_samples():
    """scipy.stats.ks_2samp(first, second).statistic"""
    first = np.array([0.1, 0.4, 0.4, 0.9, 1.3, 2.0, 2.2])
    second = np.array([0.4, 0.7, 1.5, 1.9, 2.2, 2.9, 3.1, 4.0, 4.0])
    assert kolmogorov_distance(first, second) == pytest.approx(0.49206349206349204, rel=1e-14)
    assert kolmogorov_distance(second, first) == pytest.approx(0.49206349206349204, rel=1e-14)


@pytest.mark.parametrize(
    ("value", "freedom", "expected"),
    [
        (0.5, 1, 0.47950012218695337),
        (3.84, 1, 0.05004352124870519),
        (20, 5, 0.0012497305630313773),
        (90, 60, 0.007337199297796568),
        (300, 20, 8.082849629775851e-52),
        (0, 3, 1),
        (5, 0, 1),
    ],
)
def test_the_tail_of_chi_square(value, freedom, expected):
    """scipy.stats.chi2.sf(value, freedom)"""
    assert chi_square_tail(value, freedom) == pytest.approx(expected, rel=1e-11)


def test_chi_square_of_a_table():
    """scipy.stats.chi2_contingency(table, correction=False); empty rows and columns change nothing."""
    table = np.array([[12, 30, 0, 7], [20, 15, 0, 9], [0, 0, 0, 0]])
    value, freedom = chi_square(table)
    assert (value, freedom) == (pytest.approx(7.0014204545454515, rel=1e-13), 2)
    assert chi_square(table[:1]) == (0.0, 0)


def test_correlations():
    """scipy.stats.pearsonr(x, y) and spearmanr(x, y)"""
    x, y = np.array([3, 1, 4, 1, 5, 9, 2, 6, 5, 3]), np.array([2, 7, 1, 8, 2, 8, 1, 8, 2, 8])
    assert pearson(x, y) == pytest.approx(0.10492284287735876, rel=1e-12)
    ranks = [average_ranks(np.unique(values, return_inverse=True)[1]) for values in (x, y)]
    assert ranks[0].tolist() == [4.5, 1.5, 6, 1.5, 7.5, 10, 3, 9, 7.5, 4.5]
    assert pearson(*ranks) == pytest.approx(0.13471506281091267, rel=1e-12)


def test_correlations_of_hard_columns():
    x = np.arange(6.0)
    values = np.stack([x, -3e200 * x, np.full(6, 0.1), 1e-200 * x**2], axis=1)
    found = correlations(values)
    assert found[0, 1] == pytest.approx(-1, abs=1e-15)
    assert found[2].tolist() == [0, 0, 0, 0]  # a constant
    assert found[0, 3] == pytest.approx(np.corrcoef(x, x**2)[0, 1], rel=1e-12)


def test_the_tail_of_the_normal():
    """2 * scipy.stats.norm.sf(1.7)"""
    assert normal_tail(1.7) == normal_tail(-1.7) == pytest.approx(0.08913092551708608, rel=1e-13)


def test_robust_z():
    values = np.array([1.0, 2, 3, 4, 100])
    assert robust_z(values).tolist() == pytest.approx([-1.349, -0.6745, 0, 0.6745, 0.6745 * 97])
    assert robust_z(np.array([1.0, 1, 1, 5])).tolist() == [0, 0, 0, 0]
