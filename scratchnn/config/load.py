"""Reads YAML, and keeps the line and column of every key and value.

What a scalar means is in `scalars`. Beyond that: anchors, aliases and merge keys (`<<`) work; duplicate keys, keys
that are not text, tags such as `!!python/name`, several documents in one file, and files made to exhaust memory are
refused. JSON is YAML, so JSON files work.
"""

from __future__ import annotations

import codecs
import difflib
import re
from pathlib import Path
from typing import Any

import yaml

from scratchnn.config.document import Document, Place, Position
from scratchnn.config.key_path import KeyPath
from scratchnn.config.scalars import Scalar, resolve_scalar
from scratchnn.config.yaml_faults import explain_yaml
from scratchnn.errors import ConfigError, StorageError

MAX_BYTES = 1 << 20
MAX_VALUES = 100_000
MAX_DEPTH = 50

_CONTROL = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LINE_END = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")
_PLAIN, _QUOTED = "plain", "tag:yaml.org,2002:str"
_KINDS = {yaml.MappingNode: "a mapping", yaml.SequenceNode: "a list", yaml.ScalarNode: "a single value"}


def read_document(path: Path | str) -> Document:
    """Reads a YAML or JSON file.

    Raises `ConfigError` where it is missing or is no proper config, `StorageError` where the system refuses to read.
    """
    path = Path(path)
    name = str(path)
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except IsADirectoryError:
        raise ConfigError("is a directory, not a config", where=name, hint="Name a file in it.") from None
    except (FileNotFoundError, NotADirectoryError):
        raise ConfigError("there is no such file", where=name, hint=_near_file(path)) from None
    except ValueError:
        raise ConfigError("is no name that a file can have", where=repr(name)) from None
    except OSError as error:
        hint = "Check who may read it." if isinstance(error, PermissionError) else ""
        raise StorageError(f"cannot be read: {error.strerror or error}", where=name, hint=hint) from error
    if len(raw) > MAX_BYTES:
        hint = "Is it data? A config names its data files, it does not hold them."
        raise ConfigError("is larger than 1 MiB, too large for a config", where=name, hint=hint)
    return parse_document(_decode(raw, name), name)


def parse_document(text: str, name: str) -> Document:
    """The document in a text. `name` is what messages call it. Raises `ConfigError`."""
    if not name.endswith(".json"):
        return _parse(text, name)
    return _parse(text.replace("\t", " "), name)  # JSON may indent with tabs, and has none elsewhere


def parse_value(text: str, where: str) -> Any:
    """One value of any kind in a text, such as `[1, 2]`. Raises `ConfigError` at `where`."""
    builder = _Builder(where)
    return builder.build(_compose(text, where), (), None)


def _parse(text: str, name: str) -> Document:
    builder = _Builder(name)
    node = _compose(text, name)
    if not isinstance(node, yaml.MappingNode):
        hint = 'A config is made of keys with values, such as "seed: 42".'
        raise _fault(f"the top level is {_KINDS[type(node)]}, not a mapping", name, node.start_mark, hint)
    return Document(builder.build(node, (), None), name, builder.places)


def _near_file(path: Path) -> str:
    """A hint for a missing file: a file beside it with a similar name."""
    try:
        names = [file.name for file in path.parent.iterdir() if file.is_file()]
    except OSError:
        return f'There is no folder "{path.parent}" either.'
    near = difflib.get_close_matches(path.name, names, n=1, cutoff=0.6)
    return f'Did you mean "{path.with_name(near[0])}"?' if near else f'The folder is "{path.parent}".'


def _decode(raw: bytes, name: str) -> str:
    hint = "Save the file as UTF-8 text."
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ConfigError("is UTF-16 text, not UTF-8", where=name, hint=hint)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        position = _position(error.object[: error.start].decode("utf-8", "replace"))
        where = f"{name}:{position.line}:{position.column}"
        raise ConfigError(f"byte 0x{error.object[error.start]:02x} is not UTF-8", where=where, hint=hint) from None


def _position(before: str) -> Position:
    """The position that comes after a text."""
    lines = _LINE_END.split(before)
    return Position(len(lines), len(lines[-1]) + 1)


def _fault(message: str, name: str, mark: yaml.Mark, hint: str = "") -> ConfigError:
    return ConfigError(message, where=f"{name}:{mark.line + 1}:{mark.column + 1}", hint=hint)


class _Loader(yaml.SafeLoader):
    """PyYAML's composer with bounds, and without the scalar types of YAML 1.1."""

    depth = 0
    count = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]  # PyYAML has no types here
        self.count += 1
        if self.count > MAX_VALUES:
            raise yaml.MarkedYAMLError(problem=f"more than {MAX_VALUES:,} values", problem_mark=mark)
        if self.depth >= MAX_DEPTH:
            raise yaml.MarkedYAMLError(problem=f"nested more than {MAX_DEPTH} deep", problem_mark=mark)
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def resolve(self, kind: type[yaml.Node], value: Any, implicit: Any) -> str:
        """The tag of a node without one: tells plain scalars from quoted ones."""
        if kind is yaml.ScalarNode:
            return _PLAIN if implicit[0] else _QUOTED
        return "tag:yaml.org,2002:map" if kind is yaml.MappingNode else "tag:yaml.org,2002:seq"


def _compose(text: str, name: str) -> yaml.Node:
    """The nodes of the one document in a text."""
    if control := _CONTROL.search(text):
        position = _position(text[: control.start()])
        message = f"holds the control character U+{ord(control.group()):04X}"
        where = f"{name}:{position.line}:{position.column}"
        raise ConfigError(message, where=where, hint="Is it a text file? Remove the character.")
    loader = _Loader(text)
    try:
        loader.get_event()  # type: ignore[no-untyped-call]  # PyYAML has no types here
        if loader.check_event(yaml.StreamEndEvent):
            raise ConfigError("the file is empty", where=name, hint="`scratchnn schema` shows what a config holds.")
        node: yaml.Node = loader.compose_document()  # type: ignore[assignment]  # None only for an empty text
        if not loader.check_event(yaml.StreamEndEvent):
            mark = loader.peek_event().start_mark  # type: ignore[no-untyped-call]  # PyYAML has no types here
            raise _fault("a second document starts here", name, mark, 'Keep one config a file; remove the "---".')
    except yaml.MarkedYAMLError as error:
        message, hint = explain_yaml(error)
        raise _fault(message, name, error.problem_mark or loader.get_mark(), hint) from None
    except (ValueError, OverflowError):  # PyYAML lets these through for "\UFFFFFFFF" and %YAML 999...
        hint = "Check the escape after the backslash, or use single quotes."
        raise _fault("not a valid character or number", name, loader.get_mark(), hint) from None
    finally:
        loader.dispose()
    return node


class _Builder:
    """Turns nodes into plain data, and notes the place of each. An alias is built anew wherever it stands."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.places: dict[KeyPath, Place] = {}
        self._count = 0
        self._open: list[yaml.Node] = []  # from the top level down to the node being built

    def build(self, node: yaml.Node, path: KeyPath, key: yaml.Node | None) -> Any:
        """The plain value of a node at a key path."""
        value_at = Position(node.start_mark.line + 1, node.start_mark.column + 1)
        key_at = Position(key.start_mark.line + 1, key.start_mark.column + 1) if key else None
        self.places[path] = Place(value_at, key_at)
        self._enter(node)
        value: Any
        if isinstance(node, yaml.MappingNode):
            self._require_tag(node, "map")
            entries = self._entries(node)
            value = {name: self.build(child, (*path, name), key) for name, (key, child) in entries.items()}
        elif isinstance(node, yaml.SequenceNode):
            self._require_tag(node, "seq")
            value = [self.build(child, (*path, index), None) for index, child in enumerate(node.value)]
        else:
            value = self._scalar(node)
        self._open.pop()
        return value

    def _enter(self, node: yaml.Node) -> None:
        self._count += 1
        if self._count > MAX_VALUES:
            hint = "Aliases that hold aliases grow fast."
            raise _fault(f"more than {MAX_VALUES:,} values", self.name, node.start_mark, hint)
        if any(node is parent for parent in self._open):
            raise _fault("an alias refers to a value that it is part of", self.name, node.start_mark)
        if len(self._open) >= MAX_DEPTH:
            raise _fault(f"nested more than {MAX_DEPTH} deep", self.name, node.start_mark)
        self._open.append(node)

    def _require_tag(self, node: yaml.Node, *allowed: str) -> None:
        if node.tag != _PLAIN and node.tag.removeprefix("tag:yaml.org,2002:") not in allowed:
            tag = node.tag.replace("tag:yaml.org,2002:", "!!")
            hint = "Write the plain value; a config holds no objects."
            raise _fault(f'the tag "{tag}" is not allowed', self.name, node.start_mark, hint)

    def _entries(self, node: yaml.MappingNode) -> dict[str, tuple[yaml.Node, yaml.Node]]:
        """The keys and values of a mapping; its own keys win over those merged with `<<`."""
        own: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        merged: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        merge: yaml.Node | None = None
        for key, value in node.value:
            is_merge = key.tag == _PLAIN and key.value == "<<"
            name = "<<" if is_merge else self._key(key)
            first = merge if is_merge else own.get(name, (None,))[0]
            if first is not None:
                at = first.start_mark
                message = f'the key "{name}" stands here again, first at {at.line + 1}:{at.column + 1}'
                raise _fault(message, self.name, key.start_mark, "Keep one of them.")
            if is_merge:
                merge = key
                merged = self._merged(value)
            else:
                own[name] = (key, value)
        return merged | own

    def _merged(self, node: yaml.Node) -> dict[str, tuple[yaml.Node, yaml.Node]]:
        """What `<<` brings in: one mapping, or a list of them of which the first wins."""
        entries: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        for source in node.value if isinstance(node, yaml.SequenceNode) else [node]:
            if not isinstance(source, yaml.MappingNode):
                hint = "Write an alias of a mapping, `<<: *name`, or a list of such."
                raise _fault('"<<" merges mappings only', self.name, source.start_mark, hint)
            self._enter(source)
            entries = self._entries(source) | entries
            self._count += len(entries)
            self._open.pop()
        return entries

    def _key(self, node: yaml.Node) -> str:
        value = self._scalar(node) if isinstance(node, yaml.ScalarNode) else None
        if isinstance(value, str):
            return value
        if isinstance(node, yaml.ScalarNode):
            raise _fault("a key must be text", self.name, node.start_mark, f'Put it in quotes: "{node.value[:60]}".')
        raise _fault(f"{_KINDS[type(node)]} cannot be a key", self.name, node.start_mark)

    def _scalar(self, node: yaml.Node) -> Scalar:
        self._require_tag(node, "str")
        try:
            if node.tag == _PLAIN:
                return resolve_scalar(node.value)
            text = node.value.encode("utf-16", "surrogatepass").decode("utf-16")  # joins JSON's "\ud83d\ude00"
        except UnicodeDecodeError:
            raise _fault("half a surrogate pair is no character", self.name, node.start_mark) from None
        except ValueError as error:
            hint = "Put it in quotes where it is text."
            raise _fault(f"{error}", self.name, node.start_mark, hint) from None
        if "\0" in text:
            raise _fault("text may not hold a NUL character", self.name, node.start_mark)
        return str(text)
