"""Libraries that only some sources need, which `pip install 'scratchnn[data]'` brings."""

from __future__ import annotations

from importlib.util import find_spec

from scratchnn.errors import UsageError

INSTALL = "pip install 'scratchnn[data]'"


def is_installed(module: str) -> bool:
    """Whether a library can be imported; does not import it."""
    return find_spec(module) is not None


def require(module: str, where: str, kind: str) -> None:
    """Raises `UsageError` where the library that reads files of this kind is not installed."""
    if not is_installed(module):
        name = {"PIL": "pillow"}.get(module, module)
        message = f"{kind} needs the library {name}, which is not installed"
        raise UsageError(message, where=where, hint=f"Run: {INSTALL}")
