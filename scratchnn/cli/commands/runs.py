"""scratchnn runs"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scratchnn.cli.options import Json, Quiet

EXAMPLE = "--sort value --limit 10"


def command(
    folder: Annotated[
        Path | None, typer.Argument(metavar="[FOLDER]", help="Where the runs are; runs/ when absent.")
    ] = None,
    sort: Annotated[
        str,
        typer.Option(
            "--sort",
            metavar="COLUMN",
            help="started, name, status, value, epochs, parameters or seconds: largest first.",
        ),
    ] = "started",
    limit: Annotated[
        int | None, typer.Option("--limit", metavar="N", help="How many to show; all when absent.")
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Lists runs, newest first, each with its headline.

    The headline is the first metric of the config on the test rows, of a cross-validation its mean, of a search what it
    is for. To list the members of an ensemble, the folds of a cross-validation or the trials of a search name its
    directory.
    """
    from scratchnn.cli.console import Console, number
    from scratchnn.workflows.runs import runs

    console = Console(as_json=as_json, quiet=quiet)
    result = runs(folder, sort=sort, limit=limit)
    rows = []
    for row in result.rows:
        what = row.status.replace("_", " ") + (f" ({row.kind})" if row.kind != "run" else "")
        when = f"{row.started.astimezone():%Y-%m-%d %H:%M}"
        amounts = ["" if value is None else f"{value:,}" for value in (row.epochs, row.parameters)]
        seconds = "" if row.seconds is None else f"{row.seconds:.2f}"
        rows.append([row.name, what, when, row.headline, number(row.value), *amounts, seconds])
    header = ["", "status", "started", "headline", "value", "epochs", "parameters", "seconds"]
    if rows:
        console.table(f"{result.folder}/", header, rows, left=4)
    else:
        console.say(f"{result.folder}/ holds no runs")
    if result.count > len(result.rows):
        console.say(f"and {result.count - len(result.rows)} more")
    console.warn(f"{row.path}: damaged: {row.note}" for row in result.rows if row.note)
    if as_json:
        console.json(result.to_json())
    return 0
