"""scratchnn list"""

from __future__ import annotations

from typing import Annotated

import typer

from scratchnn.cli.options import Json, Plugins


def command(
    family: Annotated[
        str | None, typer.Argument(metavar="[FAMILY]", help="layers, losses, optimizers, ...; all when absent.")
    ] = None,
    plugins: Plugins = None,
    as_json: Json = False,
) -> int:
    """Lists the components with their fields."""
    from scratchnn.cli.console import Console
    from scratchnn.workflows.components import list_components, plural

    console = Console(as_json=as_json)
    entries = list_components(family, plugins or ())
    if as_json:
        console.json({"components": [entry.to_json() for entry in entries]})
        return 0
    for name in dict.fromkeys(entry.family for entry in entries):
        lines = []
        for entry in entries:
            if entry.family != name:
                continue
            lines += [entry.tag, f"    {entry.meaning}"]
            for field in entry.fields:
                value = "required" if field.required else f"default {_text(field.default)}"
                lines.append(f"      {field.name}: {field.kind}, {value}. {field.meaning}")
        console.say(plural(name).upper(), *lines, "")
    return 0


def _text(default: object) -> str:
    import json

    return json.dumps(default)
