"""Runs an optimizer over the arena: owns its vectors, cuts the work into slices, uses a second thread where it pays."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from scratchnn.nn.arena import ALIGNMENT, Arena, allocate
from scratchnn.nn.memory import Array
from scratchnn.nn.optimizers import Optimizer

CHUNK = 128 * 1024  # numbers: measured best for Adam on 1 MiB of L2 cache
THREADED = 200_000  # parameters from which a second thread pays


@dataclass(frozen=True, slots=True)
class _Slice:
    """The views that one call of `update` works on; `decayed` of them, from the left, are decayed."""

    p: Array
    g: Array
    slots: tuple[Array, ...]
    work: tuple[Array, ...]
    decayed: int


class Updater:
    """An optimizer bound to an arena. The result does not depend on the number of threads: passes are elementwise."""

    def __init__(self, optimizer: Optimizer, arena: Arena, threads: int = 1) -> None:
        self.optimizer = optimizer
        self.step_count = 0
        size = len(arena.parameters)
        self.slots = {name: allocate(size, arena.dtype) for name in optimizer.slots()}
        self._numbers = tuple(np.empty((), arena.dtype) for _ in optimizer.numbers(1.0, 1))
        lanes = max(1, threads) if size >= THREADED else 1
        line = ALIGNMENT // arena.dtype.itemsize  # two threads must not write to one cache line
        bounds = [size * lane // lanes // line * line for lane in range(lanes)] + [size]
        self._lanes = [self._cut(arena, start, stop) for start, stop in pairwise(bounds)]
        self._pool = ThreadPoolExecutor(lanes - 1, "scratchnn-optimizer", np.seterr, ("ignore",)) if lanes > 1 else None

    def step(self, learning_rate: float) -> None:
        """Changes the parameters by the arena's gradients; destroys the gradients."""
        self.step_count += 1
        for array, value in zip(self._numbers, self.optimizer.numbers(learning_rate, self.step_count), strict=True):
            array[()] = value
        first, *others = self._lanes
        if self._pool is None:
            self._run(first, learning_rate)
            return
        running = [self._pool.submit(self._run, lane, learning_rate) for lane in others]
        self._run(first, learning_rate)
        for future in running:
            future.result()

    def close(self) -> None:
        """Ends the second thread."""
        if self._pool is not None:
            self._pool.shutdown()

    def _cut(self, arena: Arena, start: int, stop: int) -> list[_Slice]:
        """The slices of one thread: they share their work arrays."""
        work = [np.empty(min(CHUNK, stop - start), arena.dtype) for _ in range(self.optimizer.work_arrays)]
        slices = []
        for left in range(start, stop, CHUNK):
            span = slice(left, min(left + CHUNK, stop))
            length = span.stop - span.start
            slices.append(
                _Slice(
                    p=arena.parameters[span],
                    g=arena.gradients[span],
                    slots=tuple(slot[span] for slot in self.slots.values()),
                    work=tuple(array[:length] for array in work),
                    decayed=min(max(arena.decayed - left, 0), length) if self.optimizer.weight_decay else 0,
                )
            )
        return slices

    def _run(self, lane: list[_Slice], learning_rate: float) -> None:
        optimizer = self.optimizer
        for part in lane:
            if part.decayed:
                end = part.decayed
                optimizer.decay(part.p[:end], part.g[:end], part.work[0][:end], learning_rate)
            optimizer.update(part.p, part.g, part.slots, part.work, self._numbers)
