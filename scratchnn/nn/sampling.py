"""Drawing the next class from logits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scratchnn.nn.memory import Array


@dataclass(frozen=True)
class Sampler:
    """Draws from softmax(z / temperature) of what `top_k` and then `top_p` leave; temperature 0 takes the largest z.

    top_k keeps the k most probable classes, top_p the fewest whose probabilities reach p together, at least one. Of
    equal classes the first is kept. Sources: Fan et al. 2018 (top_k), Holtzman et al. 2020 (top_p).
    """

    temperature: float = 1.0
    top_k: int | None = None
    top_p: float | None = None

    def probabilities(self, logits: Array) -> Array:
        """The probability of each class `(C,)` in float64, of finite logits `(C,)`; -inf is never drawn.

        >>> Sampler(top_k=2).probabilities(np.log([0.5, 0.2, 0.3])).round(3).tolist()
        [0.625, 0.0, 0.375]
        """
        z = np.asarray(logits, np.float64)
        z = z - z.max()
        if self.temperature == 0:
            return np.asarray(np.arange(len(z)) == z.argmax(), np.float64)
        order = np.argsort(-z, kind="stable")
        with np.errstate(over="ignore"):  # a tiny temperature makes -inf of what is not the largest
            powers: Array = np.exp(z / self.temperature)
        powers[order[self.top_k :] if self.top_k is not None else []] = 0
        powers /= powers.sum()
        if self.top_p is not None:
            before = np.cumsum(powers[order])[:-1]  # of each class but the first, what the more probable ones have
            powers[order[1:][before >= self.top_p]] = 0
            powers /= powers.sum()
        return powers

    def draw(self, logits: Array, rng: np.random.Generator) -> int:
        """A class. Takes one number of `rng`, whatever the settings."""
        sums = np.cumsum(self.probabilities(logits))
        place = int(np.searchsorted(sums, rng.random() * sums[-1], side="right"))
        return min(place, int(np.searchsorted(sums, sums[-1])))  # rounding must not lead behind the last that can be
