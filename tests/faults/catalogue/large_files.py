"""Faults in what is too large to be held."""

from __future__ import annotations

from tests.faults.fault import Fault

SAMPLES = "data/test_array_inputs.py"
STORED = "data/test_stored_array.py"
LARGE = "data/test_large_tables.py"
KEPT = "data/test_kept_columns.py"
CELLS = "data/test_decimal_cells.py"
BLOCKS = "data/test_blocks.py"
DIALECTS = "data/test_dialects.py"

FAULTS = (
    Fault(
        "blocks-joined-without-their-distance",
        "data/array_inputs.py",
        " + apart * apart * (count * size / (count + size))",
        "",
        "the deviation of a file is that within its blocks",
        SAMPLES,
    ),
    Fault(
        "mean-of-blocks-unweighted",
        "data/array_inputs.py",
        "mean = mean + apart * (size / (count + size))",
        "mean = mean + apart * 0.5",
        "a short block counts as much as a long one",
        SAMPLES,
    ),
    Fault(
        "bytes-given-short-taken-as-all",
        "data/stored_array.py",
        "                    start += count",
        "                    start = stop",
        "where the system gives fewer bytes than were asked for, the rest of a row is of another",
        STORED,
    ),
    Fault(
        "rows-of-rows-not-looked-up",
        "data/stored_array.py",
        "return StoredArray(self._file, rows if self._rows is None else self._rows[rows])",
        "return StoredArray(self._file, rows)",
        "a part of a part has the rows of the file",
        STORED,
    ),
    Fault(
        "fitted-rows-see-their-target",
        "data/large_tables.py",
        "                        apart.replace(numbers, inputs)",
        "                        pass",
        "rows that a target encoding was fitted on see their own target",
        LARGE,
    ),
    Fault(
        "cache-blind-to-the-seed",
        "data/large_tables.py",
        '"rng": rng.bit_generator.state,',
        '"rng": None,',
        "rows that another seed divided are taken for those of this one",
        LARGE,
    ),
    Fault(
        "cache-blind-to-the-content",
        "data/table_cache.py",
        "                    digest.update(data)",
        "                    pass",
        "a file that has changed is not read again",
        LARGE,
    ),
    Fault(
        "blocks-count-from-one",
        "data/large_tables.py",
        "            yield numbers, block.take(numbers - first)",
        "            yield numbers, block.take(numbers - first - (first > 0))",
        "from the second block on the rows are those before",
        LARGE,
    ),
    Fault(
        "texts-coded-anew-in-each-block",
        "data/kept_columns.py",
        "(places.setdefault(cell, len(places)) for cell in cells)",
        "(list(dict.fromkeys(cells)).index(cell) for cell in cells)",
        "codes mean another text in each block",
        KEPT,
    ),
    Fault(
        "digits-beyond-nineteen",
        "data/decimal_cells.py",
        "(digits > MOST_DIGITS)",
        "(digits > MOST_DIGITS + 1)",
        "integers that do not fit into 64 bits are read",
        CELLS,
    ),
    Fault(
        "quotient-not-corrected",
        "data/decimal_cells.py",
        "correction = ((rounded - product) - error + left) / power",
        "correction = ((rounded - product) - error) / power",
        "the digits that rounding took are lost",
        CELLS,
    ),
    Fault(
        "middle-not-left",
        "data/decimal_cells.py",
        "unsure = (np.abs(beside - half) < 1e-6 * half)",
        "unsure = (np.abs(beside - half) < -1.0)",
        "what lies in the middle of two floats is rounded by chance",
        CELLS,
    ),
    Fault(
        "plain-lines-not-counted",
        "data/plain_blocks.py",
        "        line += count",
        "        line += 0",
        "errors after the first block tell a wrong line",
        BLOCKS,
    ),
    Fault(
        "decimal-comma-beside-points",
        "data/dialects.py",
        " and not any(map(has_point, cells))",
        "",
        "a file with both marks is taken for one with decimal commas",
        DIALECTS,
    ),
)
