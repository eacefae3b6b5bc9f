"""The cheap and certain part of an audit, on the rows as a training has them: it runs before each training."""

from __future__ import annotations

from collections.abc import Container, Iterator

import numpy as np

from scratchnn.data.audit.classes import rare
from scratchnn.data.audit.columns import FEWEST_REPEATS, FEWEST_ROWS, constant
from scratchnn.data.audit.duplicates import FEWEST, WARNED, coincidence, row_groups, shared
from scratchnn.data.audit.finding import Finding
from scratchnn.data.audit.leaks import COPY, copied
from scratchnn.data.audit.statistics import pearson
from scratchnn.data.audit.view import WIDEST
from scratchnn.data.encoder import Encoder, TableInputs
from scratchnn.data.preparation import Prepared
from scratchnn.data.tables import Array

MOST_BYTES = 1 << 28  # of all inputs; more would take longer than a glance


def certain(data: Prepared, known_repeats: Container[str] = ()) -> list[Finding]:
    """The warnings and worse among: rows of one part in another, constant columns, copies of the target, rare classes.

    As the checks of the same names (`duplicates`, `constants`, `leaks`, `rare_classes`), but for encoded inputs.
    `known_repeats` are parts of which it is known that they repeat the training rows.
    """
    if data.encoder.task == "language_modeling":
        return []
    inputs = {name: part.inputs for name, part in data.parts.items() if isinstance(part.inputs, np.ndarray)}
    found: list[Finding] = []
    if len(inputs) == len(data.parts):  # samples that stay in their file are not looked at: it would take too long
        known = {name: array for name, array in inputs.items() if name not in known_repeats}
        found += _across(data.encoder, known)
        found += _constants(data.encoder, inputs["train"])
        found += _copies(data, inputs["train"])
    if data.encoder.class_names:
        counts = np.bincount(data.train.targets, minlength=len(data.encoder.class_names))
        found += rare(data.encoder.class_names, counts, data.encoder.target.names[0])
    if labels := data.encoder.target.label_names:
        found += rare(labels, data.train.targets.sum(axis=0).astype(np.int64), "", "label")
    return [finding for finding in found if finding.at_least("warning")]


def _across(encoder: Encoder, parts: dict[str, Array]) -> list[Finding]:
    """Duplicates of training rows alone."""
    if len(parts) < 2 or sum(inputs.nbytes for inputs in parts.values()) > MOST_BYTES:
        return []
    groups = row_groups(*parts.values())
    place = np.repeat(np.arange(len(parts)), [len(part) for part in parts.values()])
    known = place == 0
    codes: list[Array] | None = None
    found = []
    for number, name in list(enumerate(parts))[1:]:
        asked = place == number
        count = int(np.isin(groups[asked], groups[known]).sum())
        rows = int(asked.sum())
        if count < FEWEST or count < WARNED * rows:
            continue
        if codes is None:
            blocks = zip(*([block for _, block in _blocks(encoder, part)] for part in parts.values()), strict=True)
            codes = [row_groups(*block) for block in blocks]
        chance = coincidence(codes, known, asked) if codes else 0.0
        found.append(shared(("train", name), count, rows, chance))
    return found


def _blocks(encoder: Encoder, inputs: Array) -> Iterator[tuple[str, Array]]:
    """The inputs (N, width) of each column; none of what has no columns."""
    if isinstance(encoder.inputs, TableInputs):
        for column, block in encoder.inputs.placed(inputs):
            yield column.name, block
    elif inputs.ndim == 2 and inputs.shape[1] <= WIDEST:
        for number, name in enumerate(encoder.input_columns):
            yield name, inputs[:, number : number + 1]


def _constants(encoder: Encoder, inputs: Array) -> list[Finding]:
    """Of tables; a number that is always 0 is no warning."""
    if not isinstance(encoder.inputs, TableInputs) or len(inputs) < 2:
        return []
    fixed = []
    for column, block in encoder.inputs.placed(inputs):
        if (block == block[0]).all():
            value = column.decode(block[:1])[0] if column.can_be_decoded else ""
            if isinstance(value, str) or value != 0:
                fixed.append(column.name)
    return [constant(fixed)] if fixed else []


def _copies(data: Prepared, inputs: Array) -> list[Finding]:
    """Columns that are the target level by level, or numbers with |r| = 1."""
    train, encoder = data.train, data.encoder
    blocks = list(_blocks(encoder, inputs))
    if len(train) < FEWEST_ROWS or len(blocks) < 2 or train.targets is inputs:
        return []
    found = []
    if encoder.class_names:
        labels, first, inverse = np.unique(train.targets, return_index=True, return_inverse=True)
        for name, block in blocks if len(labels) * FEWEST_REPEATS <= len(train) else ():
            models = block[first]  # (C, width)
            if (block == models[inverse]).all() and row_groups(models).max() == len(labels) - 1:
                found.append(copied(name, encoder.target.names[0], "each class has one level of its own"))
        return found
    names = encoder.target.label_names or encoder.target.names
    for name, block in blocks:
        for target, values in zip(names, train.targets.T, strict=True):
            if block.shape[1] == 1 and abs(pearson(block[:, 0].astype(float), values.astype(float))) > COPY:
                found.append(copied(name, target, "|r| = 1"))
    return found
