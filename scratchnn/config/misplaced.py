"""Finds where a key belongs that stands in the wrong place."""

from __future__ import annotations

from typing import Any, cast, get_args

from pydantic import BaseModel

from scratchnn.component import Component, Settings
from scratchnn.config.annotations import family_of, is_model, is_union, keys_of, unwrap


def belongs_elsewhere(key: str, model: type[BaseModel], root: type[Settings]) -> str:
    """A hint for a key that `model` does not have, but another member of its family, the top level or a section has.

    Empty where nobody has the key.
    """
    owners = [tag for tag, member in _siblings(model).items() if key in keys_of(member)]
    if owners:
        return f'"{key}" is a key of {", ".join(owners[:5])}.'
    if key in keys_of(root):
        return f'"{key}" belongs at the top level.'
    for name, info in keys_of(root).items():
        if any(key in keys_of(section) for section in _models(info.annotation)):
            return f'"{key}" belongs under "{name}".'
    return ""


def _siblings(model: type[BaseModel]) -> dict[str, type[Component]]:
    """The members of the family that a component belongs to."""
    family = next((base for base in model.__mro__ if family_of(base) is not None), None)
    return dict(cast("type[Component]", family).members()) if family is not None else {}


def _models(annotation: Any) -> list[type[BaseModel]]:
    """The classes whose keys may stand in a value of that annotation."""
    bare = unwrap(annotation)[0]
    if is_union(bare):
        return [model for member in get_args(bare) for model in _models(member)]
    family = family_of(bare)
    if family is not None:
        return list(family.members().values())
    return [cast("type[BaseModel]", bare)] if is_model(bare) else []
