"""Patterns over the names of parameters: `*.bias`, `3.*`."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from scratchnn.errors import ConfigError


def matching(pattern: str, names: Sequence[str], where: str) -> list[str]:
    """The names that match. Raises `ConfigError` at `where` for a pattern that matches none.

    >>> matching("*.bias", ["0.weight", "0.bias", "1.weight"], "here")
    ['0.bias']
    """
    found = [name for name in names if fnmatchcase(name, pattern)]
    if not found:
        shown = ", ".join(names[:6]) + (", ..." if len(names) > 6 else "")
        raise ConfigError(f'no parameter matches "{pattern}"', where=where, hint=f"There are {shown}.")
    return found
