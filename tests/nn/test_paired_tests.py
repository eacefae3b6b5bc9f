"""Paired tests. Golden p-values: SciPy 1.17.1, `binomtest(min(b, c), b + c).pvalue` and `permutation_test`."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from scratchnn.nn.paired_tests import holm, mcnemar, sign_flips


@pytest.mark.parametrize(
    ("first", "second", "p_value"),
    [
        (0, 0, 1.0),
        (1, 0, 1.0),
        (3, 9, 0.14599609375),
        (9, 3, 0.14599609375),
        (10, 10, 1.0),
        (40, 60, 0.05688793364098089),
        (0, 13, 0.000244140625),
        (500, 620, 0.0003724137555440742),
    ],
)
def test_mcnemar_is_a_binomial_test(first, second, p_value):
    both = np.array([True, False] * 5)
    one = np.concatenate([both, np.ones(first, bool), np.zeros(second, bool)])
    two = np.concatenate([both, np.zeros(first, bool), np.ones(second, bool)])
    test = mcnemar(one, two)
    assert test.p_value == pytest.approx(p_value, rel=1e-11)
    assert test.counts == (first, second)


def test_few_differences_have_every_sign():
    differences = np.array([0.3, -0.1, 0.7, 0.25, -0.4, 0.9, 0.05, 0.0])
    test = sign_flips(differences, np.random.default_rng(0))
    assert (test.name, test.p_value) == ("exact paired permutation test", 0.234375)
    sums = [abs(np.dot(signs, differences)) for signs in product((1, -1), repeat=8)]
    assert test.p_value == np.mean(np.array(sums) >= abs(differences.sum()) - 1e-12)
    assert sign_flips(np.zeros(20), np.random.default_rng(0)).p_value == 1.0


def test_many_differences_have_random_signs():
    differences = np.random.default_rng(1).normal(0.25, 1, 60)
    test = sign_flips(differences, np.random.default_rng(0))
    z = abs(differences.sum()) / np.sqrt((differences**2).sum())  # the sum of random signs is near normal
    assert test.p_value == pytest.approx(2 * (1 - _normal(z)), abs=0.01)
    assert sign_flips(np.full(60, 1.0), np.random.default_rng(0), draws=99).p_value == 0.01


def _normal(z):
    from statistics import NormalDist

    return NormalDist().cdf(z)


def test_holm_keeps_the_order():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.9]) == [1.0, 1.0]
    assert holm([]) == []
