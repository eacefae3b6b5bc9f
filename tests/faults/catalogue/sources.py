"""Faults in how files are read."""

from __future__ import annotations

from tests.faults.fault import Fault

PLAIN = "data/test_plain_csv.py"

FAULTS = (
    Fault(
        "rows-of-one-cell-are-one-row",
        "data/plain_csv.py",
        "if not ends[:, -1].all() or ends[:, :-1].any():",
        "if not ends[:, -1].all():",
        "two lines of one cell are read as a row of two",
        f"{PLAIN} -k not_plain",
    ),
    Fault(
        "cell-with-the-rest-of-its-line",
        "data/plain_csv.py::PlainRows._cell",
        ".split(self.delimiter, place + 1)[place]",
        ".split(self.delimiter, place)[place]",
        "the text of a number has the cells after it",
        f"{PLAIN} -k borders",
    ),
    Fault(
        "text-loses-its-first-numbers",
        "data/plain_csv.py",
        "earlier = rows.column(place, np.arange(self.since)) if self.since else ()",
        "earlier = rows.column(place, np.arange(self.since)) if self.since is None else ()",
        "cells before the first word of a column are lost",
        f"{PLAIN} -k 'word or borders'",
    ),
    Fault(
        "gaps-are-numbers",
        "data/plain_csv.py",
        "numbers[name] = None if known is None or known.odd.any() else known.values",
        "numbers[name] = None if known is None else known.values",
        "a column with empty cells passes for one of numbers alone",
        f"{PLAIN} -k 'same_table or fast_way'",
    ),
    Fault(
        "gaps-of-other-rows",
        "data/tables.py::Table.take",
        "numbers[name] = None if known.odd.any() else known.values",
        "numbers[name] = None",
        "rows without a gap are no numbers because other rows have one",
        f"{PLAIN} -k same_table data/test_tables.py data/test_tabular.py",
    ),
    Fault(
        "rows-of-a-later-file",
        "data/tabular.py",
        "own = table.take(rows[places] - start)",
        "own = table.take((rows[places] - start) % max(1, len(table) - 1))",
        "the last row of each file shows another row's text",
        "data/test_tabular.py",
    ),
    Fault(
        "late-names-slip-up",
        "data/jsonl.py",
        'cells += [""] * (len(lines) - len(cells))',
        'cells += [""] * min(1, len(lines) - len(cells))',
        "the values of a name that lines lack move to earlier lines",
        "data/test_jsonl.py",
    ),
    Fault(
        "absent-keys-take-the-value-before",
        "data/json_lines.py",
        "tuple([row.get(name, ABSENT) for row, _ in block])",
        "tuple([(row if name in row else block[0][0]).get(name, ABSENT) for row, _ in block])",
        "a key that a row lacks has the value of the first row",
        "data/test_json_lines.py",
    ),
    Fault(
        "width-for-height",
        "data/images.py",
        "(self.size[1], self.size[0])",
        "(self.size[0], self.size[1])",
        "images are resized to the wrong side",
        "data/test_images.py",
    ),
    Fault(
        "npy-read-whole",
        "data/npy.py",
        'mmap_mode="r"',
        "mmap_mode=None",
        "a file that is larger than the memory cannot be a source",
        "data/test_npy.py",
    ),
)
