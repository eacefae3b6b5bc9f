"""The figures of a model on each group of the rows, by the values of a column."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from scratchnn.data.groups import groups_of
from scratchnn.data.tables import Array, Table
from scratchnn.errors import DataError, UsageError
from scratchnn.nn.metrics import Metric, Scored

FEW_ROWS = 10  # below them one row more or less moves a share by more than a tenth


@dataclass(frozen=True)
class Group:
    """The rows of one value, and the metrics on them that are single numbers; NaN where one has no value.

    `notes` tell what they had to assume.
    """

    rows: int
    metrics: dict[str, float]
    notes: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """The object in machine output."""
        return {"rows": self.rows, "metrics": self.metrics} | ({"notes": self.notes} if self.notes else {})


@dataclass(frozen=True)
class Grouped:
    """The groups by one column. `worst` names the one in which the `metric` is worst, None where none can be told."""

    groups: dict[str, Group]
    metric: str | None
    worst: str | None


def check_by(by: Sequence[str]) -> None:
    """Raises `UsageError` for a column that is named twice, or not at all."""
    for place, name in enumerate(by):
        if not name:
            raise UsageError("names no column", where="--by", hint="Write --by COLUMN.")
        if name in by[:place]:
            raise UsageError("is given twice", where=f"--by {name}", hint="Give each column once.")


def group_figures(
    table: Table,
    by: Sequence[str],
    scored: Scored,
    metrics: Sequence[Metric],
    main: Sequence[Metric],
    mean_loss: Callable[[Array], float] | None,
) -> dict[str, Grouped]:
    """The loss and the metrics of each group of the rows of a table, for each column of `by`.

    `mean_loss` gives the loss of rows by their places, None where there is none. The worst group is told by the first
    of the `main` metrics of which it is known which end is good.
    """
    single = [metric for metric in metrics if metric.scalar]
    telling = next((one for one in main if one.scalar and one.higher_is_better is not None), None)
    made = {}
    for name in by:
        groups = {}
        for value, rows in groups_of(table, name).items():
            groups[value] = _group(scored, rows, single, mean_loss)
        made[name] = Grouped(groups, telling.name if telling else None, _worst(groups, telling))
    return made


def _group(scored: Scored, rows: Array, metrics: Sequence[Metric], mean_loss: Callable[[Array], float] | None) -> Group:
    figures: dict[str, float] = {} if mean_loss is None else {"loss": mean_loss(rows)}
    try:
        own = scored.taken(rows)
    except DataError as error:  # only rows of weight 0
        none = dict.fromkeys([*figures, *(metric.name for metric in metrics)], math.nan)
        return Group(len(rows), none, [error.message])
    for metric in metrics:
        try:
            figures[metric.name] = cast("float", metric.compute(own))
        except DataError as error:
            figures[metric.name] = math.nan
            own.note(f"{metric.name} has no value: {error.message}")
    for name, value in figures.items():
        if math.isnan(value) and not any(name in note for note in own.notes):
            own.note(f"{name} has no value on these rows")
    return Group(len(rows), figures, list(own.notes))


def _worst(groups: Mapping[str, Group], metric: Metric | None) -> str | None:
    """The name of the worst of two groups or more that differ."""
    if metric is None:
        return None
    known = {name: group.metrics[metric.name] for name, group in groups.items()}
    known = {name: value for name, value in known.items() if not math.isnan(value)}
    if len(set(known.values())) < 2:
        return None
    return min(known, key=lambda name: known[name] if metric.higher_is_better else -known[name])


def group_notes(grouped: Mapping[str, Grouped], most: int = 3) -> list[str]:
    """What is to be told of the groups, the first few of many."""
    notes = []
    for column, one in grouped.items():
        if len(one.groups) == 1:
            notes.append(f'all rows are of one group by {column}: "{next(iter(one.groups))}"')
        if one.worst is not None and (rows := one.groups[one.worst].rows) < FEW_ROWS:
            few = f"{rows} row{'s' * (rows > 1)}"
            notes.append(f'{column}: "{one.worst}", where {one.metric} is worst, has {few}, too few to tell much')
    told = [
        f"{column}={value}: {note}"
        for column, one in grouped.items()
        for value, g in one.groups.items()
        for note in g.notes
    ]
    notes += told[:most]
    more = len(told) - most
    if more > 0:
        notes.append(f"{more} more note{'s' * (more > 1)} on single groups, which --json tells")
    return notes


def groups_json(grouped: Mapping[str, Grouped]) -> dict[str, Any]:
    """What machine output holds of the groups."""
    groups = {
        column: {value: group.to_json() for value, group in one.groups.items()} for column, one in grouped.items()
    }
    worst = {
        column: {"metric": one.metric, "group": one.worst, "rows": one.groups[one.worst].rows}
        for column, one in grouped.items()
        if one.worst is not None
    }
    return {"groups": groups, "worst_groups": worst}
