"""Arrays and who owns them: what a layer asks for (`Buffer`), what it gets (`Memory`), what a pass carries (`Pass`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Buffer:
    """An array that the network allocates once. With `per_sample` its first axis is the batch, not named in `shape`.

    "float" is the network's own dtype; "float32" stays so in a float64 network, for draws that must not depend on it.
    With `rows` there are so many rows for each sample: the first axis is batch * rows.
    `fill` makes it a constant: it is filled once and must never be written to.
    """

    shape: Shape = ()
    dtype: Literal["float", "float32", "bool", "ids"] = "float"
    per_sample: bool = True
    fill: float | None = None
    rows: int = 1


class Memory:
    """Views of the allocated arrays for one batch size, made once: `mem.params.weight`, `mem.saved.mask`, ...

    `program` is the plan's: what the layer worked out while planning. `bound` is the layer's own, for what it works out
    once for this batch size (views, steps); it is None at first. `path` begins the names of its parameters: `3.0.`.
    """

    __slots__ = ("bound", "children", "grads", "params", "path", "program", "saved", "scratch", "state")

    def __init__(self, path: str = "") -> None:
        self.path = path
        self.params = SimpleNamespace()
        self.grads = SimpleNamespace()
        self.saved = SimpleNamespace()
        self.scratch = SimpleNamespace()
        self.state = SimpleNamespace()
        self.children: dict[str, Memory] = {}
        self.program: Any = None
        self.bound: Any = None


@dataclass(slots=True)
class Pass:
    """What one forward and backward pass share: the mode, the randomness, and the real steps `(B, T)` of sequences.

    For layers that add to the loss: `weights` are those `(B,)` of the samples, all 1 where absent, and `total`, which
    only backward may read, is what the summed loss is divided by. Such a layer adds its summed, weighted penalty to
    `penalty`, which whoever runs the pass sets back to 0, and the gradient of this sum over `total` to `dx`.

    Outside of training, `sampling` leaves dropout on, and nothing else that training does (Monte Carlo dropout).

    `frozen` are the paths of layers that keep their running statistics and work with them also while training.
    Backward of the whole network ends at the layer `lowest`: below it no gradient is computed.

    `before_layer` is called for each layer of a chain before its forward, with the same arguments and the layer first.
    """

    training: bool = False
    rng: np.random.Generator = field(default_factory=lambda: np.random.Generator(np.random.PCG64(0)))
    mask: Array | None = None
    weights: Array | None = None
    total: float = 1.0
    penalty: float = 0.0
    before_layer: Callable[[Any, Array, Array, Memory, Pass], None] | None = None
    sampling: bool = False
    frozen: frozenset[str] = frozenset()
    lowest: int = 0

    def learns_statistics(self, path: str) -> bool:
        """Whether the layer whose names begin with `path` works on the batch's own statistics, and keeps them."""
        return self.training and path not in self.frozen

    @property
    def drops(self) -> bool:
        """Whether dropout is on."""
        return self.training or self.sampling


def transfer(source: Array, target: Array) -> None:
    """Copies the numbers into an array of another or the same shape, unless both share their storage already."""
    if not np.may_share_memory(source, target):
        target[...] = source.reshape(target.shape)
