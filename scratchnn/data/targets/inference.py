"""What to learn, where the config does not say."""

from __future__ import annotations

import numpy as np

from scratchnn.data.features.inference import infer
from scratchnn.data.tables import Table, Task
from scratchnn.data.targets.multi_label import holds_lists, holds_truths
from scratchnn.data.targets.target import Rows, own_targets

MOST_CLASSES = 20


def infer_task(data: Rows, names: list[str], separator: str | None = None) -> Task:
    """What to learn, where the config does not say.

    A source that knows its task decides. Several targets are labels where all of them are 0 or 1 (or words for them),
    else regression; one column is labels where it holds JSON lists, or where the config names a `separator`. A text is
    a class; whole numbers with at most 20 distinct values are classes; any other number is regression.
    """
    if isinstance(data, Table):
        if len(names) > 1:
            return "multi_label" if holds_truths(data, names) else "regression"
        if separator is not None or holds_lists(data, names[0]):
            return "multi_label"
        mend = "data.task: classification"
        if data.cells(names[0]) and infer(data, names[0], mend).tag() != "number":
            return "classification"
        values = data.numbers(names[0])
    else:
        if data.task is not None:
            return data.task
        values = own_targets(data)
        if values.ndim > 1:
            return "multi_label" if holds_truths(data, names) else "regression"
        if values.dtype.kind in "bU":
            return "classification"
    whole = bool((values == np.floor(values)).all())
    return "classification" if whole and len(np.unique(values)) <= MOST_CLASSES else "regression"
