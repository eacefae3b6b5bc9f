"""Faults in the audit of data."""

from __future__ import annotations

from tests.faults.fault import Fault

STATISTICS = "data/audit/test_statistics.py"
DUPLICATES = "data/audit/test_duplicates.py"

FAULTS = (
    Fault(
        "kolmogorov-by-one-sample",
        "data/audit/statistics.py::kolmogorov_tail",
        "first * second / (first + second)",
        "first",
        "the second sample's size does not count",
        STATISTICS,
    ),
    Fault(
        "kolmogorov-at-one-sample",
        "data/audit/statistics.py::kolmogorov_distance",
        "grid = np.concatenate([first, second])",
        "grid = first",
        "distances at the values of the second sample are not looked at",
        STATISTICS,
    ),
    Fault(
        "chi-square-over-observed",
        "data/audit/statistics.py::chi_square",
        "** 2 / expected",
        "** 2 / table.sum()",
        "squares are not divided by what is expected",
        STATISTICS,
    ),
    Fault(
        "ranks-of-ties-by-the-largest",
        "data/audit/statistics.py::average_ranks",
        "np.cumsum(counts) - (counts - 1) / 2",
        "np.cumsum(counts) + 0.0",
        "equal values share their largest rank, not the mean",
        STATISTICS,
    ),
    Fault(
        "coincidence-of-one-row",
        "data/audit/duplicates.py::coincidence",
        "np.expm1(n * np.log1p(",
        "np.expm1(1 * np.log1p(",
        "the chance to meet one row, not one of n",
        DUPLICATES,
    ),
    Fault(
        "negative-zero-is-another-row",
        "data/audit/duplicates.py::row_groups",
        "block = block + block.dtype.type(0)",
        "block = block.copy()",
        "-0.0 and 0.0 make different rows",
        DUPLICATES,
    ),
    Fault(
        "a-row-is-its-own-neighbour",
        "data/audit/labels.py::odd_labels",
        "distances[np.arange(len(block)), block] = np.inf",
        "distances[np.arange(len(block)), block] = -np.inf",
        "each row votes for itself",
        "data/audit/test_labels.py",
    ),
    Fault(
        "leaks-judged-by-the-largest-class",
        "data/audit/leaks.py::_skill",
        "(right - chance) / (1 - chance)",
        "right",
        "a frequent class alone counts as a leak",
        "data/audit/test_leaks.py",
    ),
)
