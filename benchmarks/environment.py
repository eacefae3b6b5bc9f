"""Where it runs: the environment that child processes get, and the machine as the results name it."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROOT = Path(__file__).parent.parent
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "NPROC")


class BenchmarkError(Exception):
    """A process that is measured failed, or does other work than the others."""


def child_environment(threads: int) -> dict[str, str]:
    """This process's variables, with the number of threads for OpenMP, every BLAS and XLA (which reads NPROC).

    OpenBLAS's threads spin as long as the command line of scratchnn lets them, also for scikit-learn.
    """
    settings = {"JAX_PLATFORMS": "cpu", "OPENBLAS_THREAD_TIMEOUT": "20"}
    return {**os.environ, **dict.fromkeys(THREAD_VARIABLES, str(threads)), **settings}


def load() -> float:
    """How many processes wanted a core during the last minute; 0 where the system does not tell."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else 0.0


def machine() -> dict[str, str | int | None]:
    """Processor, cores, system, Python."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
    }


def versions(distributions: Iterable[str]) -> dict[str, str]:
    """Of those that are installed; imports none of them."""
    found = {}
    for name in distributions:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def _processor() -> str:
    """The model's name; Linux keeps it in a file, elsewhere Python knows."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
