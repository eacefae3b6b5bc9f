"""Libraries that only a search needs, which `pip install 'scratchnn[tune]'` brings."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec

from scratchnn.errors import UsageError

INSTALL = "pip install 'scratchnn[tune]'"


def require(modules: Iterable[str], what: str, where: str = "", install: str = INSTALL) -> None:
    """Raises `UsageError` with the line to run where one of the libraries that `what` needs is not installed."""
    lacking = [module for module in modules if find_spec(module) is None]
    if lacking:
        library = "the library" if len(lacking) == 1 else "the libraries"
        verb = "is" if len(lacking) == 1 else "are"
        message = f"{what} needs {library} {' and '.join(lacking)}, which {verb} not installed"
        raise UsageError(message, where=where, hint=f"Run: {install}")
