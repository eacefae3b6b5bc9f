"""A fault: a piece of the source, and the wrong text to put in its place."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).parents[2]


class PatchError(Exception):
    """The source has no such piece, or more than one."""


@dataclass(frozen=True)
class Fault:
    """`place` is a file below `scratchnn/`, with `::Class.method` or `::function` where `old` occurs elsewhere too.

    `tests` are words for pytest, its paths below `tests/`: the narrowest selection that should catch the fault.
    """

    name: str
    place: str
    old: str
    new: str
    wrong: str
    tests: str

    @property
    def file(self) -> Path:
        """The source file, relative to the root of the repository."""
        return Path("scratchnn", self.place.partition("::")[0])

    @property
    def module(self) -> str:
        """The name under which Python imports the file."""
        return ".".join(self.file.with_suffix("").parts).removesuffix(".__init__")

    def applied(self, source: str) -> str:
        """The source with the fault in it. Raises `PatchError` unless `old` occurs exactly once in its place."""
        definition = self.place.partition("::")[2]
        lines = source.splitlines(keepends=True)
        first, last = _span(source, definition) if definition else (0, len(lines))
        before, piece, after = ("".join(part) for part in (lines[:first], lines[first:last], lines[last:]))
        if (count := piece.count(self.old)) != 1:
            raise PatchError(f"{self.place} holds {self.old!r} {count} times")
        return before + piece.replace(self.old, self.new) + after


@lru_cache(maxsize=8)
def parsed(source: str) -> ast.Module:
    """The syntax tree of a source; many faults lie in one file."""
    return ast.parse(source)


def _span(source: str, definition: str) -> tuple[int, int]:
    """The lines of a class or function, from its first up to but without the one after it."""
    node: ast.AST = parsed(source)
    for name in definition.split("."):
        found = [child for child in ast.iter_child_nodes(node) if getattr(child, "name", None) == name]
        if len(found) != 1:
            raise PatchError(f"there is no {definition}")
        node = found[0]
    assert isinstance(node, ast.ClassDef | ast.FunctionDef)
    return node.lineno - 1, node.end_lineno or node.lineno
