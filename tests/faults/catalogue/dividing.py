"""Faults in folds, in lists of rows, and in how classes are sampled."""

from __future__ import annotations

from tests.faults.fault import Fault

FOLDS = "data/test_folds.py"
LISTS = "data/test_index_split.py"
SAMPLING = "training/test_sampling.py"

FAULTS = (
    Fault(
        "repeats-all-the-same",
        "data/folds.py::permutation",
        "for _ in range(repeat):",
        "for _ in range(0):",
        "each repeat has the folds of the first",
        FOLDS,
    ),
    Fault(
        "classes-not-dealt-one-after-the-other",
        "data/folds.py",
        'np.argsort(rows.strata.ids[order], kind="stable")',
        'np.argsort(-rows.strata.ids, kind="stable")',
        "rows of one class fall into folds by chance",
        FOLDS,
    ),
    Fault(
        "share-of-a-class-rounded-down",
        "data/folds.py",
        "needed - -(-needed // self.folds) <",
        "needed - needed // self.folds <",
        "a class may be left with too few rows beside its largest fold",
        FOLDS,
    ),
    Fault(
        "chain-trains-on-what-comes-later",
        "data/folds.py::ChainedFolds._others",
        "folds < self.fold",
        "folds != self.fold",
        "training sees rows from after the test",
        FOLDS,
    ),
    Fault(
        "chain-of-as-many-blocks-as-folds",
        "data/folds.py",
        "number * rows / (self.folds + 1)",
        "number * rows / self.folds",
        "the blocks are not equal",
        FOLDS,
    ),
    Fault(
        "groups-never-moved",
        "data/column_folds.py",
        "    moved = True\n    while moved",
        "    moved = False\n    while moved",
        "folds stay as unequal as the order of the groups makes them",
        FOLDS,
    ),
    Fault(
        "validation-by-the-hash-of-the-fold",
        "data/column_folds.py",
        'salt=f"{self._salt}\\0validation"',
        "salt=self._salt",
        "the rows of the first folds alone are for validation",
        FOLDS,
    ),
    Fault(
        "row-in-two-lists",
        "data/index_split.py",
        "if row in owner:",
        "if False:",
        "a row that two parts list is taken by the later one",
        LISTS,
    ),
    Fault(
        "row-numbers-after-dropping",
        "data/index_split.py",
        "part[rows.source_rows()] == number",
        "part[: rows.count] == number",
        "numbers count only the rows that no feature drops",
        LISTS,
    ),
    Fault(
        "true-is-row-one",
        "data/row_lists.py",
        "if type(entry) is not int:",
        "if not isinstance(entry, int):",
        "a mask of booleans passes for rows 0 and 1",
        LISTS,
    ),
    Fault(
        "extra-rows-of-a-class-always-the-first",
        "training/sampling.py",
        "rng.permutation(rows)[:more]",
        "rows[:more]",
        "each epoch repeats, or leaves out, the same rows",
        SAMPLING,
    ),
    Fault(
        "oversampled-without-the-originals",
        "training/sampling.py",
        "np.tile(rows, times)",
        "np.tile(rows[:1], times * len(rows))",
        "a class is repeated by its first row",
        SAMPLING,
    ),
    Fault(
        "undersampled-by-the-product",
        "training/sampling.py",
        "int(counts.min()) / self.ratio",
        "int(counts.min()) * self.ratio",
        "a small ratio cuts more rows, not fewer",
        SAMPLING,
    ),
    Fault(
        "sampled-order-not-resumed",
        "training/trainer.py",
        "if self._order.is_random:",
        "if self._settings.shuffle:",
        "an epoch that is sampled but not shuffled is drawn anew on resuming",
        "training/test_resuming.py -k sampled",
    ),
    Fault(
        "balanced-by-the-rows-as-they-are",
        "training/class_weights.py",
        "drawn_per_class(part, classes, sampling or NoSampling())",
        "drawn_per_class(part, classes, NoSampling())",
        "balanced weights favour a second time what sampling has evened out",
        SAMPLING,
    ),
)
