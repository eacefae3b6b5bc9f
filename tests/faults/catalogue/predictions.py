"""Faults in predictions of files, and in what stands beside them."""

from __future__ import annotations

from tests.faults.fault import Fault

BLOCKS = "data/test_blocks.py"
ROWS = "workflows/test_prediction_rows.py"
FILES = "workflows/test_prediction_files.py"
WRITING = "workflows/test_write_predictions.py -k 'not memory'"

FAULTS = (
    Fault(
        "lines-counted-by-rows",
        "data/csv.py",
        "after = before + reader.line_num + 1",
        "after = line + len(rows)",
        "after a cell of two lines the blocks tell wrong lines",
        BLOCKS,
    ),
    Fault(
        "deviation-not-in-units",
        "data/targets/numbers.py::Numbers.spread",
        "np.asarray(values, np.float64) * np.array(self.width)",
        "np.asarray(values, np.float64)",
        "the deviation is that of the scaled target",
        ROWS,
    ),
    Fault(
        "interval-with-one-tail",
        "workflows/model.py::_bounds",
        "(1 - interval) / 2",
        "1 - interval",
        "twice as many targets lie below the interval",
        ROWS,
    ),
    Fault(
        "negative-numbers-as-formulas",
        "workflows/prediction_files.py::guarded",
        "cell[:1] in FIRST and not is_number(cell)",
        "cell[:1] in FIRST",
        "negative numbers become texts",
        FILES,
    ),
    Fault(
        "flags-of-the-last-block",
        "workflows/predict.py",
        "counts += made.counts",
        "counts = made.counts",
        "flags of other blocks are not counted",
        WRITING,
    ),
    Fault(
        "each-block-begins-at-row-0",
        "workflows/predict.py",
        "predictor.rows(block, rows)",
        "predictor.rows(block)",
        "row numbers begin anew with each block",
        WRITING,
    ),
)
