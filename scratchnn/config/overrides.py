"""Sets single values of a config from the command line: `--set training.epochs=5`.

The part before "=" is a key path. `model.layers.0.units` and `model.layers[0].units` reach into a list, `-1` is its
last item; the index one past the end, or `+`, appends. A key that holds a dot stands in quotes: `features."a.b"`.

The part after "=" is read as in the file: `5`, `true`, `1e-2`, `null` (so is nothing at all), `[1, 2]`,
`{type: adam, learning_rate: 1e-2}`, `"5"` for text. All else is text as it stands, also with `: ` or ` #` in it.

A parent in a short form is written out first: after `optimizer: adam`, `optimizer.learning_rate=1e-2` gives
`optimizer: {type: adam, learning_rate: 1e-2}`. A parent that is missing starts from its default, which gives the same
where there is no optimizer; where its default is no component, an override must give its `type` too.
"""

from __future__ import annotations

import copy
import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from scratchnn.component import Component
from scratchnn.config.annotations import full_form, keys_of, literals
from scratchnn.config.defaults import child_kind, default_start, family_in
from scratchnn.config.document import Document, Place
from scratchnn.config.key_path import Key, KeyPath, format_key_path, list_index, split_key_path
from scratchnn.config.load import MAX_DEPTH, parse_value
from scratchnn.config.scalars import resolve_scalar
from scratchnn.errors import ConfigError, UsageError

_TAG = re.compile(r"[a-z][a-z0-9_]*")
_FORM = "Write it as `--set training.epochs=5`."


class Assignment(NamedTuple):
    """A plain value for a key path, and where it comes from."""

    path: KeyPath
    value: Any
    origin: str


@dataclass(frozen=True)
class _Untyped:
    """A component that an override made without a type."""

    path: KeyPath
    family: type[Component]
    key: Key
    origin: str


def apply_overrides(document: Document, overrides: Sequence[str], root: Any = Any) -> Document:
    """A new document in which the values are set, one after the other. `root` is the settings class, for defaults.

    What they set has the origin "--set training.epochs=5" instead of a place in the file. Raises `UsageError`.
    """
    assignments = []
    for override in overrides:
        origin = f"--set {override}"
        path, text = _split(override, origin)
        assignments.append(Assignment(path, _value(text, origin), origin))
    return assign(document, assignments, root)


def assign(document: Document, assignments: Iterable[Assignment], root: Any = Any) -> Document:
    """The same for values that are there already. Raises `UsageError` at their origins."""
    data = copy.deepcopy(document.data)
    places, origins = dict(document.places), dict(document.origins)
    untyped: list[_Untyped] = []
    for path, value, origin in assignments:
        changed, written = _set(data, path, copy.deepcopy(value), origin, root, untyped)
        place = places.get(changed) if written else None
        for known in (places, origins):
            for old in [old for old in known if old[: len(changed)] == changed]:
                del known[old]
        origins[changed] = origin
        if place is not None:
            places |= {(*changed, key): Place(place.value, None) for key in written}
    for made in untyped:
        _check_type(data, made)
    return Document(data, document.name, places, origins)


def _split(override: str, origin: str) -> tuple[KeyPath, str]:
    path, rest = split_key_path(override)
    if not rest.startswith("="):
        if "=" not in override:
            raise UsageError('lacks a "="', where=origin, hint=_FORM)
        raise UsageError(f'cannot read a key at "{rest[:60]}"', where=origin, hint=_FORM)
    if not path:
        raise UsageError('names no key before "="', where=origin, hint=_FORM)
    if any(key == "" for key in path):
        raise UsageError("has an empty key", where=origin, hint=_FORM)
    if len(path) > MAX_DEPTH:
        raise UsageError(f"is nested more than {MAX_DEPTH} deep", where=origin)
    return path, rest[1:]


def _value(text: str, origin: str) -> Any:
    text = text.strip()
    try:
        if text.startswith(("[", "{", '"', "'")):
            return parse_value(text, "value")
        return resolve_scalar(text)
    except ConfigError as error:
        raise UsageError(f"the value cannot be read: {error.message}", where=origin, hint=error.hint) from None
    except ValueError as error:
        raise UsageError(f"the value is {error}", where=origin) from None


def _set(
    data: dict[str, Any], path: KeyPath, value: Any, origin: str, root: Any, untyped: list[_Untyped]
) -> tuple[KeyPath, list[str]]:
    """Sets a value in place, and makes the parents that it needs; those that still need a type go to `untyped`.

    Returns the key path of the outermost value that changed, indices resolved, and the keys that a short form there
    stood for.
    """
    container: Any = data
    kind = root
    reached: KeyPath = ()
    changed: KeyPath | None = None
    written: list[str] = []
    for step, following in itertools.pairwise(path):
        key = _key(container, step, reached, origin)
        reached = (*reached, key)
        child = _get(container, key)
        kind = child_kind(kind, container, key)
        family = family_in(kind)
        is_absent = child is None or (family is not None and child in literals(kind))
        opened = _start(kind, following) if is_absent else _written_out(child, family)
        if opened is not child:
            if changed is None:
                changed, written = reached, [] if is_absent else list(opened)
            if family is not None and is_absent and "type" not in opened:
                untyped.append(_Untyped(reached, family, following, origin))
            child = opened
            _put(container, key, child)
        container = child
    key = _key(container, path[-1], reached, origin)
    _put(container, key, value)
    return changed or (*reached, key), written


def _start(kind: Any, following: Key) -> Any:
    """What a parent that is missing starts from."""
    if isinstance(following, int) or following == "+":
        return []
    return {} if following == "type" else default_start(kind)


def _written_out(child: Any, family: type[Component] | None) -> Any:
    """The full form of a short one; anything else as it is."""
    full = child if family is None or not isinstance(child, str | int | float) else full_form(family, child)
    return {"type": full} if isinstance(full, str) and _TAG.fullmatch(full) else full


def _check_type(data: Any, made: _Untyped) -> None:
    """Raises `UsageError` where no later override gave the type either."""
    for key in made.path:
        data = _get(data, key) if isinstance(data, dict | list) else None
    full = full_form(made.family, data)
    if not isinstance(full, dict) or "type" in full:
        return
    name = format_key_path(made.path)
    members = made.family.members()
    tag = next((tag for tag, member in members.items() if made.key in keys_of(member)), next(iter(members)))
    hint = f"Give the type first, such as --set {name}.type={tag}."
    raise UsageError(f"{name} has no type yet", where=made.origin, hint=hint)


def _key(container: Any, written: Key, reached: KeyPath, origin: str) -> Key:
    """The key of a mapping or the index of a list that a step of the path stands for."""
    name = format_key_path(reached) or "the config"
    if isinstance(container, dict):
        if isinstance(written, int):
            raise UsageError(f"{name} is a mapping, it has no [{written}]", where=origin)
        return written
    if isinstance(container, list):
        index = list_index(written, len(container))
        if index is None:
            got = f'"{written}"' if isinstance(written, str) else f"[{written}]"
            hint = f"Its indices are 0 to {len(container) - 1}; + appends." if container else "Use + to append."
            raise UsageError(f"{name} is a list of {len(container)}, it has no {got}", where=origin, hint=hint)
        return index
    hint = f"Set the whole of it: `--set '{name}={{key: value}}'`."
    raise UsageError(f"{name} is a single value, it has no keys", where=origin, hint=hint)


def _get(container: Any, key: Key) -> Any:
    if isinstance(container, list):
        return container[key] if isinstance(key, int) and key < len(container) else None
    return container.get(key)


def _put(container: Any, key: Key, value: Any) -> None:
    if isinstance(container, list) and key == len(container):
        container.append(value)
    else:
        container[key] = value
