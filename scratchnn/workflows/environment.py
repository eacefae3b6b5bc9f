"""What a run ran on: for environment.json."""

from __future__ import annotations

import platform
import sys
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pydantic

import scratchnn
from scratchnn.workflows.threads import available_cores


def describe_environment(threads: int) -> dict[str, Any]:
    """Versions, processor, BLAS, threads and the time: what the same bits depend on."""
    from threadpoolctl import threadpool_info

    blas = [f"{pool['internal_api']} {pool['version']}" for pool in threadpool_info() if pool["user_api"] == "blas"]
    return {
        "scratchnn": scratchnn.__version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "pydantic": pydantic.VERSION,
        "blas": blas,
        "threads": threads,
        "cores": available_cores(),
        "platform": f"{sys.platform}-{platform.machine()}",
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }
