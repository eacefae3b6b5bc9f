"""A recurrent network."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.workloads.workload import Array, Layers, Workload, he_normal


@dataclass(frozen=True, kw_only=True)
class LSTM(Workload):
    """The network of configs/mnist_lstm.yaml: a long short-term memory, and a dense layer on its last output."""

    steps: int
    features: int
    units: int
    outputs: int

    @property
    def title(self) -> str:
        """28x28 lstm128-10 (64)."""
        return f"{self.steps}x{self.features} lstm{self.units}-{self.outputs} ({self.batch})"

    @property
    def shape(self) -> tuple[int, ...]:
        """Steps of numbers."""
        return (self.steps, self.features)

    def layers(self) -> Layers:
        """The output of the last step goes on."""
        return [{"type": "lstm", "units": self.units}, {"type": "dense", "units": self.outputs}]

    def weights(self) -> dict[str, Array]:
        """He-normal, those of the gates at half of it; biases 1 for the forget gate. Gates are (i, f, g, o)."""
        cell, gates = "0.0.forward", 4 * self.units
        weights = he_normal(
            {
                f"{cell}.weight": (self.features, gates),
                f"{cell}.recurrent_weight": (self.units, gates),
                "1.weight": (self.units, self.outputs),
            }
        )
        for name in (f"{cell}.weight", f"{cell}.recurrent_weight"):
            weights[name] *= np.float32(0.5)
        bias = np.zeros(gates, np.float32)
        bias[self.units : 2 * self.units] = 1
        return weights | {f"{cell}.bias": bias}
