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
    plugins: Plugins = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Measures a trained model on a split of its data or on new data."""
    from scratchnn.cli.console import Console
    from scratchnn.cli.verdicts import conclude, judge
    from scratchnn.workflows.evaluate import evaluate

    console = Console(as_json=as_json, quiet=quiet)
    result = evaluate(run, data=data, split=split, require=require or (), plugins=plugins or ())
    console.figures(f"{result.model}, {result.rows} rows", {result.split: result.metrics}, result.classes)
    console.warn(result.notes)
    return conclude(console, result.to_json(), judge(console, result.requirements))
