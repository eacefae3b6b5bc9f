"""scratchnn compare"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scratchnn.cli.options import Json, Plugins, Quiet

if TYPE_CHECKING:
    from scratchnn.cli.console import Console
    from scratchnn.workflows.compare import CompareResult, PairedComparison

EXAMPLE = "runs/iris runs/iris-2"


def command(
    runs: Annotated[
        list[Path] | None,
        typer.Argument(metavar="RUN RUN...", help="Runs, model files or ensembles.", show_default=False),
    ] = None,
    split: Annotated[
        str | None,
        typer.Option("--split", metavar="PART", help="train, validation or test: each one's rows; test when absent."),
    ] = None,
    data: Annotated[
        Path | None, typer.Option("--data", metavar="PATH", help="A file with new rows and their targets, for all.")
    ] = None,
    targets: Annotated[
        Path | None,
        typer.Option("--targets", metavar="FILE", help="The targets of arrays in --data: an NPY or IDX file."),
    ] = None,
    confidence: Annotated[
        float | None, typer.Option("--confidence", metavar="SHARE", help="Of the intervals; 0.95 when absent.")
    ] = None,
    bootstrap: Annotated[
        int | None,
        typer.Option("--bootstrap", metavar="DRAWS", help="How often rows are drawn for them; 1000 when absent."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Where the draws start.")] = 0,
    plugins: Plugins = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Compares runs: settings, metrics with intervals, cost.

    Runs that are judged on the same rows are compared with the first one row by row: differences by the paired
    bootstrap, and a test. It is McNemar's exact test on which rows are right, for numbers a paired permutation test on
    their squared errors.
    """
    from scratchnn.cli.console import Console
    from scratchnn.workflows.compare import compare

    console = Console(as_json=as_json, quiet=quiet)
    result = compare(
        runs or [],
        split=split,
        data=data,
        targets=targets,
        confidence=confidence,
        bootstrap=bootstrap,
        seed=seed,
        plugins=plugins or (),
    )
    show(console, result)
    console.warn(result.notes)
    if as_json:
        console.json(result.to_json())
    return 0


def show(console: Console, result: CompareResult) -> None:
    """Settings, figures, comparisons, cost: a table each."""
    from scratchnn.cli.console import number
    from scratchnn.workflows.compare import COSTS

    names = [run.name for run in result.runs]
    rows = [[difference.key, *difference.texts()] for difference in result.config]
    if rows:
        console.table("settings that differ", ["", *names], rows, left=1 + len(names))
    else:
        console.say("settings: all the same", "")
    metrics = dict.fromkeys(name for run in result.runs for name in run.metrics)
    rows = []
    for metric in metrics:
        cells = []
        for run in result.runs:
            low, high = run.intervals.get(metric, (None, None))
            known = metric in run.metrics
            cells.append(f"{number(run.metrics[metric])} [{number(low)}, {number(high)}]" if known else "")
        rows.append([metric, *cells])
    rows.append(["rows", *(str(run.rows) for run in result.runs)])
    console.table(f"{result.split}, intervals of {result.confidence:g}", ["", *names], rows)
    for pair in result.comparisons:
        _compared(console, names[0], pair)
    rows = [[cost.replace("_", " "), *(_amount(run.cost[cost]) for run in result.runs)] for cost in COSTS]
    console.table("cost", ["", *names], rows)


def _compared(console: Console, first: str, pair: PairedComparison) -> None:
    from scratchnn.cli.console import number

    if pair.reason:
        console.say(f"{pair.name} against {first}: no test, {pair.reason}", "")
        return
    rows = [[name, *map(number, values)] for name, values in pair.differences.items()]
    console.table(f"{pair.name} against {first}, on the same rows", ["", "difference", "from", "to"], rows)
    if pair.test is None:
        return
    counts = ""
    if pair.test.counts:
        mine, other = pair.test.counts
        counts = f": {other} right in this one alone, {mine} in the other alone"
    adjusted = "" if pair.adjusted in (None, pair.test.p_value) else f", {pair.adjusted:.3g} for all together (Holm)"
    console.say(f"{pair.test.name} on {pair.on}{counts}; p = {pair.test.p_value:.3g}{adjusted}", "")


def _amount(value: float | None) -> str:
    """A cost for people.

    >>> _amount(1234567.0), _amount(0.1234), _amount(12.0), _amount(None)
    ('1,234,567', '0.1234', '12', '')
    """
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 or float(value).is_integer() else f"{value:.4g}"
