"""scratchnn evaluate"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scratchnn.cli.options import Json, Plugins, Quiet, Run

EXAMPLE = "runs/iris --require 'accuracy>=0.9'"


def command(
    run: Run = None,
    data: Annotated[
        Path | None, typer.Option("--data", metavar="PATH", help="A file with new rows and their targets.")
    ] = None,
    split: Annotated[
        str | None,
        typer.Option("--split", metavar="PART", help="train, validation or test: its own rows; test when absent."),
    ] = None,
    require: Annotated[
        list[str] | None,
        typer.Option("--require", metavar="CONDITION", help="Exit 8 unless met: 'accuracy>=0.9'. Repeatable."),
    ] = None,
    confidence: Annotated[
        float | None,
        typer.Option("--confidence", metavar="SHARE", help="An interval of each metric, of this confidence: 0.95."),
    ] = None,
    bootstrap: Annotated[
        int | None,
        typer.Option("--bootstrap", metavar="DRAWS", help="How often the rows are drawn for it; 1000 when absent."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="N", help="Where the draws start; the config's seed when absent.")
    ] = None,
    baseline: Annotated[
        str,
        typer.Option(
            "--baseline",
            metavar="KIND",
            help="What stands beside: constant (the most frequent class, or the mean), linear (a linear model too, "
            "fitted on the run's training rows) or none.",
        ),
    ] = "constant",
    plugins: Plugins = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Measures a trained model on a split of its data or on new data."""
    from scratchnn.cli.console import Console
    from scratchnn.cli.verdicts import conclude, judge
    from scratchnn.workflows.evaluate import evaluate

    console = Console(as_json=as_json, quiet=quiet)
    result = evaluate(
        run,
        data=data,
        split=split,
        require=require or (),
        plugins=plugins or (),
        confidence=confidence,
        bootstrap=bootstrap,
        seed=seed,
        baseline=baseline,
    )
    title = f"{result.model}, {result.rows} rows"
    each = {"members' mean": {name: spread.mean for name, spread in result.members.items()}} if result.members else {}
    beside = {**each, **result.baselines}
    console.figures(title, {result.split: result.metrics}, result.classes, result.intervals, beside)
    console.warn(result.notes)
    return conclude(console, result.to_json(), judge(console, result.requirements))
