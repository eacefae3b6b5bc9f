"""Faults in columns that are numbers, two-valued or dates."""

from __future__ import annotations

from tests.faults.fault import Fault

NUMBER = "data/features/test_number.py"
BENT = "data/features/test_bent.py"
QUANTILE = "data/features/test_quantile.py"
BINARY = "data/features/test_binary.py"
DATETIMES = "data/features/test_datetimes.py"
WORKFLOW = "workflows/test_gaps_and_dates.py"

FAULTS = (
    Fault(
        "number-clipped-before-it-is-scaled",
        "data/features/number_column.py::NumericColumn.encode_numbers",
        "encoded = self.forward(np.asarray(values, np.float64))",
        "encoded = self.forward(self._clipped(np.asarray(values, np.float64)))",
        "clip limits the number in the table, not the encoded one",
        NUMBER,
    ),
    Fault(
        "scale-with-filled-values",
        "data/features/number.py::Number.fit",
        "column = self._scaled(known, name)",
        "column = self._scaled(np.where(gaps, self._fill(known), values), name)",
        "the scale is fitted on values that were filled in",
        NUMBER,
    ),
    Fault(
        "quantile-takes-the-upper-end-of-ties",
        "data/features/quantile.py::QuantileColumn.forward",
        "(upper + lower) / 2",
        "upper",
        "equal values have the largest of their probabilities, not the middle",
        f"{QUANTILE} {NUMBER}",
    ),
    Fault(
        "power-below-0-as-above",
        "data/features/bent.py::yeo_johnson",
        "np.where(values >= 0, power, 2 - power)",
        "np.where(values >= 0, power, power)",
        "numbers below 0 are bent by λ, not by 2 - λ",
        BENT,
    ),
    Fault(
        "power-likelihood-without-its-jacobian",
        "data/features/bent.py::most_normal_power",
        "- (power - 1) * slope",
        "- power * 0 * slope",
        "the likelihood is that of the transformed numbers: the smallest spread wins",
        f"{BENT} {NUMBER}",
    ),
    Fault(
        "power-of-rounding-errors",
        "data/features/bent.py::most_normal_power",
        "1e-8 * float(np.abs(bent).max())",
        "0",
        "a λ that rounds all numbers to one looks best",
        BENT,
    ),
    Fault(
        "binary-unseen-is-negative",
        "data/features/binary.py::BinaryColumn._write",
        "np.where(unknown, self.frequent, places)",
        "np.where(unknown, 0, places)",
        "an unknown level counts as the negative one, however rare it is",
        BINARY,
    ),
    Fault(
        "weekday-from-sunday",
        "data/features/datetime_parts.py::part_of",
        "astype(np.int64) + 3) % 7",
        "astype(np.int64) + 4) % 7",
        "weeks start on Sunday",
        DATETIMES,
    ),
    Fault(
        "times-in-local-time",
        "data/moments.py::microseconds",
        "(moment - (EPOCH.replace(tzinfo=UTC) if own else EPOCH))",
        "(moment.replace(tzinfo=None) - EPOCH)",
        "a time with an offset counts as it is on the clock, not in UTC",
        "data/test_moments.py",
    ),
    Fault(
        "rows-dropped-are-judged",
        "workflows/judged_rows.py::new_rows",
        "data = data.take(rows)",
        "rows = None",
        "rows that training leaves out are judged with a filled value",
        WORKFLOW,
    ),
)
