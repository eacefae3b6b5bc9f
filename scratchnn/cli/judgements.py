"""The tables of `scratchnn evaluate` beside those of the metrics: adjustments, groups and importance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scratchnn.cli.console import number

if TYPE_CHECKING:
    from scratchnn.cli.console import Console
    from scratchnn.workflows.adjusting import Adjusted
    from scratchnn.workflows.evaluate import EvaluateResult
    from scratchnn.workflows.importances import Importances

BAR = 30
MOST_COLUMNS = 20  # whose importance is shown, the highest first
TELLING = ("precision", "recall", "f1", "balanced_accuracy", "matthews_corrcoef")  # of what a threshold changes


def show(console: Console, result: EvaluateResult) -> None:
    """All that a result holds."""
    title = f"{result.model}, {result.rows} rows"
    each = {"members' mean": {name: spread.mean for name, spread in result.members.items()}} if result.members else {}
    beside = {**each, **result.baselines}
    parts = {result.split: result.metrics}
    console.figures(title, parts, result.classes, result.intervals, beside, unit=result.unit)
    if result.adjusted is not None:
        _adjusted(console, result, result.adjusted)
    _groups(console, result)
    if result.importance is not None:
        _importance(console, result.importance, result.split)


def _adjusted(console: Console, result: EvaluateResult, found: Adjusted) -> None:
    """What was found on the validation rows, or lies in the model file."""
    from scratchnn.workflows.adjusting import changed

    adjustment, split = found.adjustment, result.split
    if found.temperature is not None:
        title = f"temperature {adjustment.temperature:.4g}, fitted on {found.rows} validation rows"
        rows = [[name, number(before), number(after)] for name, (before, after) in found.calibrated.items()]
        console.table(title, [split, "without it", "with it"], rows)
    elif adjustment.temperature != 1:
        console.say(f"with the temperature {adjustment.temperature:.4g} of the model file")
    if found.chosen is not None and adjustment.threshold is not None:
        chosen = found.chosen
        at = f"{chosen.threshold:.4g}"
        console.say(
            f"threshold {at}, chosen on {found.rows} validation rows for {chosen.goal.title}: there "
            f"{number(chosen.value)}, at 0.5 {number(chosen.value_at_half)}; the same from {chosen.lower:.4g} to "
            f"{chosen.upper:.4g}"
        )
        telling = {*result.main, *TELLING}
        rows = [
            [name, number(found.at_half[name]), number(result.metrics[name])]
            for name in changed(found.at_half, result.metrics)
            if name in telling
        ]
        if rows:
            console.table("", [split, "at 0.5", f"at {at}"], rows)
        else:
            console.say(f"{split}: the same classes are called as at 0.5", "")
    elif adjustment.threshold is not None:
        console.say(f"{result.classes[1]} is called where its probability is above {adjustment.threshold:.4g}", "")
    if found.saved:
        console.say(f"wrote {result.model}", "")


def _groups(console: Console, result: EvaluateResult) -> None:
    for column, grouped in result.groups.items():
        names = list(dict.fromkeys([*result.main, *([grouped.metric] if grouped.metric else [])])) or ["loss"]
        rows, known = [], grouped.worst is not None  # the empty text is a group as well
        for value, group in grouped.groups.items():
            mark = [f"<- worst {grouped.metric}" if value == grouped.worst else ""] if known else []
            figures = (number(group.metrics[name]) for name in names)
            rows.append([_short(value), str(group.rows), *figures, *mark])
        console.table(f"{result.split}: by {column}", [column, "rows", *names, *([""] if known else [])], rows)


def _short(text: str, most: int = 40) -> str:
    """On one line, and cut where it is long."""
    text = " ".join(text.split())
    return text if len(text) <= most else f"{text[: most - 3]}..."


def _importance(console: Console, found: Importances, split: str) -> None:
    """The columns with bars, as long as their share of the highest."""
    title = (
        f"{split}: how much worse {found.metric} ({number(found.figure)}) gets when a column is permuted, "
        f"mean of {found.repeats}"
    )
    highest = max((one.mean for one in found.columns), default=0.0)
    rows = []
    for one in found.columns[:MOST_COLUMNS]:
        length = round(BAR * one.mean / highest) if highest > 0 and one.mean > 0 else 0
        rows.append([_short(one.name), number(one.mean), number(one.deviation), console.bar(length).ljust(BAR)])
    if len(found.columns) > MOST_COLUMNS:
        rows.append([f"and {len(found.columns) - MOST_COLUMNS} more, which --json tells", "", "", ""])
    console.table(title, ["column", "mean", "deviation", ""], rows)
