"""What is learned from the training rows: the features of columns, the scales, the classes."""

from __future__ import annotations

import numpy as np

from scratchnn.data.array_inputs import ArrayInputs, fit_array
from scratchnn.data.encoder import Encoder, TableInputs, own_targets, raw_labels, raw_numbers
from scratchnn.data.features.feature import Feature
from scratchnn.data.features.inference import infer
from scratchnn.data.features.number_column import standard
from scratchnn.data.settings import DataSettings
from scratchnn.data.splits import Strata
from scratchnn.data.tables import Array, Arrays, Table, Task, in_order, is_missing, is_number, number_name
from scratchnn.errors import DataError, suggestion

MOST_CLASSES = 20


def fit(settings: DataSettings, train: Table | Arrays, task: Task, names: list[str]) -> Encoder:
    """Everything that preprocessing learns, from these rows alone. Raises `DataError`."""
    if task == "classification":
        strata = strata_of(train, names)
        classes = _in_given_order(settings, train, list(strata.names))
        if len(classes) < 2:
            hint = "Training needs rows of two classes or more."
            raise DataError(f'every training row has the class "{classes[0]}"', where=train.where, hint=hint)
        ids = np.array([classes.index(name) for name in strata.names], np.int64)[strata.ids]
        return Encoder(task=task, inputs=_fit_inputs(settings, train, names, ids), targets=names, classes=classes)
    if task == "reconstruction":
        inputs = _fit_inputs(settings, train, names, None)
        lost = [c.name for c in inputs.columns if not c.can_be_decoded] if isinstance(inputs, TableInputs) else []
        if lost:
            message = f"the inputs of {', '.join(lost)} cannot be turned back into cells, so none can be reconstructed"
            hint = f"Set another feature for data.features.{lost[0]}, or ignore it."
            raise DataError(message, where=train.where, hint=hint)
        return Encoder(task=task, inputs=inputs, targets=[])
    if settings.class_order is not None:
        got = "data.class_order orders classes, but the target is a number"
        raise DataError(got, where=train.where, hint="Remove it, or set data.task: classification.")
    values = raw_numbers(train, names)
    scales = [standard(column) if settings.target_scale == "standard" else (0.0, 1.0) for column in values.T]
    if not np.isfinite(scales).all():
        raise DataError("the targets are too large to scale", where=train.where, hint="Use other units.")
    offsets, widths = [offset for offset, _ in scales], [scale or 1.0 for _, scale in scales]
    inputs = _fit_inputs(settings, train, names, (values - np.array(offsets)) / np.array(widths))
    return Encoder(task=task, inputs=inputs, targets=names, target_offset=offsets, target_scale=widths)


def infer_task(data: Table | Arrays, names: list[str]) -> Task:
    """What to learn, where the config does not say.

    A source that knows its task decides. Several targets are regression. A text is a class; whole numbers with at
    most 20 distinct values are classes; any other number is regression.
    """
    if isinstance(data, Table):
        if len(names) > 1:
            return "regression"
        mend = "data.task: classification"
        if data.cells(names[0]) and infer(data, names[0], mend).tag() != "number":
            return "classification"
        values = data.numbers(names[0])
    else:
        if data.task is not None:
            return data.task
        values = own_targets(data)
        if values.ndim > 1:
            return "regression"
        if values.dtype.kind in "bU":
            return "classification"
    whole = bool((values == np.floor(values)).all())
    return "classification" if whole and len(np.unique(values)) <= MOST_CLASSES else "regression"


def strata_of(data: Table | Arrays, names: list[str]) -> Strata:
    """The classes of these rows in their order, and the class of each row. Different spellings of a number are one."""
    if isinstance(data, Arrays) and data.targets is not None and data.targets.dtype.kind == "f":
        _refuse_fractions(data)
    distinct, inverse = raw_labels(data, names)
    known = [label for label in distinct if not is_missing(label)]
    if all(is_number(label) for label in known):
        for place, label in enumerate(distinct):
            if is_missing(label) and isinstance(data, Table):
                raise data.missing(names[0], int(np.flatnonzero(inverse == place)[0]))
        distinct = [number_name(label) for label in distinct]
    classes = in_order(distinct)
    places = {label: place for place, label in enumerate(classes)}
    return Strata(np.array([places[label] for label in distinct], np.int64)[inverse], classes)


def _fit_inputs(
    settings: DataSettings, train: Table | Arrays, names: list[str], targets: Array | None
) -> TableInputs | ArrayInputs:
    """`targets` (N,) class ids or (N, K) scaled numbers, for features that read them."""
    return _fit_table(settings, train, names, targets) if isinstance(train, Table) else _fit_array(settings, train)


def _fit_table(settings: DataSettings, table: Table, names: list[str], targets: Array | None) -> TableInputs:
    features: dict[str, Feature] = settings.features or {}
    for name in features:
        if name not in table.columns:
            got = f'data.features names a column "{name}" that is not there'
            raise DataError(got, where=table.where, hint=suggestion(name, table.columns))
    others = {*names, settings.sample_weight, *(settings.split.columns if settings.split.marks else [])}
    used = [name for name in table.columns if name not in others]
    fitted = [(features.get(name) or infer(table, name)).fit(table, name, targets) for name in used]
    columns = [column for column in fitted if column is not None]
    if not columns:
        hint = "Add a column, or ignore fewer."
        raise DataError("no column is left to learn from", where=table.where, hint=hint)
    return TableInputs(columns=columns)


def _fit_array(settings: DataSettings, data: Arrays) -> ArrayInputs:
    values = data.inputs
    if settings.input_scale != "auto":
        return fit_array(values, settings.input_scale, data.where)
    if values.dtype == np.uint8:
        return fit_array(values, "unit", data.where)
    return fit_array(values, "none" if values.dtype == bool else "standard", data.where)


def _in_given_order(settings: DataSettings, train: Table | Arrays, classes: list[str]) -> list[str]:
    """The classes in the order that the settings give, where they give one."""
    order = settings.class_order
    if order is None:
        return classes
    if sorted(order) != sorted(classes):
        missing = [f'lacks the class "{name}"' for name in classes if name not in order]
        absent = [f'names "{name}", which is no class of the training rows' for name in order if name not in classes]
        hint = f"The classes are: {', '.join(classes)}."
        raise DataError(f"data.class_order {(missing + absent)[0]}", where=train.where, hint=hint)
    return order


def _refuse_fractions(data: Arrays) -> None:
    targets = own_targets(data)
    broken = np.flatnonzero((targets != np.floor(targets)).reshape(len(targets), -1).any(axis=1))
    if len(broken):
        got = f"targets[{broken[0]}] is {targets[broken[0]]}, not a class"
        raise DataError(got, where=data.where, hint="Store whole numbers, or set data.task: regression.")
