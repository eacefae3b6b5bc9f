"""Which branch of a union a value was meant for."""

from __future__ import annotations

from typing import Any, Literal, cast, get_args, get_origin

from pydantic import BaseModel

from scratchnn.component import Component
from scratchnn.config.annotations import family_of, is_mapping, is_model, is_sequence, is_union, keys_of, unwrap


def fit(annotation: Any, data: Any) -> float:
    """How likely a value was meant for a branch of a union; 2 and more: it is of that kind."""
    bare = unwrap(annotation)[0]
    family = family_of(bare)
    if is_union(bare):
        return max(fit(member, data) for member in get_args(bare))
    if get_origin(bare) is Literal:
        return 1.0 if isinstance(data, tuple({type(value) for value in get_args(bare)})) else 0.0
    if isinstance(data, dict):
        if family is not None:
            return 3.0 if isinstance(data.get("type"), str) else 2.1
        if is_model(bare):
            model = cast("type[BaseModel]", bare)
            if issubclass(model, Component):
                return 4.0 if data.get("type") == model.tag() else 2.1
            return 2.5 if data.keys() & keys_of(model).keys() else 2.15
        return 2.2 if is_mapping(bare) else 0.0
    if isinstance(data, list):
        return 2.0 if is_sequence(bare) else 0.0
    if isinstance(data, str):
        return 2.0 if bare is str or family is not None else 0.0
    if isinstance(data, bool):
        return 2.0 if bare is bool else 0.0
    if isinstance(data, int):
        return 2.0 if bare in (int, float) else 0.0
    return 2.0 if isinstance(data, float) and bare is float else 0.0
