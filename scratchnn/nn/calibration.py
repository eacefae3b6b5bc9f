"""Starting values that depend on data: layer by layer, each on what the layers before it give by then."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from scratchnn.nn.initializers import LSUV
from scratchnn.nn.layer import Layer
from scratchnn.nn.memory import Array, Memory, Pass


class Calibration:
    """Scales the weights that start as `lsuv`, by their names, on the way of a forward pass: `Pass.before_layer`.

    A weight is divided by the deviation of its layer's outputs before the activation: over all numbers of the first
    `samples` rows but those of padded steps, around their mean, in float64. Where they do not vary beyond rounding, or
    are not finite, it stays as it is. `rows` is the batch size.
    """

    def __init__(self, inits: Mapping[str, LSUV], rows: int) -> None:
        self._inits = inits
        self._rows = rows

    def __call__(self, layer: Layer, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        """Scales the weights of one layer that is about to run on x."""
        init = self._inits.get(f"{mem.path}weight")
        if init is None:
            return
        mask = run.mask
        for _ in range(init.iterations):
            run.mask = mask
            outputs = layer.pre_activation(x, y, mem, run)
            if outputs is None:
                break
            samples = min(init.samples, self._rows) * len(outputs) // self._rows  # steps may be seen as samples
            deviation = _deviation(outputs[:samples], None if run.mask is None else run.mask[:samples])
            if abs(deviation - 1) < init.tolerance or deviation == 0:
                break
            np.divide(mem.params.weight, deviation, out=mem.params.weight)
        run.mask = mask


def _deviation(outputs: Array, mask: Array | None) -> float:
    """The standard deviation of the numbers of real steps; 0 where it is rounding, or not finite."""
    if mask is not None and mask.shape == outputs.shape[:2]:
        outputs = outputs[mask]
    deviation = float(outputs.std(dtype=np.float64)) if outputs.size else 0.0
    rounding = float(np.finfo(outputs.dtype).eps * np.abs(outputs).max(initial=0))
    return deviation if rounding < deviation < np.inf else 0.0
