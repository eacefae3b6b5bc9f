"""What every workload offers, and the data of all of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Layers = Sequence[Mapping[str, Any]]
LEARNING_RATE = 1e-3


@dataclass(frozen=True, kw_only=True)
class Workload(ABC):
    """A network with its first weights, its rows and the order of the batches. The same numbers for every library.

    `rows` is a multiple of `batch`: no batch is short.
    """

    name: str
    batch: int
    rows: int

    @property
    @abstractmethod
    def title(self) -> str:
        """For people, with the batch in brackets."""

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """Of one input, as scratchnn lays it out: images channels last, sequences (T, F)."""

    @abstractmethod
    def layers(self) -> Layers:
        """The network as a config of scratchnn writes it."""

    @abstractmethod
    def weights(self) -> dict[str, Array]:
        """The first parameters by scratchnn's names, in its layout. Those that are absent start at 0."""

    @property
    def classes(self) -> int:
        """How many there are to tell apart: the outputs of the last layer, which is dense."""
        return int(self.layers()[-1]["units"])

    @property
    def drops(self) -> bool:
        """Whether there is dropout, whose draws no two libraries share."""
        return any(layer["type"] == "dropout" for layer in self.layers())

    def without_dropout(self) -> Self:
        """The same workload, for comparing losses. One without dropout is that itself."""
        return self

    @property
    def steps_per_epoch(self) -> int:
        """Batches in one pass over the rows."""
        return self.rows // self.batch

    def data(self) -> tuple[Array, Array]:
        """Inputs `(rows, *shape)` float32 around one centre per class, and class ids `(rows,)` int64.

        A fifth of the ids is drawn anew: what cannot be learned keeps the gradients alive in a long run.
        """
        rng = np.random.default_rng(1)
        targets = rng.integers(self.classes, size=self.rows)
        centres = rng.standard_normal((self.classes, *self.shape), np.float32)
        rows = rng.standard_normal((self.rows, *self.shape), np.float32)
        rows += centres[targets]
        drawn_anew = rng.random(self.rows) < 0.2
        targets[drawn_anew] = rng.integers(self.classes, size=int(drawn_anew.sum()))
        return rows, targets

    def orders(self) -> Iterator[Array]:
        """For each epoch, without end, all row numbers in a new order (the same array)."""
        rng = np.random.default_rng(3)
        order = np.arange(self.rows)
        while True:
            rng.shuffle(order)
            yield order


def he_normal(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Array]:
    """Weights `(..., out)` of variance 2 / fan_in, drawn in this order."""
    rng = np.random.default_rng(2)
    return {
        name: rng.standard_normal(shape, np.float32) * np.float32(np.sqrt(2 / np.prod(shape[:-1])))
        for name, shape in shapes.items()
    }
