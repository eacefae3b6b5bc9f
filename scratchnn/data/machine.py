"""What the machine gives this process."""

from __future__ import annotations

import math
import os
from pathlib import Path

LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
"""Where Linux tells the limit of a container, by the version of its control groups."""


def memory() -> float:
    """The bytes of memory there are: of the machine, or of the container if it has less. Infinite if none tells."""
    try:
        least: float = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        least = math.inf
    for path in LIMITS:
        try:
            least = min(least, int(path.read_text()))
        except (OSError, ValueError):  # there is no such file, or it says "max"
            continue
    return least
