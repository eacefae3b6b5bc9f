"""What stands at a key path that a config leaves out: the kind of value, and where an override below it starts from."""

from __future__ import annotations

from typing import Any, cast, get_args

from pydantic import BaseModel

from scratchnn.component import Component
from scratchnn.config.annotations import (
    family_of,
    field_kind,
    fields_in,
    full_form,
    is_mapping,
    is_model,
    is_sequence,
    is_union,
    keys_of,
    unwrap,
    without_null,
)
from scratchnn.config.branches import fit
from scratchnn.config.dump import plain


def child_kind(kind: Any, data: Any, key: str | int) -> Any:
    """What values the entry `key` of a value takes; `Any` where nothing tells."""
    bare = _chosen(kind, data)
    if is_model(bare):
        info = keys_of(cast("type[BaseModel]", bare)).get(str(key))
        return Any if info is None else field_kind(info)
    entries = get_args(bare)
    if is_mapping(bare) and len(entries) == 2:
        return entries[1]
    return entries[0] if is_sequence(bare) and entries else Any


def family_in(kind: Any) -> type[Component] | None:
    """The family whose members an annotation takes, also beside other values."""
    bare = unwrap(without_null(kind))[0]
    members = get_args(bare) if is_union(bare) else (bare,)
    return next((family for member in members if (family := family_of(unwrap(member)[0]))), None)


def default_start(kind: Any) -> dict[str, Any]:
    """The default of a field as a mapping to change: its type, and what differs from the defaults of that type."""
    for info in fields_in(kind):
        default = info.get_default(call_default_factory=True, validated_data={})
        if isinstance(default, BaseModel):
            tag = {"type": default.tag()} if isinstance(default, Component) else {}
            fields = keys_of(type(default)).items()
            changed = {key: getattr(default, key) for key, _ in fields if key in default.model_fields_set}
            return tag | {key: plain(value) for key, value in changed.items()}
    return {}


def _chosen(kind: Any, data: Any) -> Any:
    """The class that a value is meant for: one branch of a union, one member of a family."""
    bare = unwrap(without_null(kind))[0]
    if is_union(bare):
        bare = unwrap(max(get_args(bare), key=lambda member: fit(member, data)))[0]
    family = family_of(bare)
    if family is None:
        return bare
    full = full_form(family, data)
    tag = full.get("type") if isinstance(full, dict) else None
    return family.members().get(tag, Any) if isinstance(tag, str) else Any
