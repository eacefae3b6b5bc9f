"""scratchnn init"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from scratchnn.cli.options import Json

EXAMPLE = "datasets/iris.csv --target species -o iris.yaml"


def command(
    data: Annotated[Path, typer.Argument(metavar="DATA", help="A table: .csv, .tsv, ...", show_default=False)],
    target: Annotated[
        list[str],
        typer.Option("--target", "-t", metavar="COLUMN", help="The column to learn. Repeatable."),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="CONFIG", help="The config to write.")] = Path(
        "config.yaml"
    ),
    sets: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="What a column becomes: --set data.features.age=ignore. Repeatable.",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a config that is there.")] = False,
    as_json: Json = False,
) -> int:
    """Writes a good, commented config for a table."""
    import json

    from scratchnn.cli.console import Console
    from scratchnn.config.starter import flow, noteworthy
    from scratchnn.workflows.init import init

    console = Console(as_json=as_json)
    made = init(data, target, output, overrides=sets or [], force=force)
    if as_json:
        console.json(made.to_json())
        return 0
    shown = noteworthy(made.columns)
    rows = [[column.name, _settings(column.settings, flow), column.reason] for column in shown]
    if len(shown) < len(made.columns):
        rows.append([f"({len(made.columns) - len(shown)} others)", "number", ""])
    rows.append([", ".join(made.targets), f"target: {made.target.task}", made.target.reason])
    console.table(f"{data}: {made.rows:,} rows", ["column", "becomes", "because"], rows, left=3)
    if made.dialect.settings:
        style = ", ".join(f"{key} {json.dumps(value)}" for key, value in made.dialect.settings.items())
        console.say(f"read with {style}: {'; '.join(made.dialect.reasons)}")
    console.say(f"wrote {made.config}; now: scratchnn train {made.config}")
    return 0


def _settings(settings: dict[str, Any], flow: Callable[[Any], str]) -> str:
    """`number`, or `number, missing: median`."""
    kind, *others = settings.items()
    return ", ".join([str(kind[1]), *(f"{key}: {flow(value)}" for key, value in others)])
