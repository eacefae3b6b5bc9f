"""Puts what a search has drawn into the config, and checks before it that all of it could be put there."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from scratchnn.config.document import Document
from scratchnn.config.explain import validate
from scratchnn.config.key_path import KeyPath, format_key_path, list_index, split_key_path
from scratchnn.config.overrides import Assignment, assign
from scratchnn.config.schema import Config
from scratchnn.errors import ConfigError, UsageError
from scratchnn.tuning.settings import TuneSettings
from scratchnn.tuning.spaces import Layers, Space, holds, wanted_values
from scratchnn.workflows.configs import LoadedConfig

MOST_CONTEXTS = 64
FIXED: Mapping[KeyPath, str] = {
    ("name",): "it only names the run",
    ("plugins",): "plugins are run before",
    ("tune",): "it is the search itself",
    ("seed",): "it divides the rows, and trials on different rows cannot be compared",
    ("metrics",): "trials need the same metrics to be compared",
    ("data", "source"): "trials on different rows cannot be compared",
    ("data", "split"): "trials on different rows cannot be compared",
    ("data", "target"): "trials with different targets cannot be compared",
    ("data", "task"): "trials of different tasks cannot be compared",
}


def without_search(loaded: LoadedConfig) -> LoadedConfig:
    """The same config without its `tune`: what every trial starts from."""
    document = loaded.document
    kept = {key: value for key, value in document.data.items() if key != "tune"}
    bare = Document(kept, document.name, document.places, document.origins)
    return replace(loaded, config=loaded.config.model_copy(update={"tune": None}), document=bare)


def with_values(loaded: LoadedConfig, drawn: Mapping[str, Any], space: Mapping[str, Space]) -> LoadedConfig:
    """The config of a trial. Faults have the place of the key in the search. Raises `ConfigError`.

    A key that lies above another is set first, and layers are repeated last: places are those in the config.
    """
    document = without_search(loaded).document
    plain = [key for key in drawn if not isinstance(space[key], Layers)]
    repeated = [key for key in drawn if isinstance(space[key], Layers)]
    try:
        pairs = [Assignment(_path(key, loaded), drawn[key], _origin(key, loaded)) for key in plain]
        document = assign(document, sorted(pairs, key=lambda pair: len(pair.path)), Config)
        places = {key: _layer(document.data, key, loaded) for key in repeated}
        for key in sorted(repeated, key=lambda key: places[key], reverse=True):  # inner and later ones first
            document = _repeat(document, places[key], drawn[key], _origin(key, loaded))
    except UsageError as error:
        raise ConfigError(error.message, where=error.where, hint=error.hint) from None
    return replace(loaded, config=validate(document, Config), document=document)


def check_space(loaded: LoadedConfig) -> None:
    """Raises `ConfigError` with every key that cannot be searched, and every end of a range that is not valid."""
    settings = loaded.config.tune
    if settings is None:
        return
    faults: dict[str, ConfigError] = {}
    for key in settings.space:
        try:
            _refuse_fixed(key, settings, loaded)
            for drawn in _tries(key, settings.space):
                with_values(loaded, drawn, settings.space)
        except ConfigError as error:
            for fault in error.faults or (error,):
                faults.setdefault(str(fault), fault)
    if faults:
        raise ConfigError.of(list(faults.values()))


def _tries(key: str, space: Mapping[str, Space]) -> Iterator[dict[str, Any]]:
    """Each end of a key, with every value of the keys that it depends on or lies below."""
    for context in itertools.islice(_contexts(key, space), MOST_CONTEXTS):
        for end in space[key].ends():
            made = {**context, key: end}
            yield {name: made[name] for name in space if name in made}


def _contexts(key: str, space: Mapping[str, Space]) -> Iterator[dict[str, Any]]:
    """What may have been drawn for the keys that decide what this one can be, where its conditions hold."""
    above = [other for other in space if other != key and (_decides(other, key) or other in _needed(key, space))]
    options = [[(other, end) for end in _matching_ends(other, space)] for other in above]
    for pairs in itertools.product(*options):
        context = dict(pairs)
        if holds(space, space[key], context) and all(holds(space, space[other], context) for other in context):
            yield context


def _needed(key: str, space: Mapping[str, Space]) -> set[str]:
    """The keys that its conditions name, and those that theirs name."""
    found = set(space[key].when)
    return found.union(*(_needed(other, space) for other in found)) if found else found


def _matching_ends(key: str, space: Mapping[str, Space]) -> list[Any]:
    """The ends of a key, and what conditions want of it."""
    one = space[key]
    ends = one.ends()
    for other in space.values():
        for value in wanted_values(other.when.get(key, [])):
            if not any(one.matches(end, value) for end in ends):
                ends.append([{}] * value if isinstance(one, Layers) else value)
    return ends


def _decides(other: str, key: str) -> bool:
    """Whether one key lies above another, or is the type of what it lies in."""
    upper, lower = split_key_path(other)[0], split_key_path(key)[0]
    if upper[-1:] == ("type",):
        upper = upper[:-1]
    return len(upper) < len(lower) and tuple(map(str, upper)) == tuple(map(str, lower[: len(upper)]))


def _refuse_fixed(key: str, settings: TuneSettings, loaded: LoadedConfig) -> None:
    path = _path(key, loaded)
    for fixed, reason in FIXED.items():
        if path[: len(fixed)] == fixed:
            name = format_key_path(fixed)
            raise ConfigError(f"{name} cannot be searched: {reason}", where=_origin(key, loaded), hint="Remove it.")
    if path[0] == "loss" and settings.figure == "loss":
        message = f"{key} changes the loss itself, so that {settings.metric} cannot compare the trials"
        hint = "Score on a metric, such as `metric: validation.accuracy`."
        raise ConfigError(message, where=_origin(key, loaded), hint=hint)


def _path(key: str, loaded: LoadedConfig) -> KeyPath:
    path, rest = split_key_path(key)
    if rest or not path or any(step in ("", "+") for step in path):
        message = f'cannot read the key "{key}"'
        raise ConfigError(message, where=_origin(key, loaded), hint="Write it as `training.batch_size`.")
    return path


def _origin(key: str, loaded: LoadedConfig) -> str:
    """The place of a key of the search in the file."""
    return loaded.document.where(("tune", "space", key), key=True)


def _layer(data: Any, key: str, loaded: LoadedConfig) -> KeyPath:
    """The place of the layer that is repeated, its indices resolved."""
    reached: KeyPath = ()
    for step in _path(key, loaded):
        parent = data
        known: Any = step
        if isinstance(parent, list):
            known = list_index(step, len(parent))
            known = None if known == len(parent) else known
        elif not isinstance(parent, dict) or step not in parent:
            known = None
        if known is None:
            size = f", which has {len(parent)} entries" if isinstance(parent, list) else ""
            message = f"there is nothing to repeat at {key}: {format_key_path(reached) or 'the config'}{size}"
            hint = "Write the place of a layer: model.layers.0 is the first."
            raise ConfigError(message, where=_origin(key, loaded), hint=hint)
        data, reached = parent[known], (*reached, known)
    if not isinstance(reached[-1], int):
        hint = "Write the place of a layer: model.layers.0 is the first."
        raise ConfigError(f"{key} is no layer in a list", where=_origin(key, loaded), hint=hint)
    return reached


def _repeat(document: Document, place: KeyPath, layers: list[dict[str, Any]], origin: str) -> Document:
    """Puts the layer of a place there as often as there are entries, each with what is drawn for it."""
    *above, index = place
    data = copy.deepcopy(document.data)
    parent: Any = data
    for step in above:
        parent = parent[step]
    start = int(index)
    parent[start : start + 1] = [copy.deepcopy(parent[start]) for _ in layers]
    whole = tuple(above)
    places = {path: place for path, place in document.places.items() if path[: len(whole)] != whole}
    made = Document(data, document.name, places, {**document.origins, whole: origin})
    pairs = [
        Assignment((*whole, start + number, *split_key_path(key)[0]), value, origin)
        for number, drawn in enumerate(layers)
        for key, value in drawn.items()
    ]
    return assign(made, sorted(pairs, key=lambda pair: len(pair.path)), Config)
