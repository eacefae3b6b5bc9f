"""Whether a network of sequences looks ahead."""

from __future__ import annotations

import numpy as np

from scratchnn.nn.memory import Array
from scratchnn.nn.network import Network

SAME = 1e-5  # of the largest output


def looks_ahead(network: Network, rng: np.random.Generator) -> bool:
    """Whether outputs `(T, ...)` at some steps change when ids `(T,)` of later steps do.

    Compares passes in inference mode whose ids differ from step 1 on, from the middle on, or at the last step: of steps
    that mix in equal groups some group holds both sides of one of these places. The parameters are moved by N(0, 0.1^2)
    for it, so that weights which start at 0 hide nothing, and put back. The network takes ids whose count is known.
    """
    steps = network.inputs.size
    parameters = network.arena.parameters
    kept = parameters.copy()
    parameters += 0.1 * rng.standard_normal(len(parameters))
    try:
        return any(_sees(network, cut, rng) for cut in sorted({1, steps // 2, steps - 1}) if 0 < cut < steps)
    finally:
        parameters[...] = kept


def _sees(network: Network, cut: int, rng: np.random.Generator) -> bool:
    """Whether outputs before the step `cut` change when every id from there on does."""
    steps, count = network.inputs.size, network.inputs.count
    first: Array = rng.integers(count, size=steps)
    second = first.copy()
    second[cut:] += 1 + rng.integers(count - 1, size=steps - cut)  # another id at each step
    with np.errstate(all="ignore"):
        one, other = (network.predict(ids[None] % count)[0, :cut] for ids in (first, second))
    return bool(np.abs(one - other).max(initial=0.0) > SAME * np.abs(one).max(initial=0.0))
