"""How many threads the matrix products use."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from scratchnn.config.schema import Config
from scratchnn.nn.network import Network

SMALL_STEP = 20_000_000  # floating-point operations: below, a second thread costs more than it gives


def choose_threads(config: Config, network: Network, rows: int) -> int:
    """The config's number of threads; for `auto` one where a step on that many rows is small, else every core."""
    if config.deterministic:
        return 1
    if config.threads != "auto":
        return config.threads
    step = 3 * network.plan.flops * config.training.rows_per_batch(rows)  # forward, and twice as much backward
    return 1 if step < SMALL_STEP else available_cores()


def available_cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def computing(threads: int) -> Iterator[None]:
    """Limits NumPy's BLAS to this many threads, and keeps NumPy's warnings: what is not finite is told by us."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=threads, user_api="blas"), np.errstate(all="ignore"):
        yield
