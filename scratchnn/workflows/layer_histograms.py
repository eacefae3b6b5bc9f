"""Histograms of a network's weights, and of what its layers give for some rows."""

from __future__ import annotations

import math

import numpy as np

from scratchnn.data.samples import Inputs
from scratchnn.nn.layer import Layer
from scratchnn.nn.memory import Array, Memory, Pass
from scratchnn.nn.network import Network
from scratchnn.reporting.histogram import Histogram

MOST_NUMBERS = 200_000
MOST_ROWS = 256


def layer_name(network: Network, path: str) -> str:
    """A layer's name for people from the path of its parameters: `3 lstm`, or `3.0 residual` inside of another."""
    index = path.partition(".")[0]
    return f"{path} {network.layers[int(index)].tag()}" if index.isdigit() else path


def weight_histograms(network: Network) -> dict[str, Histogram]:
    """The weights (not biases and gains) by layer. Of more than 200,000 numbers some evenly apart."""
    made = {}
    for name, param in network.arena.params.items():
        array = network.arena.slots[name].view(network.arena.parameters)
        if array.size and (param.decay or array.ndim > 1):
            path, _, own = name.rpartition(".")
            label = layer_name(network, path)
            made[label if own == "weight" else f"{label} {own}"] = Histogram.of(_some(array))
    return made


def activation_histograms(network: Network, inputs: Inputs) -> tuple[dict[str, Histogram], int]:
    """What each layer gives for the first rows, up to 256, without dropout and noise, and how many rows those were.

    Layers that pass on their inputs as they are have none.
    """
    rows = min(len(inputs), MOST_ROWS, network.predict_rows)
    batch = network.workspace(rows).batch(rows)
    batch.inputs[...] = inputs[:rows]
    made: dict[str, Histogram] = {}
    before = _some(batch.inputs).copy()

    def take(index: int, outputs: Array) -> None:
        nonlocal before
        chosen = _some(outputs)
        if not np.array_equal(chosen, before):
            before = chosen.copy()
            made[layer_name(network, str(index))] = Histogram.of(before)

    def before_layer(layer: Layer, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        """What goes into one of the network's own layers is what the one before it gives."""
        index = mem.path.removesuffix(".")
        if index.isdigit() and int(index) > 0:
            take(int(index) - 1, x)

    outputs = batch.forward(Pass(training=False, before_layer=before_layer))
    take(len(network.layers) - 1, outputs)
    return made, rows


def _some(array: Array) -> Array:
    """At most 200,000 numbers of an array, evenly apart, from every place of its last axis alike."""
    flat = array.reshape(-1)
    step = max(-(-len(flat) // MOST_NUMBERS), 1)
    while math.gcd(step, array.shape[-1]) > 1:
        step += 1
    return flat[::step]
