"""Whether a network of sequences looks ahead."""

from __future__ import annotations

import numpy as np

from scratchnn.nn.network import Network

SAME = 1e-5  # of the largest output


def looks_ahead(network: Network, rng: np.random.Generator) -> bool:
    """Whether outputs `(T, ...)` of the first half of the steps change when ids `(T,)` of the second half do.

    Compares two passes in inference mode at the parameters as they are; the network takes ids whose count is known.
    """
    steps, count = network.inputs.size, network.inputs.count
    half = steps // 2
    ids = rng.integers(count, size=(2, steps))
    ids[1, :half] = ids[0, :half]
    ids[1, half:] = (ids[0, half:] + 1 + rng.integers(count - 1, size=steps - half)) % count  # another at each step
    with np.errstate(all="ignore"):
        first, second = (network.predict(row[None])[0, :half] for row in ids)
    return bool(np.abs(first - second).max(initial=0.0) > SAME * np.abs(first).max(initial=0.0))
