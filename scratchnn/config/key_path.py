"""Key paths: how a place inside a config is written, `model.layers[1].activation`."""

from __future__ import annotations

import json
import re

Key = str | int
KeyPath = tuple[Key, ...]

_STEP = re.compile(
    r'(?:^|(?<=[\s\S])\.)(?:(?P<quoted>"(?:[^"\\]|\\.)*")|(?P<name>[^.\[\]"=]+))|\[(?P<index>-?[0-9]{1,9}|\+)\]'
)
_BARE = re.compile(r'[^.\[\]"=\s]+(?: +[^.\[\]"=\s]+)*')


def format_key_path(path: KeyPath) -> str:
    """The written form. A key that holds a dot, a bracket, a quote or "=" stands in quotes.

    >>> format_key_path(("model", "layers", 1, "activation"))
    'model.layers[1].activation'
    >>> format_key_path(("features", "petal.length"))
    'features."petal.length"'
    """
    steps = (f"[{key}]" if isinstance(key, int) else f".{_format_key(key)}" for key in path)
    return "".join(steps).removeprefix(".")


def _format_key(key: str) -> str:
    return key if _BARE.fullmatch(key) else json.dumps(key, ensure_ascii=False)


def split_key_path(text: str) -> tuple[KeyPath, str]:
    """The key path at the start of a text, and the rest that is no part of it: empty where all of it was read.

    An index is an integer where it is written `[1]`, and the text "1" where it is written `.1`: only the data tell
    whether that is a key or an index. `[+]` gives "+".

    >>> split_key_path("model.layers[1].units=64")
    (('model', 'layers', 1, 'units'), '=64')
    >>> split_key_path("model.layers.1")
    (('model', 'layers', '1'), '')
    >>> split_key_path("a..b")
    (('a',), '..b')
    """
    path: list[Key] = []
    at = 0
    while step := _STEP.match(text, at):
        quoted, name, index = step.group("quoted", "name", "index")
        if quoted is not None:
            try:
                path.append(json.loads(quoted))
            except ValueError:
                break
        elif name is not None:
            path.append(name.strip())
        else:
            path.append(index if index == "+" else int(index))
        at = step.end()
    return tuple(path), text[at:]


def list_index(key: Key, length: int) -> int | None:
    """The place in a list of that length, from 0 to `length` (which is the place after the last), or None.

    >>> list_index(-1, 3), list_index("2", 3), list_index("+", 3), list_index(4, 3), list_index("x", 3)
    (2, 2, 3, None, None)
    """
    if key == "+":
        return length
    if isinstance(key, str):
        if not re.fullmatch(r"-?[0-9]{1,9}", key):
            return None
        key = int(key)
    index = key + length if key < 0 else key
    return index if 0 <= index <= length else None
