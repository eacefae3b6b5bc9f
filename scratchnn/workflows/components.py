"""What `scratchnn list` and `scratchnn schema` do: every component with its fields, and the JSON Schema of a config."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic.fields import FieldInfo

from scratchnn.component import Component, families, load_plugin
from scratchnn.config.describe import describe
from scratchnn.config.dump import plain
from scratchnn.config.schema import Config
from scratchnn.errors import UsageError, suggestion


@dataclass(frozen=True)
class FieldEntry:
    """One field of a component. `default` is its text in YAML; `required` ones have none."""

    name: str
    kind: str
    required: bool
    default: object
    meaning: str


@dataclass(frozen=True)
class Entry:
    """One component."""

    family: str
    tag: str
    meaning: str
    fields: list[FieldEntry]

    def to_json(self) -> dict[str, Any]:
        """The object in machine output."""
        return {
            "family": self.family,
            "type": self.tag,
            "meaning": self.meaning,
            "fields": [
                {"name": field.name, "kind": field.kind, "required": field.required, "meaning": field.meaning}
                | ({} if field.required else {"default": field.default})
                for field in self.fields
            ],
        }


def list_components(family: str | None = None, plugins: Iterable[str | Path] = ()) -> list[Entry]:
    """Every component of a family (its name in singular or plural), or of all. Raises `UsageError`."""
    for plugin in plugins:
        load_plugin(Path(plugin))
    chosen = dict(families())
    if family is not None:
        by_name = {name: name for name in chosen} | {plural(name): name for name in chosen}
        if family not in by_name:
            raise UsageError(f'no family "{family}"', hint=suggestion(family, map(plural, chosen)))
        chosen = {by_name[family]: chosen[by_name[family]]}
    return [_entry(name, member) for name, base in chosen.items() for member in base.members().values()]


def config_schema(plugins: Iterable[str | Path] = ()) -> dict[str, Any]:
    """The JSON Schema of a config, for editors."""
    for plugin in plugins:
        load_plugin(Path(plugin))
    made = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return made | Config.model_json_schema()


def plural(family: str) -> str:
    """The name of a family in plural.

    >>> plural("loss"), plural("layer")
    ('losses', 'layers')
    """
    return f"{family}es" if family.endswith("s") else f"{family}s"


def _entry(family: str, member: type[Component]) -> Entry:
    fields = [_field(name, info) for name, info in member.model_fields.items() if name != "type"]
    return Entry(family, member.tag(), member.meaning(), fields)


def _field(name: str, info: FieldInfo) -> FieldEntry:
    required = info.is_required()
    default = None if required else plain(info.get_default(call_default_factory=True))
    kind = describe(Annotated[info.annotation, info])
    return FieldEntry(name, kind, required, default, info.description or "")
