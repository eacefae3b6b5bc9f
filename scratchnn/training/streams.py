"""The named random streams of a run: each draws from its own generator, so that one never disturbs another."""

from __future__ import annotations

from typing import Any

import numpy as np

# A new one comes last, so that the draws of the others stay what they were.
NAMES = ("init", "shuffle", "dropout", "split", "augmentation")


class Streams:
    """One `Generator(PCG64)` for each purpose, all spawned from one seed.

    >>> first, second = Streams(7), Streams(7)
    >>> first.init.random() == second.init.random(), first.init.random() == second.shuffle.random()
    (True, False)
    """

    def __init__(self, seed: int) -> None:
        children = np.random.SeedSequence(seed).spawn(len(NAMES))
        generators = [np.random.Generator(np.random.PCG64(child)) for child in children]
        self.init, self.shuffle, self.dropout, self.split, self.augmentation = generators


def state_of(generator: np.random.Generator) -> dict[str, Any]:
    """The state of a PCG64 generator as plain JSON values (its integers have 128 bits: written as text)."""
    inner = generator.bit_generator.state
    return {
        "state": str(inner["state"]["state"]),
        "inc": str(inner["state"]["inc"]),
        "has_uint32": inner["has_uint32"],
        "uinteger": inner["uinteger"],
    }


def set_state(generator: np.random.Generator, state: dict[str, Any]) -> None:
    """Puts a generator where `state_of` found it.

    >>> generator = np.random.Generator(np.random.PCG64(1))
    >>> state = state_of(generator)
    >>> first = generator.random()
    >>> set_state(generator, state)
    >>> first == generator.random()
    True
    """
    generator.bit_generator.state = {
        "bit_generator": "PCG64",
        "state": {"state": int(state["state"]), "inc": int(state["inc"])},
        "has_uint32": int(state["has_uint32"]),
        "uinteger": int(state["uinteger"]),
    }
