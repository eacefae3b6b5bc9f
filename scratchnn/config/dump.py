"""Writes settings as YAML that reads back as the same settings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml
from pydantic import BaseModel

from scratchnn.component import Settings
from scratchnn.config.annotations import keys_of
from scratchnn.config.scalars import resolve_scalar

_BREAKING = re.compile("[\x85\u2028\u2029\ufeff]")


def dump_config(settings: Settings) -> str:
    """The complete YAML of settings: every field in the order of its class, `type` first, defaults too.

    `validate(parse_document(dump_config(settings), name), type(settings))` gives equal settings, to the bit of each
    float. Raises `TypeError` for a field that no config can hold.
    """
    data = plain(settings)
    text = _dump(data, allow_unicode=True)
    # PyYAML writes these bare even in quotes, where a reader takes them for line ends or drops them.
    return _dump(data, allow_unicode=False) if _BREAKING.search(text) else text


def _dump(data: Any, *, allow_unicode: bool) -> str:
    return yaml.dump(
        data, Dumper=_Dumper, sort_keys=False, allow_unicode=allow_unicode, default_flow_style=False, width=100
    )


def plain(value: Any) -> Any:
    """Settings as dict, list, str, int, float, bool and None: what a config file would hold."""
    if isinstance(value, BaseModel):
        names = zip(keys_of(type(value)), type(value).model_fields, strict=True)
        fields = {key: plain(getattr(value, name)) for key, name in names}
        return {"type": fields["type"], **fields} if "type" in fields else fields
    if isinstance(value, Mapping):
        return {key: plain(child) for key, child in value.items()}
    if isinstance(value, list | tuple):
        return [plain(child) for child in value]
    if value is None or isinstance(value, str | int | float):
        return value
    raise TypeError(f"a config cannot hold {type(value).__name__}")


class _Dumper(yaml.SafeDumper):
    """Quotes what our reader would not read as text, writes short lists in one line, and uses no aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def represent_text(self, data: str) -> yaml.Node:
        style = "'" if not isinstance(_unquoted(data), str) else None
        return self.represent_scalar("tag:yaml.org,2002:str", data, style=style)

    def represent_items(self, data: list[Any]) -> yaml.Node:
        is_short = all(not isinstance(item, dict | list) for item in data)
        return self.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=is_short)


_Dumper.add_representer(str, _Dumper.represent_text)
_Dumper.add_representer(list, _Dumper.represent_items)


def _unquoted(text: str) -> object:
    """What a word would be without quotes; None for a number that cannot be read."""
    try:
        return resolve_scalar(text)
    except ValueError:
        return None
