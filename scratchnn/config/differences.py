"""Where several settings differ, key path by key path."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from scratchnn.config.annotations import keys_of
from scratchnn.config.dump import plain
from scratchnn.config.key_path import KeyPath, format_key_path


class Absent:
    """The value of what is not there."""


ABSENT = Absent()


@dataclass(frozen=True)
class Difference:
    """A key path, and what each of the settings has there; `ABSENT` where it has nothing."""

    path: KeyPath
    values: Sequence[Any]

    @property
    def key(self) -> str:
        """The path as it is written."""
        return format_key_path(self.path)

    def texts(self) -> list[str]:
        """Each value in a line: of a component its type, and the fields that are not as by default."""
        return ["" if value is ABSENT else _text(value) for value in self.values]

    def to_json(self) -> dict[str, Any]:
        """The object in machine output: null where there is nothing."""
        return {"key": self.key, "values": [None if value is ABSENT else plain(value) for value in self.values]}


def differences(settings: Sequence[BaseModel], path: KeyPath = ()) -> list[Difference]:
    """Every place where these settings, of one class, are not all equal, in the order of the class's fields.

    Components of one type, and lists, are compared inside; components of other types as a whole.
    """
    return list(_walk(settings, path))


def _walk(values: Sequence[Any], path: KeyPath) -> Iterator[Difference]:
    if all(value is not ABSENT and value == values[0] and type(value) is type(values[0]) for value in values):
        return
    if all(isinstance(value, BaseModel) and type(value) is type(values[0]) for value in values):
        kind = type(values[0])
        for key, name in zip(keys_of(kind), kind.model_fields, strict=True):
            yield from _walk([getattr(value, name) for value in values], (*path, key))
    elif all(isinstance(value, list) for value in values):
        for index in range(max(map(len, values))):
            yield from _walk([value[index] if index < len(value) else ABSENT for value in values], (*path, index))
    elif all(isinstance(value, dict) for value in values):
        for key in dict.fromkeys(key for value in values for key in value):
            yield from _walk([value.get(key, ABSENT) for value in values], (*path, key))
    else:
        yield Difference(path, list(values))


def _text(value: Any) -> str:
    if isinstance(value, BaseModel):
        fields = {}
        for key, name in zip(keys_of(type(value)), type(value).model_fields, strict=True):
            own = getattr(value, name)
            if name == "type" or own != type(value).model_fields[name].get_default(call_default_factory=False):
                fields[key] = own
        if set(fields) == {"type"}:
            return str(fields["type"])
        ordered = {"type": fields["type"], **fields} if "type" in fields else fields
        return "{" + ", ".join(f"{key}: {_text(own)}" for key, own in ordered.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_text, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_text(own)}" for key, own in value.items()) + "}"
    return value if isinstance(value, str) else json.dumps(value)
