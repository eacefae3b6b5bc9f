"""What each library's module offers: `start(workload, threads)` gives a `Training`."""

from __future__ import annotations

from typing import Protocol


class Training(Protocol):
    """A training in progress: it goes on with every call, from the workload's first weights and batch."""

    version: str
    threads: int  # that the matrix products may use

    def run(self, steps: int) -> float:
        """Trains so many more steps, waits until they are done; the loss of the last one's batch, before its update."""
        ...
