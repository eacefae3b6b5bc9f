"""Faults in columns of sequences, in how they are taken out of a table, and in windows over a series."""

from __future__ import annotations

from tests.faults.fault import Fault

SELECT = "nn/layers/test_select.py"
SERIES = "data/test_series.py"
WINDOWING = "data/test_windowing.py"

FAULTS = (
    Fault(
        "selected-columns-keep-the-order-of-the-table",
        "nn/layers/select.py",
        "chosen = [known[name] for name in names]",
        "chosen = [known[name] for name in known if name in names]",
        "the outputs are not in the order that was asked for",
        SELECT,
    ),
    Fault(
        "select-forgets-its-padding",
        "nn/layers/select.py",
        "            run.mask = np.not_equal(flat, 0, out=mem.saved.real)\n",
        "            run.mask = None\n",
        "an lstm goes on over the padding of a list",
        SELECT,
    ),
    Fault(
        "inputs-forget-their-padding",
        "nn/network.py",
        "            np.not_equal(self._starts, 0, out=self._mask)",
        "            self._mask.fill(True)",
        "the padding of a list that is the only input counts as steps",
        "nn/test_network.py",
    ),
    Fault(
        "gradient-of-inputs-before-ids-is-stale",
        "nn/chain.py",
        "        if self._cut and dx is not None:\n            dx.fill(0)\n",
        "",
        "the gradient of a table whose ids are embedded is whatever stood there",
        "nn/test_gradcheck.py nn/test_cases.py nn/test_contracts.py -k select",
    ),
    Fault(
        "zero-is-padding-among-numbers",
        "data/features/sequence.py",
        "np.where(scaled == 0, ALMOST_ZERO, scaled)",
        "scaled",
        "a number at the mean of its column is taken for padding",
        "data/features/test_sequence.py",
    ),
    Fault(
        "vocabulary-by-name-not-by-count",
        "data/features/steps.py",
        "key=lambda pair: (-pair[1], pair[0])",
        "key=lambda pair: pair[0]",
        "a limited vocabulary holds the first words of the alphabet",
        "data/features/test_tokens.py",
    ),
    Fault(
        "length-of-the-longest-row",
        "data/features/steps.py",
        "filled[math.ceil(WHOLE * len(filled)) - 1]",
        "filled[-1]",
        "one long text makes all of them long",
        "data/features/test_tokens.py",
    ),
    Fault(
        "windows-reach-over-series",
        "data/series.py",
        "new[1:] = (np.diff(self.series) != 0) | (np.diff(self.steps) != 1)",
        "new[1:] = np.diff(self.steps) != 1",
        "a window begins in one series and ends in another",
        SERIES,
    ),
    Fault(
        "windows-reach-over-dropped-rows",
        "data/series.py",
        "new[1:] = (np.diff(self.series) != 0) | (np.diff(self.steps) != 1)",
        "new[1:] = np.diff(self.series) != 0",
        "rows with others between them count as neighbours",
        SERIES,
    ),
    Fault(
        "targets-lie-in-the-window",
        "data/windowing.py::encode_windows",
        "starts[:, None] + (inputs.window + np.arange(inputs.horizon))",
        "starts[:, None] + (inputs.window - 1 + np.arange(inputs.horizon))",
        "the first target is the last value that the network sees",
        WINDOWING,
    ),
    Fault(
        "predictions-stand-where-their-window-begins",
        "data/windowing.py::latest_windows",
        "table.numbers_in_source[starts + inputs.window - 1]",
        "table.numbers_in_source[starts]",
        "a prediction stands in a row before those that it is made of",
        WINDOWING,
    ),
    Fault(
        "windows-are-divided-across-series",
        "data/windowing.py::divide_series",
        "np.flatnonzero(table.series == number)",
        "np.flatnonzero(table.series >= number)",
        "rows of later series come into a part more than once",
        WINDOWING,
    ),
)
