"""scratchnn report"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scratchnn.cli.options import Json, Plugins, Quiet, Run

EXAMPLE = "runs/iris -o iris.html"


def command(
    run: Run = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Where the page goes; report.html in the run when absent."),
    ] = None,
    png: Annotated[bool, typer.Option("--png", help="Each chart as a PNG file beside the page too.")] = False,
    rows: Annotated[
        int | None,
        typer.Option("--rows", metavar="N", help="At most so many rows are judged; as time allows when absent."),
    ] = None,
    plugins: Plugins = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Writes an HTML page on a run: curves, charts, tables."""
    from scratchnn.cli.console import Console
    from scratchnn.workflows.report import report

    console = Console(as_json=as_json, quiet=quiet)
    made = report(run, output=output, png=png, rows=rows, plugins=plugins or ())
    console.warn(made.notes)
    images = f" and {len(made.images)} PNG files" if made.images else ""
    console.say(f"wrote {made.output}{images}: {len(made.charts)} charts, {made.size / 1024:,.0f} KiB")
    if as_json:
        console.json(made.to_json())
    return 0
