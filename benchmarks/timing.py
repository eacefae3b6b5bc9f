"""How one process measures its own training."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from time import perf_counter

from benchmarks.libraries.training import Training

CHECKED_STEPS = 20  # the first ones, whose losses are compared between the libraries
CHUNKS = 5
BLOCK_SECONDS = 0.01  # long enough that its end, where a library waits for its results, costs nothing


@dataclass(frozen=True)
class Measurement:
    """Microseconds per step of each block, in chunks. A block is `block_steps` steps timed as one."""

    block_steps: int
    chunks: list[list[float]]

    @property
    def microseconds(self) -> float:
        """The median of the best chunk: what disturbs a machine for a moment makes other chunks worse, not this one."""
        return min(median(chunk) for chunk in self.chunks)


def first_loss(training: Training) -> float:
    """The mean loss of the first batches. Libraries that do the same work agree on it."""
    return sum(training.run(1) for _ in range(CHECKED_STEPS)) / CHECKED_STEPS


def measure(training: Training, seconds: float) -> Measurement:
    """Warms up for a fifth of the time, then fills the chunks with blocks; at least two blocks each."""
    steps = _steps_per_block(training, seconds / 5)
    chunks = [_chunk(training, steps, seconds / CHUNKS) for _ in range(CHUNKS)]
    return Measurement(steps, chunks)


def _steps_per_block(training: Training, seconds: float) -> int:
    """Trains for so many seconds in blocks that grow, until one is long enough."""
    steps, end = 1, perf_counter() + seconds
    while True:
        took = _timed(training, steps)
        if perf_counter() > end:
            return steps
        if took < BLOCK_SECONDS:
            steps = max(steps + 1, min(2 * steps, round(steps * BLOCK_SECONDS / took)))


def _chunk(training: Training, steps: int, seconds: float) -> list[float]:
    blocks: list[float] = []
    end = perf_counter() + seconds
    while len(blocks) < 2 or perf_counter() < end:
        blocks.append(round(_timed(training, steps) / steps * 1e6, 3))
    return blocks


def _timed(training: Training, steps: int) -> float:
    start = perf_counter()
    training.run(steps)
    return perf_counter() - start
