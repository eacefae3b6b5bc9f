"""What is learned from the training rows: the features of columns, the scales, the targets."""

from __future__ import annotations

import numpy as np

from scratchnn.data.array_inputs import ArrayInputs, fit_array
from scratchnn.data.encoder import Encoder, TableInputs
from scratchnn.data.features.feature import Feature
from scratchnn.data.features.inference import infer
from scratchnn.data.keeping import keep
from scratchnn.data.settings import DataSettings
from scratchnn.data.tables import Array, Arrays, Table, Task
from scratchnn.data.targets import FittedTarget, InputsAgain, kind_of
from scratchnn.data.targets.inference import infer_task
from scratchnn.data.windowing import with_windows
from scratchnn.errors import DataError, suggestion


def fit(
    settings: DataSettings,
    train: Table | Arrays,
    task: Task,
    names: list[str],
    target: FittedTarget | None = None,
    start: Encoder | None = None,
) -> Encoder:
    """Everything that preprocessing learns, from these rows alone; but a `target` that was fitted before stays so.

    Of the model that is to `start` the training the inputs are kept, see `keep`. Raises `DataError`.
    """
    target = kind_of(task).fit(train, names, settings.target_rules) if target is None else target
    if start is not None:
        return keep(start, settings, train, target)
    inputs = _fit_inputs(settings, train, names, target.encode(train, np.float64))
    if isinstance(target, InputsAgain) and isinstance(inputs, TableInputs):
        _refuse_lost_cells(inputs, train.where)
    encoder = Encoder(inputs=inputs, target=target)
    return encoder if settings.windows is None else with_windows(encoder, settings.windows, train.where)


def task_of(settings: DataSettings, data: Table | Arrays, names: list[str]) -> Task:
    """The task that the settings name, or that the targets are like. Raises `DataError`."""
    return infer_task(data, names, settings.label_separator) if settings.task == "auto" else settings.task


def _refuse_lost_cells(inputs: TableInputs, where: str) -> None:
    """Raises the `DataError` of a column whose cells its inputs do not tell."""
    lost = [column.name for column in inputs.columns if not column.can_be_decoded]
    if lost:
        message = f"the inputs of {', '.join(lost)} cannot be turned back into cells, so none can be reconstructed"
        hint = f"Set another feature for data.features.{lost[0]}, or ignore it."
        raise DataError(message, where=where, hint=hint)


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
    if settings.windows is not None:
        others |= {name for name in settings.windows.marks if name not in features}
        others -= {*names} if settings.windows.include_target else set()
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
