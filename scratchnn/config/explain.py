"""Checks a document against a settings class, and reports every fault where it was written, in plain words.

Pydantic names a fault by a path in which keys stand beside tags and the names of union branches. `_Explainer` walks
that path together with the classes and the raw data, and keeps only what the user wrote.

A validator's own words are kept: those of a `ValueError`, and those of a `PydanticCustomError`. Where they name keys
of the mapping in backticks, they point to the first one that is written there.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, NamedTuple, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core.core_schema import ErrorType

from scratchnn.component import Component, Settings, families
from scratchnn.config.annotations import (
    family_of,
    field_kind,
    full_form,
    is_mapping,
    is_model,
    is_sequence,
    is_union,
    keys_of,
    literals,
    unwrap,
    without_null,
)
from scratchnn.config.branches import fit
from scratchnn.config.describe import advice, describe, show, with_article
from scratchnn.config.document import Document
from scratchnn.config.key_path import KeyPath, format_key_path, list_index, split_key_path
from scratchnn.config.misplaced import belongs_elsewhere
from scratchnn.errors import ConfigError, suggestion

MAX_FAULTS = 50

_ABSENT: Any = object()
_VALIDATORS = ("value_error", "assertion_error")
_NAMED = re.compile(r"`(\w+)[^`]*`")
_PYDANTIC = frozenset(get_args(ErrorType))
_Settings = TypeVar("_Settings", bound=Settings)


def validate(document: Document, root: type[_Settings], prefix: str = "") -> _Settings:
    """The settings in a document, or in the part of it below the key path `prefix` (an empty mapping where absent).

    Raises `ConfigError` with every fault in the order of the file, `MAX_FAULTS` of them at most.
    """
    data: Any = document.data
    start: KeyPath = ()
    for step in split_key_path(prefix)[0]:
        key = list_index(step, len(data)) if isinstance(data, list) else step
        data = _child(data, key)
        start = (*start, step if key is None else key)
    data = {} if data is _ABSENT else data
    try:
        return root.model_validate(data)
    except ValidationError as error:
        errors = [
            _Error(fault["loc"], fault["type"], fault["input"], fault.get("ctx", {}), fault["msg"])
            for fault in error.errors(include_url=False)
            if fault["type"] != "default_factory_not_called"  # it follows from another fault
        ]
    explainer = _Explainer(root)
    explainer.explain(root, data, start, errors)
    raise ConfigError.of(_in_order(explainer.faults, document))


def _in_order(faults: Iterable[_Fault], document: Document) -> list[ConfigError]:
    """The faults as errors, in the order of the file, without repetition."""
    ordered = sorted(faults, key=lambda fault: document.order(fault.at, key=fault.at_key))
    errors: dict[tuple[str, str], ConfigError] = {}
    for fault in ordered:
        name = format_key_path(fault.path)
        message = f"{name}: {fault.message}" if name else fault.message
        where = document.where(fault.at, key=fault.at_key)
        errors.setdefault((where, message), ConfigError(message, where=where, hint=fault.hint))
    shown = list(errors.values())
    if len(shown) > MAX_FAULTS:
        rest = len(shown) - MAX_FAULTS
        shown[MAX_FAULTS:] = [ConfigError(f"and {rest} more faults", where=document.name)]
    return shown


class _Error(NamedTuple):
    """A fault as pydantic tells it; `steps` is what is left of its path."""

    steps: tuple[int | str, ...]
    kind: str
    value: Any
    context: Mapping[str, Any]
    text: str = ""


@dataclass(frozen=True)
class _Fault:
    """A fault of the value at `path`. `at` is the place that the message points to, its key where `at_key`."""

    path: KeyPath
    message: str
    hint: str = ""
    at: KeyPath = ()
    at_key: bool = False


@dataclass
class _Explainer:
    """Collects the faults of one document."""

    root: type[Settings]
    faults: list[_Fault] = field(default_factory=list)
    short: set[KeyPath] = field(default_factory=set)  # where a component is written in a short form

    def explain(
        self, annotation: Any, data: Any, path: KeyPath, errors: Sequence[_Error], also: tuple[str, ...] = ()
    ) -> None:
        """The faults of one value. `also` holds names that it may have besides the tags of a family."""
        bare, metadata = unwrap(without_null(annotation))
        here = [error for error in errors if not error.steps]
        below = _by_step(error for error in errors if error.steps)
        family = family_of(bare)
        if is_union(bare):
            self._wrong(annotation, data, path, here)
            if below:
                self._union(annotation, bare, data, path, below)
        elif family is not None:
            self._unknown_member(family, data, path, here, also)
            members = family.members()
            full = full_form(family, data)
            if full is not data:
                self.short.add(path)
            for tag, inner in below.items():
                self.explain(members.get(str(tag), Any), full, path, inner)
        elif is_model(bare):
            self._wrong(annotation, data, path, here)
            self._model(bare, data, path, below)
        else:
            self._wrong(annotation, data, path, here)
            for step, inner in below.items():
                self._entry(Annotated[bare, *metadata] if metadata else bare, data, path, step, inner)

    def _entry(self, annotation: Any, data: Any, path: KeyPath, step: int | str, errors: Sequence[_Error]) -> None:
        """One entry of a list or mapping; anything else was changed on the way in, and is its parent's fault."""
        bare = unwrap(annotation)[0]
        child = _child(data, step)
        if child is _ABSENT or not (is_mapping(bare) or is_sequence(bare)):
            self._wrong(annotation, data, path, [error._replace(steps=()) for error in errors])
            return
        kinds = [kind for kind in get_args(bare) if kind is not Ellipsis]
        if is_mapping(bare):
            kind = kinds[1] if len(kinds) == 2 else Any
        else:
            kind = (kinds[int(step)] if int(step) < len(kinds) else kinds[-1]) if kinds else Any
        self.explain(kind, child, (*path, step), errors)

    def _model(
        self, model: type[BaseModel], data: Any, path: KeyPath, below: Mapping[int | str, Sequence[_Error]]
    ) -> None:
        fields = keys_of(model)
        for step, errors in below.items():
            name = str(step)
            kinds = {error.kind for error in errors if len(error.steps) == 0}
            if "extra_forbidden" in kinds:
                hint = belongs_elsewhere(name, model, self.root) or _own_keys(name, model)
                self.faults.append(_Fault(path, f'unknown key "{name}"', hint, (*path, name), at_key=True))
            elif "missing" in kinds:
                help_text = _example(model) if path in self.short else fields[name].description or ""
                self.faults.append(_Fault(path, f'lacks the required key "{name}"', help_text, path, at_key=True))
            elif name in fields:
                child = _child(data, name)
                inside = child is not _ABSENT
                self.explain(field_kind(fields[name]), errors[0].value if not inside else child, (*path, name), errors)
            else:
                self._wrong(model, data, path, [error._replace(steps=()) for error in errors])

    def _unknown_member(
        self, family: type[Component], data: Any, path: KeyPath, errors: Sequence[_Error], also: tuple[str, ...]
    ) -> None:
        tags = list(family.members())
        for error in errors:
            if error.kind == "union_tag_invalid":
                full = full_form(family, data)
                tag = full.get("type") if isinstance(full, dict) else error.context.get("tag")
                at = (*path, "type") if isinstance(data, dict) else path
                near = suggestion(tag, [*_names(family), *also]) if isinstance(tag, str) else ""
                hint = near if near.startswith("Did") else suggestion("", [*tags, *also])
                self.faults.append(_Fault(path, f"unknown {family.family} {show(tag)}", hint, at))
            elif error.kind == "union_tag_not_found":
                message = f"lacks `type`, the name of the {family.family}"
                self.faults.append(_Fault(path, message, _without_type(data, family), path, at_key=True))
            elif error.kind in ("model_attributes_type", "dict_type", "model_type"):
                message = f"expects {with_article(family.family)}, got {show(data)}"
                self.faults.append(_Fault(path, message, suggestion("", [*tags, *also]), path))
            else:
                self._wrong(family, data, path, [error])

    def _union(
        self, annotation: Any, bare: Any, data: Any, path: KeyPath, branches: Mapping[int | str, Sequence[_Error]]
    ) -> None:
        """Follows the branch that the value was most likely meant for; without one, tells all that would do."""
        members = [member for member in get_args(bare) if member is not type(None)]
        errors = next(iter(branches.values()))
        if len(branches) == len(members):
            ranked = zip([fit(member, data) for member in members], members, branches.values(), strict=True)
            best_fit, best, errors = max(ranked, key=lambda branch: branch[0])
            if best_fit >= 2:
                self.explain(best, data, path, errors, tuple(literals(bare)))
                return
        self._wrong(annotation, data, path, [_Error((), "", data, {})], literals(bare))

    def _wrong(
        self, annotation: Any, data: Any, path: KeyPath, errors: Sequence[_Error], names: Sequence[str] = ()
    ) -> None:
        """A value that its field does not take."""
        for error in errors:
            value = error.value if data is _ABSENT else data
            if error.kind in _VALIDATORS:
                message, hint = str(error.context.get("error", "is not valid")), ""
            elif error.kind and error.kind not in _PYDANTIC:
                message, hint = error.text, ""
            elif error.kind == "finite_number":
                message, hint = f"expects a finite number, got {show(value)}", ""
            else:
                names = names or literals(annotation)
                near = suggestion(value, names) if isinstance(value, str) and names else ""
                hint = near if near.startswith("Did") else advice(annotation, value)
                message = f"expects {describe(annotation)}, got {show(value)}"
            named = next((name for name in _NAMED.findall(message) if _child(data, name) is not _ABSENT), None)
            if named is not None:
                self.faults.append(_Fault(path, message, hint, (*path, named), at_key=True))
            else:
                self.faults.append(_Fault(path, message, hint, path, at_key=isinstance(value, dict | list)))


def _names(family: type[Component]) -> list[str]:
    """Every word that stands for a member: its tags, and tags of other families that its short form takes."""
    members = family.members()
    words = {tag for other in families().values() for tag in other.members()} - members.keys()
    full = {word: full_form(family, word) for word in words}
    return [*members, *(word for word, form in full.items() if isinstance(form, dict) and form.get("type") in members)]


def _own_keys(name: str, model: type[BaseModel]) -> str:
    """A hint for a key that a mapping does not have. `type` is no choice where it is written already."""
    keys = keys_of(model).keys()
    hint = suggestion(name, keys)
    if hint.startswith("Did") or not issubclass(model, Component):
        return hint
    return suggestion("", keys - {"type"}) or f"{model.tag()} has no keys besides `type`."


def _example(model: type[BaseModel]) -> str:
    """A hint that shows how a component with required keys is written."""
    tag = f"type: {model.tag()}" if issubclass(model, Component) else ""
    required = [f"{name}: ..." for name, info in keys_of(model).items() if info.is_required()]
    return f"Write {{{', '.join(filter(None, [tag, *required]))}}}."


def _without_type(data: Any, family: type[Component]) -> str:
    """A hint for a component that lacks `type`."""
    if not isinstance(data, dict) or not data:
        return suggestion("", family.members())
    near = difflib.get_close_matches("type", data, n=1)
    if near:
        return f'Write "type" for "{near[0]}".'
    fitting = [tag for tag, member in family.members().items() if _fits(member, data)]
    if len(fitting) > 1:
        return suggestion("", fitting)
    tag = fitting[0] if fitting else next((tag for tag in family.members() if tag in data), None)
    return f'Write "type: {tag}", with its keys beside it.' if tag else suggestion("", family.members())


def _fits(member: type[BaseModel], data: Mapping[str, Any]) -> bool:
    """Whether a component has all these keys, and lacks none that it needs."""
    keys = keys_of(member)
    return data.keys() <= keys.keys() and data.keys() >= {name for name, info in keys.items() if info.is_required()}


def _child(data: Any, step: Any) -> Any:
    """The value below a key or an index, or `_ABSENT`."""
    if isinstance(data, dict) and isinstance(step, str):
        return data.get(step, _ABSENT)
    if isinstance(data, list) and isinstance(step, int) and step < len(data):
        return data[step]
    return _ABSENT


def _by_step(errors: Iterable[_Error]) -> dict[int | str, list[_Error]]:
    """Errors by the first step of their path, without that step."""
    groups: dict[int | str, list[_Error]] = {}
    for error in errors:
        groups.setdefault(error.steps[0], []).append(error._replace(steps=error.steps[1:]))
    return groups
