"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ConfigFile = Annotated[Path, typer.Argument(metavar="CONFIG", help="A config in YAML.", show_default=False)]
Run = Annotated[
    Path | None,
    typer.Argument(metavar="RUN", help="A run directory or model file; the newest run when absent."),
]
Sets = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Overrides one value: --set training.epochs=5. Repeatable."),
]
Junit = Annotated[
    Path | None,
    typer.Option("--junit", metavar="FILE", help="Writes what the requirements came to as JUnit XML."),
]
StepSummary = Annotated[
    Path | None,
    typer.Option(
        "--step-summary",
        metavar="[FILE]",
        help="Adds a summary in Markdown to a file; to that of the GitHub job when bare.",
    ),
]
Plugins = Annotated[
    list[Path] | None,
    typer.Option("--plugin", metavar="FILE", help="A Python file with components of your own. Repeatable."),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout, nothing else there.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no summary.")]
Jobs = Annotated[
    int,
    typer.Option("--jobs", metavar="N", help="Trainings side by side, each in a process; the results are the same."),
]
