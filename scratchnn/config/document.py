"""A config as it was read: plain data, and where each piece of it was written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from scratchnn.config.key_path import KeyPath, list_index, split_key_path


class Position(NamedTuple):
    """A place in a text: line and column, both from 1."""

    line: int
    column: int


class Place(NamedTuple):
    """Where a value starts, and where its key starts. List items and the top level have no key."""

    value: Position
    key: Position | None


@dataclass(frozen=True)
class Document:
    """Plain data (dict, list, str, int, float, bool, None) with the origin of every key path.

    `name` is what users call the file. `places` holds what was written in it. `origins` names what was set from
    elsewhere ("--set training.epochs=5"), in order; it holds for everything below that key path.
    """

    data: dict[str, Any]
    name: str
    places: Mapping[KeyPath, Place] = field(default_factory=dict)
    origins: Mapping[KeyPath, str] = field(default_factory=dict)

    def where(self, path: KeyPath, *, key: bool = False) -> str:
        """`file:line:column` of the value at a key path (of its key where `key`), or its other origin.

        A value that was not written has the place of its nearest parent: the key of it, where it has one.
        """
        known = self._nearest(path)
        if known is None:
            return self.name
        if known in self.origins:
            return self.origins[known]
        position = self._position(known, key=key or known != path)
        return f"{self.name}:{position.line}:{position.column}"

    def order(self, path: KeyPath, *, key: bool = False) -> tuple[int, int, int]:
        """A sort key: the order of the file, and after it the order of the other origins."""
        known = self._nearest(path)
        if known is None:
            return (0, 0, 0)
        if known in self.origins:
            return (1, list(self.origins).index(known), 0)
        return (0, *self._position(known, key=key or known != path))

    def _nearest(self, path: KeyPath) -> KeyPath | None:
        """The longest start of a key path that has a known origin."""
        parents = (path[:length] for length in range(len(path), -1, -1))
        return next((parent for parent in parents if parent in self.origins or parent in self.places), None)

    def _position(self, path: KeyPath, *, key: bool) -> Position:
        place = self.places[path]
        return place.key if key and place.key is not None else place.value


def locate(document: Document, key_path: str) -> str:
    """`file:line:column` of a written key path such as `model.layers[3]`, or of its nearest parent that exists.

    For a mapping or a list below a key that is the place of the key, for anything else that of the value.
    """
    value: Any = document.data
    path: KeyPath = ()
    for step in split_key_path(key_path)[0]:
        if isinstance(value, list):
            index = list_index(step, len(value))
            if index is None or index == len(value):
                break
            step = index
        elif not isinstance(value, dict) or step not in value:
            break
        value = value[step]
        path = (*path, step)
    return document.where(path, key=isinstance(value, dict | list))
