"""The network: its shapes, its weights, and what flows through it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scratchnn.reporting.charts.small_multiples import histograms
from scratchnn.reporting.histogram import Histogram
from scratchnn.reporting.page import Section, Table


@dataclass(frozen=True)
class Layer:
    """A row of the shape table: parameters and floating-point operations of one sample's forward pass."""

    index: int
    tag: str
    output: tuple[int, ...]
    parameters: int
    flops: int


def network_section(
    inputs: tuple[int, ...],
    layers: Sequence[Layer],
    weights: Mapping[str, Histogram],
    activations: Mapping[str, Histogram],
    said_of_activations: str,
) -> Section:
    """The shape table, and histograms by layer. Without activations the sentence says why there are none."""
    section = Section("network", "Network")
    if weights:
        what = "The trained weights of each layer."
        section.charts.append(histograms("weights", "Weights by layer", what, weights))
    if activations:
        title = "Activations by layer"
        section.charts.append(histograms("activations", title, said_of_activations, activations, zeros=True))
    elif said_of_activations:
        section.says.append(said_of_activations)
    rows = [["input", "", _shape(inputs), "", ""]]
    rows += [
        [f"layers[{row.index}]", row.tag, _shape(row.output), f"{row.parameters:,}", f"{row.flops:,}"] for row in layers
    ]
    totals = [sum(row.parameters for row in layers), sum(row.flops for row in layers)]
    rows.append(["total", "", "", *(f"{total:,}" for total in totals)])
    header = ["", "type", "output", "parameters", "operations"]
    note = "Operations: floating-point ones of one sample's forward pass."
    section.tables.append(Table("Shapes", header, rows, left=3, note=note))
    return section


def _shape(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))
