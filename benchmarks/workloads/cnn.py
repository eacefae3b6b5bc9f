"""A convolutional network."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

from benchmarks.workloads.workload import Array, Layers, Workload, he_normal

KERNEL, POOL = 5, 2


@dataclass(frozen=True, kw_only=True)
class CNN(Workload):
    """The network of configs/mnist_cnn.yaml on images of one channel.

    For each of `filters` a 5x5 convolution without padding, relu and 2x2 max pooling; then a dense layer with relu and
    one without, a dropout before each.
    """

    size: int
    filters: tuple[int, ...]
    units: int
    outputs: int
    dropout: tuple[float, ...]

    @property
    def title(self) -> str:
        """conv32-conv64-128-10 (64)."""
        convolutions = "".join(f"conv{filters}-" for filters in self.filters)
        return f"{convolutions}{self.units}-{self.outputs} ({self.batch})"

    @property
    def shape(self) -> tuple[int, ...]:
        """Channels last."""
        return (self.size, self.size, 1)

    def layers(self) -> Layers:
        """As the config has them."""
        convolutions = [
            layer
            for filters in self.filters
            for layer in (
                {"type": "conv2d", "filters": filters, "kernel_size": KERNEL, "activation": "relu"},
                {"type": "max_pool2d", "pool_size": POOL},
            )
        ]
        head = [
            {"type": "dense", "units": self.units, "activation": "relu"},
            {"type": "dense", "units": self.outputs},
        ]
        drops = [{"type": "dropout", "rate": rate} for rate in self.dropout]
        dense = [layer for pair in zip(drops, head, strict=True) for layer in pair] if drops else head
        return [*convolutions, {"type": "flatten"}, *dense]

    def weights(self) -> dict[str, Array]:
        """`(rows, columns, in, out)` of each convolution and `(in, out)` of each dense layer, He-normal."""
        side, channels = self.size, 1
        shapes: list[tuple[int, ...]] = []
        for filters in self.filters:
            shapes.append((KERNEL, KERNEL, channels, filters))
            side, channels = (side - KERNEL + 1) // POOL, filters
        shapes += [(side * side * channels, self.units), (self.units, self.outputs)]
        places = [index for index, layer in enumerate(self.layers()) if layer["type"] in ("conv2d", "dense")]
        return he_normal({f"{place}.weight": shape for place, shape in zip(places, shapes, strict=True)})

    def without_dropout(self) -> Self:
        """The same first weights and batches."""
        return replace(self, dropout=())
