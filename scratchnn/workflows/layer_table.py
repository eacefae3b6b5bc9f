"""The table of a network's layers: what `summary` prints and a report shows."""

from __future__ import annotations

from dataclasses import dataclass

from scratchnn.nn.arena import walk_params
from scratchnn.nn.network import Network


@dataclass(frozen=True)
class LayerRow:
    """One layer of the table; `flops` are those of one sample's forward pass."""

    index: int
    tag: str
    output: tuple[int, ...]
    parameters: int
    flops: int


def layer_rows(network: Network) -> list[LayerRow]:
    """A row for each layer, first to last."""
    rows = []
    for index, (layer, plan) in enumerate(zip(network.layers, network.chain.plans, strict=True)):
        count = sum(network.arena.slots[f"{index}.{name}"].size for name, _ in walk_params(plan))
        rows.append(LayerRow(index, layer.tag(), plan.output.shape, count, plan.flops))
    return rows
