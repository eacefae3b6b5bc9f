"""What the models of a cross-validation say of the rows that they were not trained on."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from scratchnn.data.columns import Decoded
from scratchnn.data.encoder import Encoder
from scratchnn.data.large_tables import is_large
from scratchnn.data.preparation import Part, read_parts
from scratchnn.data.tables import Arrays, Table, in_order
from scratchnn.data.targets import InputsAgain
from scratchnn.data.window_inputs import WindowInputs
from scratchnn.nn.memory import Array
from scratchnn.nn.metrics import Metric, Scored, ScoredSteps
from scratchnn.training.storage import write_atomically
from scratchnn.workflows.baselines import single_figures
from scratchnn.workflows.building import resolve_metrics
from scratchnn.workflows.configs import LoadedConfig
from scratchnn.workflows.judged_rows import own_parts
from scratchnn.workflows.model import load_model
from scratchnn.workflows.prediction_files import guarded
from scratchnn.workflows.prediction_rows import Predictor, free_name, texts
from scratchnn.workflows.threads import choose_threads, computing

PLACES = ("row", "repeat", "fold")


@dataclass(frozen=True)
class OutOfFold:
    """The test rows of one fold, judged by its model.

    `rows` (N,) are their numbers in the source, from 0 (of windows that of the first row); `truth` the targets and
    `said` the predictions, column by column. `metrics` are those of the config.
    """

    repeat: int
    fold: int
    rows: Array
    truth: Mapping[str, Decoded]
    said: Mapping[str, Decoded]
    scored: Scored
    metrics: Sequence[Metric]


RawRows = Callable[[], Table | Arrays | None]
"""Gives the rows of the source as they stand there, None where they are too many to be held."""


def raw_rows(loaded: LoadedConfig) -> RawRows:
    """Those of a config, read when they are asked for, and only once."""

    @cache
    def read() -> Table | Arrays | None:
        settings = loaded.config.data
        if is_large(settings, loaded.base):
            return None
        rows = read_parts(settings.source, loaded.base)["train"]
        return rows if isinstance(rows, Table | Arrays) else None

    return read


def judge_fold(
    run: Path, repeat: int, fold: int, raw: RawRows = lambda: None, plugins: Iterable[Path] = ()
) -> OutOfFold:
    """Predicts the test rows of a run. Raises `DataError` where they are others than the training was judged on.

    Numbers to learn are written as `raw` has them; without it as the scaled ones tell, which may be rounded.
    """
    plugins = tuple(plugins)
    model = load_model(run, plugins)
    part = own_parts(model, {"test"}, plugins)["test"]
    network, metrics = model.built.network, resolve_metrics(model.config, model.built)
    evaluator = model.evaluator(metrics)
    with computing(choose_threads(model.config, network, network.predict_rows)):
        _, scored = evaluator.judged(part)
    said: Mapping[str, Decoded] = {}
    target = model.encoder.target
    if not isinstance(scored, ScoredSteps):
        made = model.predict_encoded(part.inputs, part.rows)
        said = Predictor(model, proba=bool(target.class_names or target.label_names)).added(made)
    return OutOfFold(repeat, fold, part.rows, _truth(model.encoder, part, raw), said, scored, metrics)


def pooled_figures(judged: Sequence[OutOfFold]) -> tuple[dict[str, float], list[str]]:
    """The metrics over all out-of-fold rows together, the mean where there are several repeats, and notes on them.

    A metric that is no mean over rows, such as an area under a curve, then compares rows of different folds with each
    other, and so different models. Texts and reconstructions have none: their folds have no units in common.
    """
    first = judged[0].scored
    if isinstance(first, ScoredSteps) or first.pooled:
        return {}, []
    found: dict[str, list[float]] = {}
    notes: list[str] = []
    for repeat in dict.fromkeys(one.repeat for one in judged):
        together = _together([one.scored for one in judged if one.repeat == repeat])
        for name, value in single_figures(judged[0].metrics, together).items():
            found.setdefault(name, []).append(value)
        notes += [note for note in together.notes if note not in notes]
    return {name: float(np.mean(values)) for name, values in found.items()}, notes


def write_out_of_fold(path: Path, judged: Sequence[OutOfFold]) -> int:
    """Writes CSV: row, repeat, fold, targets, predictions; ascending by repeat and row. How many rows there are.

    Texts that a spreadsheet would run as formulas get an apostrophe before them, as in `scratchnn predict`.
    """
    named = [*judged[0].truth, *judged[0].said]
    header: list[str] = list(PLACES)
    for name in named:
        header.append(free_name(name, header))
    lines: list[tuple[int, int, Sequence[str]]] = []
    for one in judged:
        columns = [
            texts(values) if isinstance(values, np.ndarray) else guarded(values)
            for values in [*one.truth.values(), *one.said.values()]
        ]
        for row, *cells in zip(one.rows.tolist(), *columns, strict=True):
            lines.append((one.repeat, row, [str(row), str(one.repeat), str(one.fold), *cells]))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(guarded(header))
    writer.writerows(cells for _, _, cells in sorted(lines, key=lambda line: line[:2]))
    write_atomically(path, text.getvalue().encode())
    return len(lines)


def _truth(encoder: Encoder, part: Part, raw: RawRows) -> dict[str, Decoded]:
    """The targets as columns, as the data would hold them; none where inputs are learned."""
    target = encoder.target
    if isinstance(target, InputsAgain):
        return {}
    if target.class_names:
        return {target.names[0]: [target.class_names[place] for place in part.targets.tolist()]}
    if target.label_names:
        if words := target.words(part.targets):
            return {target.names[0]: words}
        return dict(zip(target.names, part.targets.astype(np.int64).T, strict=True))
    rows = raw() if target.is_number and not isinstance(encoder.inputs, WindowInputs) else None
    if isinstance(rows, Table):
        return {name: [rows.columns[name][row] for row in part.rows.tolist()] for name in target.names}
    if rows is not None:
        values = target.as_in_data(rows.take(part.rows))
        if values is not None:
            return dict(zip(target.names, values.T, strict=True))
    if target.is_number:
        return dict(zip(target.names, target.decode(part.targets).T, strict=True))
    return {}


def _together(scored: Sequence[Scored]) -> Scored:
    """All of these rows as one; a class that a fold's training did not have gets the probability 0 from it."""
    names = list(scored[0].classes)  # in an order that may have been given
    if any(list(one.classes) != names for one in scored):
        names = in_order(sorted({name for one in scored for name in one.classes}))
    made = [one if list(one.classes) == names else _among(one, names) for one in scored]
    weights = None
    if any(one.weights is not None for one in made):
        weights = np.concatenate([np.ones(len(one.targets)) if one.weights is None else one.weights for one in made])
    quantiles = None
    if made[0].quantiles is not None:

        def quantiles(share: float) -> Array:
            return np.concatenate([one.quantile(share) for one in made])

    changed: dict[str, Any] = {
        "targets": np.concatenate([one.targets for one in made]),
        "predictions": np.concatenate([one.predictions for one in made]),
        "weights": weights,
        "classes": tuple(names),
        "quantiles": quantiles,
        "notes": [],
        "_made": {},
    }
    return replace(made[0], **changed)


def _among(scored: Scored, names: Sequence[str]) -> Scored:
    """The same among more classes."""
    places = np.array([names.index(name) for name in scored.classes])
    predictions = np.zeros((len(scored.predictions), len(names)), scored.predictions.dtype)
    predictions[:, places] = scored.predictions
    targets = scored.targets
    if targets.ndim == 1:
        targets = places[targets]
    else:  # labels
        targets = np.zeros(predictions.shape, scored.targets.dtype)
        targets[:, places] = scored.targets
    return replace(scored, targets=targets, predictions=predictions, classes=tuple(names), notes=[], _made={})
