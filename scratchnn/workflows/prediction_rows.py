"""Input rows with their predictions beside them: what the files of predictions hold, whatever their format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from scratchnn.data.array_inputs import ArrayInputs
from scratchnn.data.columns import Decoded
from scratchnn.data.encoder import Encoder
from scratchnn.data.tables import Arrays, Table
from scratchnn.data.targets import InputsAgain, NextToken
from scratchnn.data.targets.multi_label import is_predicted
from scratchnn.data.window_inputs import WindowInputs
from scratchnn.data.windowing import without_window
from scratchnn.errors import UsageError, suggestion
from scratchnn.nn.memory import Array
from scratchnn.nn.monte_carlo import MonteCarlo
from scratchnn.workflows.ensembles import refuse_disagreement, refuse_ensemble
from scratchnn.workflows.model import Model
from scratchnn.workflows.monte_carlo import check_dropout
from scratchnn.workflows.predictions import Predictions

ROW = "row"

_SAID = {"unseen": "hold a level that training never saw", "missing": "have no value"}
NO_WINDOW = "no_window"
"""The flag of a row that has too few rows before it in its series, and so no prediction."""


@dataclass(frozen=True)
class PredictedRows:
    """Some rows with their predictions, column by column.

    `carried`: cells of the input as they are written there; `added`: labels and flags as texts, numbers as arrays (N,),
    under names that no carried column has; `numeric`: the carried columns whose cells the model reads as numbers;
    `marks`: the flags of each row, None where the model has none; `counts`: how many rows have each reason for a flag;
    `crossed`: in how many a higher quantile is below a lower one.
    """

    carried: dict[str, Sequence[str]]
    added: dict[str, Decoded]
    numeric: frozenset[str]
    predictions: Predictions
    marks: list[str] | None
    counts: Counter[str]
    crossed: int

    def __len__(self) -> int:
        return len(self.predictions.values)

    @property
    def header(self) -> list[str]:
        """The names of all columns."""
        return [*self.carried, *self.added]

    @property
    def flagged(self) -> int:
        """How many rows have a flag."""
        return sum(map(bool, self.marks or ()))


@dataclass(frozen=True)
class Predictor:
    """A model with what is wanted of it. `left_out` of its results: what a table of them lacks."""

    model: Model
    proba: bool = False
    columns: Sequence[str] | None = None
    interval: float | None = None
    disagreement: bool = False
    draws: MonteCarlo | None = None

    def check(self) -> None:
        """Raises `UsageError` for a model that cannot do what is wanted."""
        target = self.model.encoder.target
        if isinstance(target, NextToken):
            hint = "Use `generate`, which goes on with a text."
            raise UsageError("is a model of texts, which has no rows to predict", where=str(self.model.path), hint=hint)
        if self.proba and not (target.class_names or target.label_names):
            raise UsageError(f"{target.what}: there are no probabilities", where="--proba", hint="Remove it.")
        if self.interval is not None and not target.is_number:
            raise UsageError(f"{target.what}: there is no interval", where="--interval", hint="Remove it.")
        self.model.interval_shares(self.interval)
        if self.disagreement:
            refuse_disagreement(self.model)
        if self.draws is not None:
            check_dropout(self.model.built.network, target, self.model.path)
            refuse_ensemble(self.model, "--mc-samples")

    def rows(self, data: Table | Arrays, start: int = 0) -> PredictedRows:
        """Predicts rows, of which the first has the number `start` in its file."""
        predictions = self.model.predict(data, self.interval, start=start, draws=self.draws)
        reasons = flag_reasons(self.model.encoder, data) if isinstance(data, Table) else {}
        if isinstance(self.model.encoder.inputs, WindowInputs):
            reasons[NO_WINDOW] = without_window(data, self.model.encoder.inputs)
        marks = _marks(reasons, len(data)) if reasons else None
        carried = self._carried(data, start)
        added = self.added(predictions) | self._disagreement(predictions) | ({} if marks is None else {"flags": marks})
        named: dict[str, Decoded] = {}
        for name, values in added.items():
            named[free_name(name, [*carried, *named])] = values
        counts = Counter({reason: count for reason, mask in reasons.items() if (count := int(mask.sum()))})
        numeric = frozenset({ROW} if isinstance(data, Arrays) else _numeric(self.model.encoder))
        return PredictedRows(carried, named, numeric, predictions, marks, counts, _crossed(predictions))

    def _carried(self, data: Table | Arrays, start: int) -> dict[str, Sequence[str]]:
        """The input columns of the result; where the input has none, the file of each row, or else its number."""
        if isinstance(data, Arrays):
            if self.columns:
                raise UsageError("arrays have no columns", where="--columns", hint="Remove it.")
            if data.names is not None:
                return {"file": data.names}
            return {ROW: [str(number) for number in range(start, start + len(data))]}
        for name in self.columns or ():
            if name not in data.columns:
                raise UsageError(f'no column "{name}"', where="--columns", hint=suggestion(name, data.columns))
        return {name: data.columns[name] for name in (data.columns if self.columns is None else self.columns)}

    def added(self, predictions: Predictions) -> dict[str, Decoded]:
        """The columns that predictions make, by name."""
        values, encoder = predictions.values, self.model.encoder
        if predictions.errors is not None:
            rebuilt = {f"reconstructed_{name}": column for name, column in self._rebuilt(predictions).items()}
            return rebuilt | {"reconstruction_error": predictions.errors}
        if encoder.target.is_number:
            return dict(_numbers(predictions, encoder.target.names))
        names = encoder.class_names or encoder.target.label_names
        if predictions.labels:
            added: dict[str, Decoded] = {"prediction": predictions.labels}
        else:
            said = is_predicted(values).astype(np.int64)
            added = {f"predicted_{name}": said[:, index] for index, name in enumerate(names)}
        if self.proba:
            for index, name in enumerate(names):
                added[f"probability_{name}"] = values[:, index]
                if predictions.spread is not None:
                    added[f"spread_{name}"] = predictions.spread[:, index]
        if predictions.entropy is not None and predictions.mutual_information is not None:
            added |= {"entropy": predictions.entropy, "mutual_information": predictions.mutual_information}
        return added

    def _disagreement(self, predictions: Predictions) -> dict[str, Decoded]:
        """How far the members of an ensemble disagree, where it is asked for: a column, or one for each number."""
        spread = predictions.disagreement
        if not self.disagreement or spread is None:
            return {}
        if spread.ndim == 1:
            return {"disagreement": spread}
        names = self.model.encoder.target.label_names or self.model.encoder.target.names
        return {f"disagreement_{name}": spread[:, index] for index, name in enumerate(names)}

    def _rebuilt(self, predictions: Predictions) -> dict[str, Decoded]:
        """The columns of a reconstruction; those of flat arrays have names too, deeper ones have no columns."""
        array = predictions.columns.get("inputs") if isinstance(self.model.encoder.inputs, ArrayInputs) else None
        if not isinstance(array, np.ndarray):
            return predictions.columns
        return {name: array[:, place] for place, name in enumerate(self.model.encoder.input_columns)}

    def arrays(self, rows: PredictedRows) -> dict[str, Array]:
        """What an NPZ file holds of them beside the carried columns."""
        flags = {} if rows.marks is None else {"flags": np.array(rows.marks, np.str_)}
        spread = rows.predictions.disagreement if self.disagreement else None
        own = {} if spread is None else {"disagreement": spread}
        return self._arrays(rows.predictions) | own | flags

    def _arrays(self, made: Predictions) -> dict[str, Array]:
        encoder = self.model.encoder
        if made.errors is not None:
            array = made.columns.get("inputs") if isinstance(encoder.inputs, ArrayInputs) else None
            if isinstance(array, np.ndarray):
                whole = {"reconstruction": array.astype(self.model.built.network.dtype)}
            else:
                whole = {f"reconstructed_{name}": _array(column) for name, column in made.columns.items()}
            return whole | {"reconstruction_error": made.errors}
        if encoder.class_names:
            arrays = {"prediction": np.array(made.labels, np.str_)}
            arrays |= {"probabilities": made.values} if self.proba else {}
            return arrays | self._of_passes(made)
        if encoder.target.label_names:
            labels = {"prediction": is_predicted(made.values).astype(np.int8)}  # (N, K)
            labels |= {"probabilities": made.values} if self.proba else {}
            return labels | self._of_passes(made)
        bounds = {"lower": made.lower, "upper": made.upper, "deviation": made.deviations, "spread": made.spread}
        arrays = {"values": made.values} | {name: array for name, array in bounds.items() if array is not None}
        if made.quantiles:
            arrays["quantiles"] = np.stack(list(made.quantiles.values()), axis=1)  # (N, Q, K)
        return arrays

    def _of_passes(self, made: Predictions) -> dict[str, Array]:
        """What several passes tell of classes and labels beside their means."""
        found = {"spread": made.spread if self.proba else None, "entropy": made.entropy}
        found["mutual_information"] = made.mutual_information
        return {name: array for name, array in found.items() if array is not None}

    def constants(self) -> dict[str, Array]:
        """What an NPZ file says of the axes of its arrays."""
        encoder = self.model.encoder
        if encoder.class_names:
            return {"classes": np.array(encoder.class_names, np.str_)} if self.proba else {}
        if encoder.target.label_names:
            return {"labels": np.array(encoder.target.label_names, np.str_)}
        if not encoder.target.is_number:
            return {}
        known = self.model.built.loss.quantiles_known()
        shares = {"quantile_shares": np.array(known)} if known else {}
        return {"targets": np.array(encoder.target.names, np.str_)} | shares

    def left_out(self) -> list[str]:
        """What a table of the predictions lacks."""
        shape = self.model.encoder.input_shape
        if not isinstance(self.model.encoder.target, InputsAgain) or len(shape) < 2:
            return []
        return [f"CSV holds only the errors of reconstructions {shape}: -o OUT.npz writes the arrays too"]


def flag_reasons(encoder: Encoder, table: Table) -> dict[str, Array]:
    """For each reason (`unseen:deck`, `missing:age`) that a model has for flags, the rows (N,) that have it.

    Empty only for models without a column that can have one.
    """
    reasons: dict[str, Array] = {}
    for column in encoder.columns:
        if column.may_flag:
            reasons[f"unseen:{column.name}"] = column.unseen(table)
            reasons[f"missing:{column.name}"] = column.missing(table)
    return reasons


def notes_of(counts: Mapping[str, int], crossed: int) -> list[str]:
    """What is to be known about some rows, in sentences."""
    notes = []
    for reason, count in counts.items():
        kind, _, name = reason.partition(":")
        if kind == NO_WINDOW:
            notes.append(f"{count} rows have no prediction: too few rows come before them in their series")
            continue
        notes.append(f"{name}: {count} cells {_SAID[kind]}")
    if crossed:
        notes.append(f"in {crossed} row{'s' * (crossed > 1)} a higher quantile is below a lower one")
    return notes


def texts(values: Decoded) -> Sequence[str]:
    """Labels as they are; of numbers the shortest texts that give back the same ones, nothing for NaN."""
    if isinstance(values, np.ndarray):
        written = list(map(repr, values.tolist())) if values.dtype == np.float64 else list(map(str, values))
        return ["" if text == "nan" else text for text in written]
    return values


def _numbers(predictions: Predictions, names: Sequence[str]) -> Iterator[tuple[str, Array]]:
    for index, name in enumerate(names):
        yield f"predicted_{name}", predictions.values[:, index]
        if predictions.lower is not None and predictions.upper is not None:
            yield f"lower_{name}", predictions.lower[:, index]
            yield f"upper_{name}", predictions.upper[:, index]
        if predictions.deviations is not None:
            yield f"deviation_{name}", predictions.deviations[:, index]
        if predictions.spread is not None:
            yield f"spread_{name}", predictions.spread[:, index]
        for share, values in predictions.quantiles.items():
            yield f"quantile_{share:g}_{name}", values[:, index]


def _crossed(predictions: Predictions) -> int:
    """The rows in which a higher quantile is below a lower one."""
    if len(predictions.quantiles) < 2:
        return 0
    stacked = np.stack(list(predictions.quantiles.values()), axis=1)
    return int((np.diff(stacked, axis=1) < 0).any(axis=(1, 2)).sum())


def _marks(reasons: dict[str, Array], rows: int) -> list[str]:
    """For each row its reasons, with `;` between them."""
    flags = [""] * rows
    for reason, mask in reasons.items():
        for row in np.flatnonzero(mask).tolist():
            flags[row] = f"{flags[row]};{reason}" if flags[row] else reason
    return flags


def _numeric(encoder: Encoder) -> Iterator[str]:
    """The columns of a table that the model reads as numbers, its targets too."""
    if encoder.columns:
        yield from (column.name for column in encoder.columns if column.is_plain_number)
    else:
        yield from encoder.input_columns
    target = encoder.inputs.target if isinstance(encoder.inputs, WindowInputs) else encoder.target
    if target.is_number:
        yield from target.names


def _array(values: Decoded) -> Array:
    return values if isinstance(values, np.ndarray) else np.array(values, np.str_)


def free_name(name: str, taken: Iterable[str]) -> str:
    """A name for a new column that the input does not have already."""
    number, free = 2, name
    while free in taken:
        free, number = f"{name}_{number}", number + 1
    return free
