"""Dense layers."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.workloads.workload import Array, Layers, Workload, he_normal


@dataclass(frozen=True, kw_only=True)
class MLP(Workload):
    """Dense layers with relu between them and a softmax cross-entropy on the last."""

    widths: tuple[int, ...]

    @property
    def title(self) -> str:
        """4-16-3 (16)."""
        return f"{'-'.join(map(str, self.widths))} ({self.batch})"

    @property
    def shape(self) -> tuple[int, ...]:
        """A row of numbers."""
        return self.widths[:1]

    def layers(self) -> Layers:
        """Each with its activation."""
        hidden = [{"type": "dense", "units": units, "activation": "relu"} for units in self.widths[1:-1]]
        return [*hidden, {"type": "dense", "units": self.widths[-1]}]

    def weights(self) -> dict[str, Array]:
        """`(in, out)` of each layer, He-normal."""
        shapes = zip(self.widths, self.widths[1:], strict=False)
        return he_normal({f"{index}.weight": shape for index, shape in enumerate(shapes)})
