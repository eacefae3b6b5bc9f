"""Looks into the annotations of settings: what kind of value a field takes."""

from __future__ import annotations

import types
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from scratchnn.component import Component


def unwrap(annotation: Any) -> tuple[Any, tuple[Any, ...]]:
    """An annotation without `Annotated`, and what was attached to it."""
    metadata: tuple[Any, ...] = ()
    while get_origin(annotation) is Annotated:
        annotation, *attached = get_args(annotation)
        metadata = (*attached, *metadata)
    return annotation, metadata


def is_union(annotation: Any) -> bool:
    """Whether it is `X | Y`."""
    return get_origin(annotation) in (Union, types.UnionType)


def is_model(annotation: Any) -> bool:
    """Whether it is a settings class or a component."""
    return isinstance(annotation, type) and get_origin(annotation) is None and issubclass(annotation, BaseModel)


def is_mapping(annotation: Any) -> bool:
    """Whether its values are mappings in a config."""
    origin = get_origin(annotation) or annotation
    return is_model(annotation) or (isinstance(origin, type) and issubclass(origin, Mapping))


def is_sequence(annotation: Any) -> bool:
    """Whether its values are lists in a config."""
    origin = get_origin(annotation) or annotation
    return isinstance(origin, type) and issubclass(origin, list | tuple | AbstractSet)


def family_of(annotation: Any) -> type[Component] | None:
    """The family that an annotation names, or None for anything else, also for one member of a family."""
    is_family = is_model(annotation) and issubclass(annotation, Component) and "family" in annotation.__dict__
    return annotation if is_family else None


def keys_of(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The fields of a class by the key that a config writes."""
    return {info.alias or name: info for name, info in model.model_fields.items()}


def field_kind(info: FieldInfo) -> Any:
    """The annotation of a field with its constraints, its default and its description."""
    return Annotated[info.annotation, info]


def fields_in(annotation: Any) -> list[FieldInfo]:
    """What `field_kind` attached."""
    return [item for item in unwrap(annotation)[1] if isinstance(item, FieldInfo)]


def full_form(family: type[Component], data: Any) -> Any:
    """The full form of a short one. What cannot be expanded stays; pydantic tells why."""
    try:
        return family.shorthand(data)
    except ValueError:
        return data


def without_null(annotation: Any) -> Any:
    """`X` for `X | None`: pydantic leaves null out of its paths."""
    bare, metadata = unwrap(annotation)
    members = [member for member in get_args(bare) if member is not type(None)] if is_union(bare) else []
    if len(members) != 1:
        return annotation
    return Annotated[members[0], *metadata] if metadata else members[0]


def literals(annotation: Any) -> list[str]:
    """The words that an annotation takes."""
    bare = unwrap(annotation)[0]
    if get_origin(bare) is Literal:
        return [value for value in get_args(bare) if isinstance(value, str)]
    return [word for member in get_args(bare) for word in literals(member)] if is_union(bare) else []
