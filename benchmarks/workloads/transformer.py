"""A transformer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.workloads.workload import Array, Layers, Workload, he_normal


@dataclass(frozen=True, kw_only=True)
class Transformer(Workload):
    """One encoder block on steps of float numbers, the average over the steps, a dense layer.

    z = norm(x + attention(x)), y = norm(z + W_2 relu(W_1 z + b_1) + b_2): layer norms after the sums, biases
    everywhere, no mask, no positions, no embedding, no dropout.
    """

    steps: int
    features: int
    heads: int
    feed_forward: int
    outputs: int

    @property
    def title(self) -> str:
        """64x64 encoder256h4-10 (32): feed-forward width and heads of the encoder."""
        return f"{self.steps}x{self.features} encoder{self.feed_forward}h{self.heads}-{self.outputs} ({self.batch})"

    @property
    def shape(self) -> tuple[int, ...]:
        """Steps of numbers."""
        return (self.steps, self.features)

    def layers(self) -> Layers:
        """The block, the average, the dense layer."""
        block = {"heads": self.heads, "feed_forward": self.feed_forward, "activation": "relu", "norm_first": False}
        return [
            {"type": "transformer_encoder", **block, "dropout": 0.0},
            {"type": "global_avg_pool1d"},
            {"type": "dense", "units": self.outputs},
        ]

    def weights(self) -> dict[str, Array]:
        """He-normal; gains 1. Queries, keys and values are side by side, each `(features, features)`."""
        width, hidden = self.features, self.feed_forward
        weights = he_normal(
            {
                "0.0.branch.0.weight": (width, 3 * width),
                "0.0.branch.0.output_weight": (width, width),
                "0.2.branch.0.weight": (width, hidden),
                "0.2.branch.1.weight": (hidden, width),
                "2.weight": (width, self.outputs),
            }
        )
        return weights | {name: np.ones(width, np.float32) for name in ("0.1.gamma", "0.3.gamma")}
