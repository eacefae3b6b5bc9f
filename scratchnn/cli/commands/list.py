"""scratchnn list"""

from __future__ import annotations

import json
import shutil
import textwrap
from typing import TYPE_CHECKING, Annotated

import typer

from scratchnn.cli.options import Json, Plugins

if TYPE_CHECKING:
    from scratchnn.workflows.components import Entry, FieldEntry

EXAMPLE = "layers"


def command(
    family: Annotated[
        str | None, typer.Argument(metavar="FAMILY", help="layers, losses, optimizers, ...; all when absent.")
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
    width = min(100, shutil.get_terminal_size((100, 0)).columns)
    lines: list[str] = []
    for name in dict.fromkeys(entry.family for entry in entries):
        members = [entry for entry in entries if entry.family == name]
        names = [field.name for entry in members for field in entry.fields]
        defaults = [_default(field) for entry in members for field in entry.fields]
        columns = max(map(len, names), default=0), min(24, max(map(len, defaults), default=0))
        lines += [plural(name).upper().replace("_", " "), ""]
        for entry in members:
            lines += [*_wrapped(f"{entry.tag}  ", entry.meaning, width, indent=4), *_fields(entry, columns, width), ""]
    console.text("\n".join(lines[:-1]) + "\n")
    return 0


def _fields(entry: Entry, columns: tuple[int, int], width: int) -> list[str]:
    """A line or more for each field: its name, its default, what it means and takes."""
    name_width, default_width = columns
    lines = []
    for field in entry.fields:
        start = f"    {field.name.ljust(name_width)}  {_default(field).ljust(default_width)}  "
        meaning = f"{field.meaning} ({field.kind})".strip()
        lines += _wrapped(start, meaning, width, indent=8 + name_width + default_width)
    return lines


def _wrapped(start: str, text: str, width: int, *, indent: int) -> list[str]:
    """A text after its start, in lines of at most `width` where the indent leaves room for it."""
    lines = textwrap.wrap(
        text, max(width, indent + 24), initial_indent=start, subsequent_indent=" " * indent, break_long_words=False
    )
    return lines or [start.rstrip()]


def _default(field: FieldEntry) -> str:
    """The default as a config would write it."""
    if field.required:
        return "required"
    default = field.default
    return default if isinstance(default, str) else json.dumps(default)
