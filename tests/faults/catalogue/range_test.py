"""Faults in the learning-rate range test."""

from __future__ import annotations

from tests.faults.fault import Fault

RANGE = "training/test_range_test.py"

FAULTS = (
    Fault(
        "range-test-mean-starts-at-zero",
        "training/range_test.py",
        "made.append(mean / (1 - SMOOTHING**count))",
        "made.append(mean)",
        "the smoothed loss rises at first, whatever the loss does",
        RANGE,
    ),
    Fault(
        "range-test-slope-over-the-rate-itself",
        "training/range_test.py",
        "_slopes(np.log(self.rates), self.smoothed)",
        "_slopes(self.rates, self.smoothed)",
        "small rates look steepest",
        RANGE,
    ),
    Fault(
        "range-test-suggests-the-bolder-rate",
        "training/range_test.py",
        "return min(self.steepest, self.below_lowest)",
        "return max(self.steepest, self.below_lowest)",
        "the larger of the two rates is suggested",
        RANGE,
    ),
)
