"""Plain words for what a field takes and for what it got."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BeforeValidator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined as Undefined

from scratchnn.config.annotations import family_of, is_mapping, is_sequence, is_union, unwrap
from scratchnn.config.scalars import resolve_scalar

_NAMES: dict[object, str] = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}
_SHOWN = 60


def describe(annotation: Any) -> str:
    """What values an annotation takes.

    >>> describe(Annotated[int, FieldInfo(gt=0)] | Literal["auto"])
    'a whole number above 0 or "auto"'
    """
    return join_or(dict.fromkeys(_parts(annotation)))


def _parts(annotation: Any) -> list[str]:
    annotation, metadata = unwrap(annotation)
    written = next((item.json_schema_input_type for item in metadata if isinstance(item, BeforeValidator)), Undefined)
    if written is not Undefined:  # a validator takes more than the field holds
        return _parts(written)
    if is_union(annotation):
        return [part for member in get_args(annotation) for part in _parts(_constrained(member, metadata))]
    if get_origin(annotation) is Literal:
        return [show(value) for value in get_args(annotation)]
    if annotation is type(None):
        return ["null"]
    if annotation in _NAMES:
        return [_NAMES[annotation] + (_lengths if annotation is str else _bounds)(metadata)]
    family = family_of(annotation)
    if family is not None:
        return [with_article(family.family)]
    if is_mapping(annotation):
        return ["a mapping" + _lengths(metadata)]
    if is_sequence(annotation):
        return ["a list" + _lengths(metadata)]
    return ["another value"]


def _constrained(annotation: Any, metadata: tuple[Any, ...]) -> Any:
    return Annotated[annotation, *metadata] if metadata else annotation


def _constraints(metadata: Iterable[Any]) -> dict[str, Any]:
    """The constraints of a field by name, whichever way pydantic keeps them."""
    found: dict[str, Any] = {}
    for item in metadata:
        if isinstance(item, FieldInfo):
            found |= _constraints(item.metadata)
        for name in ("gt", "ge", "lt", "le", "multiple_of", "min_length", "max_length", "pattern", "allow_inf_nan"):
            if getattr(item, name, None) is not None:
                found[name] = getattr(item, name)
    return found


def _bounds(metadata: Iterable[Any]) -> str:
    limits = _constraints(metadata)
    if "ge" in limits and "le" in limits:
        text = f" from {limits['ge']} to {limits['le']}"
    else:
        words = (("gt", "above"), ("ge", "at least"), ("lt", "below"), ("le", "at most"))
        chosen = " and ".join(f"{word} {limits[name]}" for name, word in words if name in limits)
        text = (" of " if chosen.startswith("at") else " " if chosen else "") + chosen
    return text + (f", a multiple of {limits['multiple_of']}" if "multiple_of" in limits else "")


def _lengths(metadata: Iterable[Any]) -> str:
    limits = _constraints(metadata)
    words = (("min_length", "at least"), ("max_length", "at most"))
    chosen = [f"{word} {limits[name]}" for name, word in words if limits.get(name)]
    told = _form(metadata)
    form = f" ({told})" if told else f' that matches "{limits["pattern"]}"' if "pattern" in limits else ""
    return (f" of length {' and '.join(chosen)}" if chosen else "") + form


def _form(metadata: Iterable[Any]) -> str:
    """What texts match a pattern, in words: the description of the field that has it."""
    fields = (item for item in metadata if isinstance(item, FieldInfo))
    words = next((info.description for info in fields if "pattern" in _constraints(info.metadata)), None)
    return (words or "").rstrip(".")


def with_article(noun: str) -> str:
    """`a layer`, `an optimizer`."""
    return f"{'an' if noun[:1] in 'aeiou' else 'a'} {noun}"


def join_or(words: Iterable[str]) -> str:
    """`a`, `a or b`, `a, b or c`."""
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last


def show(value: object) -> str:
    """A value as it is written in a config, cut to 60 characters.

    >>> show("x"), show(None), show([1, True]), show(float("inf"))
    ('"x"', 'null', '[1, true]', '.inf')
    """
    if isinstance(value, float) and not math.isfinite(value):
        return str(value).replace("inf", ".inf").replace("nan", ".nan")
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def advice(annotation: Any, value: object) -> str:
    """A hint for a value of the wrong kind, where its mistake is a usual one."""
    expected = _parts(annotation)
    if value is None:
        return "Write a value, or take the key out."
    if isinstance(value, str):
        if "true or false" in expected and value.lower() in ("yes", "no", "on", "off", "y", "n"):
            return "Write true or false."
        numbers = any(part.startswith(("a whole number", "a number")) for part in expected)
        if numbers and isinstance(_read(value), int | float):
            return "Write it without quotes."
    elif any(part.startswith("text") for part in expected) and isinstance(value, bool | int | float):
        return f'Put it in quotes: "{show(value)}".'
    if any(part.startswith("a list") for part in expected) and not isinstance(value, list | dict):
        return f"Write it as a list: [{show(value)}]."
    return ""


def _read(text: str) -> object:
    try:
        return resolve_scalar(text)
    except ValueError:
        return text
