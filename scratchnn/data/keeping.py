"""Preprocessing that another model has fitted, kept for new rows: fine-tuning."""

from __future__ import annotations

from scratchnn.data.encoder import Encoder, TableInputs
from scratchnn.data.features.ignore import Ignore
from scratchnn.data.passages import Passage
from scratchnn.data.settings import DataSettings, Text
from scratchnn.data.tables import Arrays, Table
from scratchnn.data.targets import FittedTarget
from scratchnn.data.vocabulary import TextInputs
from scratchnn.data.window_inputs import WindowInputs
from scratchnn.data.windowing import with_windows
from scratchnn.errors import DataError

REFIT = "Set from.preprocessing: refit to fit it on the new rows."


def keep(model: Encoder, settings: DataSettings, data: Table | Arrays, target: FittedTarget) -> Encoder:
    """The model's inputs for these rows, with the model's target where it means the same as `target`, else this one.

    Raises `DataError` where the rows lack a column of the model, where `features` names one that it has not, and where
    inputs are of another kind.
    """
    inputs, theirs = model.inputs, model.target
    windows = isinstance(inputs, WindowInputs)
    if windows != (settings.windows is not None) or isinstance(inputs, TextInputs):
        kinds = {"windows": "windows over rows", "text": "running text"}
        has, asked = (kinds.get(kind, "single rows") for kind in (inputs.type, "windows" if settings.windows else ""))
        raise DataError(f"the model to start from takes {has}, not {asked}", where=data.where, hint=REFIT)
    if isinstance(inputs, WindowInputs):
        theirs, inputs = inputs.target, TableInputs(columns=inputs.columns)
    made = Encoder(inputs=inputs, target=same_or_new(theirs, target, settings))
    if isinstance(data, Table):
        _check_columns(made, settings, data)
    return made if settings.windows is None else with_windows(made, settings.windows, data.where)


def keep_text(model: Encoder, source: Text, passage: Passage) -> TextInputs:
    """The model's vocabulary, in windows of the context that the source asks for. Raises `DataError`."""
    if not isinstance(model.inputs, TextInputs):
        raise DataError("the model to start from takes no text", where=passage.where, hint=REFIT)
    if model.inputs.tokens != source.tokens:
        message = f"the model to start from has {model.inputs.tokens} as tokens, the source {source.tokens}"
        raise DataError(message, where=passage.where, hint=f"Set tokens: {model.inputs.tokens}. {REFIT}")
    return model.inputs.model_copy(update={"context": source.context})


def same_or_new(theirs: FittedTarget, ours: FittedTarget, settings: DataSettings) -> FittedTarget:
    """The model's target, with the names of the new columns, where both mean the same; else the new one.

    The same are targets of one kind, both scaled or both not, with the same classes, or the same columns of numbers or
    labels, in any order. An order of classes that the settings give wins.
    """
    if theirs.tag() != ours.tag() or theirs.scaled != ours.scaled or settings.class_order is not None:
        return ours
    if theirs.class_names:
        same = sorted(theirs.class_names) == sorted(ours.class_names)
        return theirs.model_copy(update={"names": ours.names}) if same else ours
    same = sorted(theirs.names) == sorted(ours.names) and sorted(theirs.label_names) == sorted(ours.label_names)
    return theirs if same else ours


def _check_columns(made: Encoder, settings: DataSettings, table: Table) -> None:
    absent = [name for name in made.input_columns if name not in table.columns]
    if absent:
        listed, found = ", ".join(f'"{name}"' for name in absent), ", ".join(table.columns)
        message = f"the model to start from needs {listed}, but there is no such column"
        raise DataError(message, where=table.where, hint=f"They have {found}. {REFIT}")
    for name, feature in (settings.features or {}).items():
        if name not in made.input_columns and not isinstance(feature, Ignore):
            message = f'data.features names "{name}", which is no column of the model to start from'
            hint = f"It has {', '.join(made.input_columns)}: remove it, or ignore the column. {REFIT}"
            raise DataError(message, where=table.where, hint=hint)
