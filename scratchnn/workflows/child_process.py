"""Python processes of our own that work for this one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def start_child(module: str) -> subprocess.Popen[str]:
    """A process that runs a module of ours, which hears and answers by pipes of text.

    It is in a session of its own: signals of the terminal are for its parent.
    """
    package = Path(__file__).parents[2]
    paths = [str(package), *filter(None, [os.environ.get("PYTHONPATH")])]
    return subprocess.Popen(
        [sys.executable, "-P", "-m", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
        start_new_session=True,
    )
