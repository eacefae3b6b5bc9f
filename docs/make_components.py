"""Writes docs/components.md from the classes. Run it after adding a component: python docs/make_components.py"""

from __future__ import annotations

import inspect
import sys
from pathlib import Path

from scratchnn.component import Component, families
from scratchnn.workflows.components import Entry, list_components, plural

TARGET = Path(__file__).parent / "components.md"
HEAD = """# Components

Everything that a config can name, by family. This page is written by `docs/make_components.py` from the classes;
`scratchnn list FAMILY` prints the same. A component whose fields all have defaults may be written as its bare tag.
"""


def page() -> str:
    """The whole page."""
    entries = list_components()
    names = list(dict.fromkeys(entry.family for entry in entries))
    contents = [f"- [{plural(name)}](#{plural(name)}): {_tags(entries, name)}" for name in names]
    parts = [HEAD, "\n".join(contents) + "\n"]
    for name in names:
        parts.append(f"## {plural(name)}\n")
        parts += [_section(entry) for entry in entries if entry.family == name]
    return "\n".join(parts)


def _tags(entries: list[Entry], family: str) -> str:
    return ", ".join(f"`{entry.tag}`" for entry in entries if entry.family == family)


def _section(entry: Entry) -> str:
    member: type[Component] = families()[entry.family].members()[entry.tag]
    lines = [f"### {entry.tag}", "", inspect.cleandoc(member.__doc__ or "").replace("*", r"\*"), ""]
    if entry.fields:
        lines += ["| field | value | default | meaning |", "|---|---|---|---|"]
        for field in entry.fields:
            default = "required" if field.required else f"`{_yaml(field.default)}`"
            lines.append(f"| `{field.name}` | {_cell(field.kind)} | {default} | {_cell(field.meaning)} |")
        lines.append("")
    return "\n".join(lines)


def _yaml(value: object) -> str:
    """A default as one would write it in a config: a component with all defaults as its tag."""
    if isinstance(value, dict) and "type" in value:
        rest = {name: inner for name, inner in value.items() if name != "type"}
        return str(value["type"]) if not rest else "{" + ", ".join(f"{k}: {_yaml(v)}" for k, v in value.items()) + "}"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def _cell(text: str) -> str:
    return text.replace("|", r"\|").replace("\n", " ")


if __name__ == "__main__":
    Path(sys.argv[1] if len(sys.argv) > 1 else TARGET).write_text(page(), encoding="utf-8")
