"""scratchnn validate"""

from __future__ import annotations

from typing import Annotated

import typer

from scratchnn.cli.options import ConfigFile, Json, Plugins, Quiet, Sets

EXAMPLE = "configs/iris.yaml"


def command(
    config: ConfigFile,
    sets: Sets = None,
    config_only: Annotated[bool, typer.Option("--config-only", help="Does not read the data.")] = False,
    plugins: Plugins = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Checks a config, and that its data fits it. Every fault is told at once, with its place and its mend."""
    from scratchnn.cli.console import Console
    from scratchnn.cli.progress import introduce
    from scratchnn.workflows.inspect import validate

    console = Console(as_json=as_json, quiet=quiet)
    ready = validate(config, sets or (), plugins or (), data=not config_only)
    console.say(f"{config}: valid" if ready is None else f"{config}: valid; {introduce(ready)}")
    console.warn(() if ready is None else ready.notes)
    if as_json:
        console.json({"valid": True} | ({} if ready is None else ready.to_json()))
    return 0
