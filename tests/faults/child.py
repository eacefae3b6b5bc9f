"""One run of pytest in a process of its own, which has loaded nothing of scratchnn yet."""

from __future__ import annotations

import os
import sys
from pathlib import Path

PRELOADED = ["_pytest.doctest", "hypothesis.strategies", "numpy", "pydantic", "pytest", "yaml"]


def run(arguments: list[str], root: Path, folder: Path, module: str) -> None:
    """Runs pytest on the package in `folder`. Leaves its output there, and the file that `module` came from."""
    output = os.open(folder / "output", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.chdir(root)
    os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = str(folder / "hypothesis")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(folder), str(root)])
    sys.path[:0] = [str(folder), str(root)]
    sys.dont_write_bytecode = True
    if any(name.partition(".")[0] == "scratchnn" for name in sys.modules):
        raise RuntimeError("the package was loaded before its copy could be")
    import pytest

    code = pytest.main(arguments)
    imported = getattr(sys.modules.get(module), "__file__", None)
    (folder / "imported").write_text(str(imported or ""), encoding="utf-8")
    sys.exit(int(code))
