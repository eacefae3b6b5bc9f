"""What `scratchnn predict` does: a model and rows in, predictions joined to the rows out."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from scratchnn.data.columns import Decoded
from scratchnn.data.encoder import ArrayInputs
from scratchnn.data.preparation import read_path
from scratchnn.data.tables import Arrays, Table
from scratchnn.errors import UsageError, suggestion
from scratchnn.nn.memory import Array
from scratchnn.training.storage import write_atomically
from scratchnn.workflows.model import Model, Predictions, load_model


@dataclass(frozen=True)
class PredictResult:
    """The rows with their predictions: column names and one list of cells for each row, in the order of the input.

    `arrays`: what an NPZ file would hold, empty for predictions that are a table; `left_out`: what the CSV lacks.
    """

    header: list[str]
    rows: list[list[str]]
    predictions: Predictions
    notes: list[str]
    arrays: dict[str, Array] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)

    def to_csv(self) -> str:
        """As CSV with a header and LF line ends."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.header)
        writer.writerows(self.rows)
        return text.getvalue()

    def write(self, path: str | Path) -> None:
        """Writes the CSV, or the arrays where the name ends in .npz, in one step. Raises `UsageError` without them."""
        path = Path(path)
        if path.suffix.lower() != ".npz":
            write_atomically(path, self.to_csv().encode())
            return
        if not self.arrays:
            message = "only reconstructed arrays are written as NPZ, these predictions are a table"
            raise UsageError(message, where=str(path), hint="Choose a name that ends in .csv.")
        data = io.BytesIO()
        np.savez(data, allow_pickle=False, **self.arrays)
        write_atomically(path, data.getvalue())


def predict(
    data: str | Path,
    run: str | Path | Model | None = None,
    *,
    proba: bool = False,
    columns: Sequence[str] | None = None,
    plugins: Iterable[str | Path] = (),
) -> PredictResult:
    """Predicts every row of a file. The target column is not needed; other columns are carried along.

    `columns` chooses the input columns that appear in the result (all of a table's where None); `proba` adds a
    probability for each class. Predictions follow: `prediction` for a class, `predicted_<target>` for numbers; for a
    reconstruction `reconstructed_<column>` for each input column in its own units, and `reconstruction_error`.
    """
    model = run if isinstance(run, Model) else load_model(run, plugins)
    if model.encoder.task == "language_modeling":
        hint = "Use `generate`, which goes on with a text."
        raise UsageError("is a model of texts, which has no rows to predict", where=str(model.path), hint=hint)
    rows = read_path(data, like=model.config.data.source)
    predictions = model.predict(rows)
    kept = _kept(rows, columns)
    header, made = (
        [*kept],
        [list(cells) for cells in zip(*kept.values(), strict=True)] or [[] for _ in range(len(rows))],
    )
    added = _added(model, predictions, proba)
    for name, cells in added.items():
        header.append(_free(name, header))
        for row, cell in zip(made, cells, strict=True):
            row.append(cell)
    unseen = model.encoder.count_unseen(rows)
    notes = [f"{name}: {count} cells hold a level that training never saw" for name, count in unseen.items()]
    missing = model.encoder.count_missing(rows)
    notes += [f"{name}: {count} cells have no value" for name, count in missing.items()]
    arrays, left_out = _arrays(model, predictions)
    return PredictResult(header, made, predictions, notes, arrays, left_out)


def _kept(rows: Table | Arrays, columns: Sequence[str] | None) -> dict[str, Sequence[str]]:
    """The input columns of the result; the row's number where the input has no columns."""
    if isinstance(rows, Arrays):
        if columns:
            raise UsageError("arrays have no columns", where="--columns", hint="Remove it.")
        return {"row": [str(number) for number in range(len(rows))]}
    for name in columns or ():
        if name not in rows.columns:
            raise UsageError(f'no column "{name}"', where="--columns", hint=suggestion(name, rows.columns))
    return {name: rows.texts(name) for name in (rows.columns if columns is None else columns)}


def _added(model: Model, predictions: Predictions, proba: bool) -> dict[str, list[str]]:
    values = predictions.values
    if proba and model.encoder.task != "classification":
        got = "the target is a number" if model.encoder.task == "regression" else "the model reconstructs its inputs"
        raise UsageError(f"{got}: there are no probabilities", where="--proba", hint="Remove it.")
    if predictions.errors is not None:
        columns = _columns(model, predictions)
        added = {f"reconstructed_{name}": _texts(column) for name, column in columns.items()}
        return added | {"reconstruction_error": _numbers(predictions.errors)}
    if model.encoder.task == "regression":
        names = model.encoder.targets
        return {f"predicted_{name}": _numbers(values[:, index]) for index, name in enumerate(names)}
    added = {"prediction": predictions.labels}
    if proba:
        names = model.encoder.class_names
        added |= {f"probability_{name}": _numbers(values[:, index]) for index, name in enumerate(names)}
    return added


def _columns(model: Model, predictions: Predictions) -> Mapping[str, Decoded]:
    """The columns of a reconstruction; those of flat arrays have names too, deeper ones have no columns."""
    array = predictions.columns.get("inputs") if isinstance(model.encoder.inputs, ArrayInputs) else None
    if not isinstance(array, np.ndarray):
        return predictions.columns
    return {name: array[:, place] for place, name in enumerate(model.encoder.input_columns)}


def _arrays(model: Model, predictions: Predictions) -> tuple[dict[str, Array], list[str]]:
    """What an NPZ file holds of a reconstruction of arrays, and what CSV leaves out."""
    array = predictions.columns.get("inputs") if isinstance(model.encoder.inputs, ArrayInputs) else None
    if not isinstance(array, np.ndarray) or predictions.errors is None:
        return {}, []
    arrays = {"reconstruction": array.astype(model.built.network.dtype), "reconstruction_error": predictions.errors}
    shape = model.encoder.input_shape
    left_out = f"CSV holds only the errors of reconstructions {shape}: -o OUT.npz writes the arrays too"
    return arrays, [left_out] if len(shape) > 1 else []


def _texts(values: Decoded) -> list[str]:
    return values if isinstance(values, list) else _numbers(values)


def _numbers(values: np.ndarray[tuple[int, ...], np.dtype[np.floating]]) -> list[str]:
    """The shortest texts that give back the same numbers."""
    return [str(value) for value in values]


def _free(name: str, taken: Sequence[str]) -> str:
    """A name for a new column that the input does not have already."""
    number, free = 2, name
    while free in taken:
        free, number = f"{name}_{number}", number + 1
    return free
