"""What is trained: networks, their data and the order of the batches. The same numbers for every library."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
LEARNING_RATE = 1e-3


@dataclass(frozen=True)
class MLP:
    """Dense layers with relu between them and a softmax cross-entropy on the last.

    `rows` is a multiple of `batch`: no batch is short.
    """

    name: str
    widths: tuple[int, ...]
    batch: int
    rows: int

    @property
    def title(self) -> str:
        """For people: 4-16-3 (16)."""
        return f"{'-'.join(map(str, self.widths))} ({self.batch})"

    @property
    def steps_per_epoch(self) -> int:
        """Batches in one pass over the rows."""
        return self.rows // self.batch

    def data(self) -> tuple[Array, Array]:
        """Inputs `(rows, in)` float32 around one centre per class, and class ids `(rows,)` int64.

        A fifth of the ids is drawn anew: what cannot be learned keeps the gradients alive in a long run.
        """
        rng = np.random.default_rng(1)
        inputs, classes = self.widths[0], self.widths[-1]
        targets = rng.integers(classes, size=self.rows)
        centres = rng.standard_normal((classes, inputs), np.float32)
        rows = rng.standard_normal((self.rows, inputs), np.float32)
        rows += centres[targets]
        drawn_anew = rng.random(self.rows) < 0.2
        targets[drawn_anew] = rng.integers(classes, size=int(drawn_anew.sum()))
        return rows, targets

    def weights(self) -> list[Array]:
        """The first weights `(in, out)` of each layer, He-normal; biases start at 0."""
        rng = np.random.default_rng(2)
        shapes = zip(self.widths, self.widths[1:], strict=False)
        return [rng.standard_normal(shape, np.float32) * np.float32(np.sqrt(2 / shape[0])) for shape in shapes]

    def orders(self) -> Iterator[Array]:
        """For each epoch, without end, all row numbers in a new order (the same array)."""
        rng = np.random.default_rng(3)
        order = np.arange(self.rows)
        while True:
            rng.shuffle(order)
            yield order


WORKLOADS = {
    workload.name: workload
    for workload in (
        MLP("iris", (4, 16, 3), batch=16, rows=3_200),
        MLP("digits", (64, 128, 64, 10), batch=64, rows=6_400),
        MLP("mnist", (784, 256, 128, 10), batch=128, rows=59_904),
        MLP("wide", (784, 1024, 1024, 10), batch=256, rows=59_904),
    )
}
