"""How much worse a model does when a column tells it nothing: permutation importance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from scratchnn.data.preparation import Part
from scratchnn.data.samples import Inputs, rows_at_once
from scratchnn.nn.memory import Array
from scratchnn.nn.metrics import Metric
from scratchnn.training.evaluation import Evaluator


@dataclass(frozen=True)
class Importance:
    """How much worse a figure is when a column is permuted: `losses` for each repeat, positive where it is worse."""

    name: str
    losses: tuple[float, ...]

    @property
    def mean(self) -> float:
        """The mean of the repeats; NaN where one of them has no value."""
        return float(np.mean(self.losses))

    @property
    def deviation(self) -> float:
        """Their standard deviation (of n, as scikit-learn)."""
        return float(np.std(self.losses))


class PermutedRows:
    """Inputs (N, F) or (N, T, F) whose columns side by side come from other samples; made a slice at a time."""

    def __init__(self, inputs: Inputs, columns: slice, values: Array, order: Array) -> None:
        self._inputs = inputs
        self._columns = columns
        self._values = values
        self._order = order

    def __len__(self) -> int:
        return len(self._inputs)

    def __getitem__(self, rows: slice, /) -> Array:
        made = np.array(self._inputs[rows])
        made[..., self._columns] = self._values[self._order[rows]]
        return made


def permutation_importance(
    evaluator: Evaluator,
    part: Part,
    metric: Metric | None,
    columns: Mapping[str, slice],
    repeats: int,
    rng: np.random.Generator,
) -> tuple[float, list[Importance]]:
    """The figure of the rows as they are, and for each column how much worse it gets; the most important first.

    The inputs (N, F) of a column, all that it fills, are shuffled among the rows, its targets and weights stay (of
    windows (N, T, F) all its steps together):
    importance = figure - permuted figure where a high figure is good, else permuted - figure. All columns see the same
    `repeats` permutations, so that a column's importance does not depend on which others there are; one that the model
    ignores has 0 exactly. Columns that tell the same stand in for each other, so both may seem to matter little. The
    metric is the loss where None. Beside a column's inputs and the outputs nothing of the size of the part is held.
    Source: Breiman 2001, Fisher, Rudin and Dominici 2019.
    """
    orders = [rng.permutation(len(part)) for _ in range(repeats)]
    whole = _figure(evaluator, part, metric, part.inputs)
    sign = 1.0 if metric is not None and metric.higher_is_better else -1.0
    found = []
    for name, place in columns.items():
        values = _column(part.inputs, place)
        if (values == values[:1]).all():
            found.append(Importance(name, (0.0,) * repeats))
            continue
        permuted = [
            _figure(evaluator, part, metric, PermutedRows(part.inputs, place, values, order)) for order in orders
        ]
        found.append(Importance(name, tuple(sign * (whole - figure) + 0.0 for figure in permuted)))
    return whole, sorted(found, key=lambda one: -np.nan_to_num(one.mean, nan=-np.inf))


def _figure(evaluator: Evaluator, part: Part, metric: Metric | None, inputs: Inputs | PermutedRows) -> float:
    outputs = evaluator.outputs(inputs)
    if metric is None:
        return evaluator.mean_loss(outputs, part.targets, part.weights)
    figure = metric.compute(evaluator.scored(outputs, part))
    if not isinstance(figure, float):
        raise TypeError(f"{metric.name} is no single number")
    return figure


def _column(inputs: Inputs, place: slice) -> Array:
    """The inputs of one column (N, width) or (N, T, width), as a new array."""
    return np.concatenate([block[..., place] for block in _blocks(inputs)])


def _blocks(inputs: Inputs) -> Iterator[Array]:
    step = rows_at_once(inputs)
    for start in range(0, len(inputs), step):
        yield inputs[start : start + step]
