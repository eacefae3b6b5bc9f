"""Random inputs and parameters, for checks."""

from __future__ import annotations

import numpy as np

from scratchnn.nn.layer import InputSpec
from scratchnn.nn.memory import Array
from scratchnn.nn.network import Network


def scatter(network: Network, rng: np.random.Generator) -> None:
    """Initializes a network and moves every parameter off its special value (0, 1) by N(0, 0.1^2)."""
    network.initialize(rng)
    for slot in network.arena.slots.values():
        array = slot.view(network.arena.parameters)
        array += 0.1 * rng.standard_normal(slot.shape)


def random_inputs(inputs: InputSpec, rows: int, rng: np.random.Generator) -> Array:
    """N(0, 1) for numbers, any code for columns of codes, any id; 0 or 1 for ids of unknown range.

    Among codes and ids there may be padding, among numbers there is none.
    """
    if inputs.kind == "ids" and not inputs.columns:
        return rng.integers(inputs.count or 2, size=(rows, *inputs.shape))
    batch: Array = rng.standard_normal((rows, *inputs.shape))
    start = 0
    for column in inputs.columns:
        if column.codes is not None:
            places = (rows, *inputs.shape[:-1], column.width)
            batch[..., start : start + column.width] = rng.integers(column.codes, size=places)
        start += column.width
    return batch


def number_entries(inputs: InputSpec, rows: int) -> Array:
    """The flat indexes of inputs that are numbers, not codes."""
    entries = np.arange(rows * inputs.size).reshape(rows, *inputs.shape)
    numbers = [column.codes is None for column in inputs.columns for _ in range(column.width)]
    return (entries[..., numbers] if inputs.columns else entries).reshape(-1)
