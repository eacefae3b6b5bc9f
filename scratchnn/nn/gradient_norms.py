"""How long the gradient of each layer is: what tells of gradients that vanish or explode."""

from __future__ import annotations

import math

import numpy as np

from scratchnn.nn.arena import Arena
from scratchnn.nn.memory import Array


class GradientNorms:
    """The Euclidean norm of each layer's gradient, over all its parameters. Bound to an arena, which it only reads.

    A layer goes by the path of its parameters: `0` for `0.weight` and `0.bias`, `3.attention` inside of a composite.
    Whoever trains says with `want` whether the norms of the next step are to be known, and finds them in `found`.
    """

    def __init__(self, arena: Arena) -> None:
        self._by_layer: dict[str, list[Array]] = {}
        for name in arena.params:  # in the order of the layers
            slot = arena.slots[name]
            if slot.size:
                layer = name.rpartition(".")[0]
                self._by_layer.setdefault(layer, []).append(slot.view(arena.gradients).reshape(-1))
        self.wanted = False
        self.found: dict[str, float] = {}

    def want(self, wanted: bool) -> None:
        """Forgets the norms of the step before; tells whether those of the next one are to be measured."""
        self.wanted = wanted
        self.found = {}

    def take(self) -> None:
        """Measures where it is wanted."""
        if self.wanted:
            self.found = self.measure()

    def measure(self) -> dict[str, float]:
        """sqrt(sum g^2) for each layer, of the gradients as they are now.

        Squares that are too large for the arena's dtype are taken in float64.
        """
        norms = {}
        with np.errstate(over="ignore"):
            for layer, gradients in self._by_layer.items():
                square = sum(float(np.dot(gradient, gradient)) for gradient in gradients)
                if math.isinf(square):
                    square = sum(float(np.sum(np.square(gradient, dtype=np.float64))) for gradient in gradients)
                norms[layer] = math.sqrt(square) if square >= 0 else math.nan
        return norms
