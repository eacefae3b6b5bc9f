"""Whether two models differ on the same samples: paired tests."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scratchnn.nn.memory import Array

MOST_SIGNS = 12  # of so few differences every choice of signs is tried
DRAWS = 10_000
MOST_WHOLE = 1000  # samples, of which a binomial tail is summed in whole numbers
BLOCK = 1 << 20  # signs at a time


@dataclass(frozen=True)
class PairedTest:
    """The outcome of a test: its name, two-sided p-value, and the numbers that it was made of."""

    name: str
    p_value: float
    counts: tuple[int, ...] = ()


def mcnemar(first: Array, second: Array) -> PairedTest:
    """McNemar's exact test on which samples `(N,)` each of two models gets right.

    Of the n samples that one of them gets right and the other does not, the first gets b. Where neither is better b is
    binomial (n, 1/2), and p = min(1, 2 P(B <= min(b, n - b))). `counts` are b and n - b. Source: McNemar 1947; exact as
    in Edwards 1948's reply, without a continuity correction.

    >>> mcnemar(np.array([True] * 6), np.array([False] * 6)).p_value
    0.03125
    """
    only_first = int(np.count_nonzero(first & ~second))
    only_second = int(np.count_nonzero(second & ~first))
    tail = _tail(only_first + only_second, min(only_first, only_second))
    return PairedTest("McNemar's exact test", min(1.0, 2 * tail), (only_first, only_second))


def sign_flips(differences: Array, rng: np.random.Generator, draws: int = DRAWS) -> PairedTest:
    """The paired permutation test on the mean of differences `(N,)`, one for each sample.

    Where neither model is better each difference is as likely with the other sign. p is the share of choices of signs
    whose mean is at least as far from 0: of all 2^n where n <= 12 differences are not 0, else (k + 1) / (draws + 1) for
    k of so many random ones. Source: Fisher 1935; Phipson and Smyth 2010 for the 1.
    """
    values = np.asarray(differences, np.float64)
    values = values[values != 0]
    reached = abs(math.fsum(values.tolist()))
    nearly = reached * (1 - 1e-12)  # sums in another order
    if len(values) <= MOST_SIGNS:
        bits = np.arange(1 << len(values))[:, None] >> np.arange(len(values)) & 1
        far = np.abs((1 - 2 * bits) @ values) >= nearly
        return PairedTest("exact paired permutation test", float(np.mean(far)))
    hits, step = 0, max(BLOCK // len(values), 1)
    for start in range(0, draws, step):
        signs = 1 - 2 * rng.integers(0, 2, (min(step, draws - start), len(values)), np.int8)
        hits += int(np.count_nonzero(np.abs(signs @ values) >= nearly))
    return PairedTest("paired permutation test", (hits + 1) / (draws + 1))


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values of several tests, each made larger so that one of them is below a with probability a at most.

    Source: Holm 1979: of m ascending ones max over j <= i of min(1, (m - j + 1) p_j).

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    made = [0.0] * len(p_values)
    largest = 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda index: p_values[index])):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[place]))
        made[place] = largest
    return made


def _tail(count: int, most: int) -> float:
    """P(B <= most) where B is binomial (count, 1/2): by whole numbers, of many samples by logarithms."""
    if count <= MOST_WHOLE:
        return sum(math.comb(count, k) for k in range(most + 1)) / (1 << count)
    return math.fsum(math.exp(_log_choose(count, k) - count * math.log(2)) for k in range(most + 1))


def _log_choose(count: int, chosen: int) -> float:
    return math.lgamma(count + 1) - math.lgamma(chosen + 1) - math.lgamma(count - chosen + 1)
