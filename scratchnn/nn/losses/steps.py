"""A loss on every step of a sequence."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from scratchnn.nn.layer import InputSpec, Plan
from scratchnn.nn.losses.loss import Loss, TargetSpec
from scratchnn.nn.memory import Array, Buffer, Memory


class EachStep(Loss):
    """The inner loss with each of the T steps of a sample as a sample of its own. Not for configs: no tag.

    Outputs `(B, T, C)` or `(B, T C)`, targets `(B, T)`, weights `(B,)` or `(B, T)`: 0 where a step is padding. Every
    step weighs the same, so the mean is over the B T steps.
    """

    inner: Loss = Field(description="The loss of one step.")
    steps: int = Field(ge=1, description="T.")

    @property
    def title(self) -> str:
        """That of the inner loss."""
        return self.inner.title

    @property
    def targets_per_sample(self) -> int:
        """T."""
        return self.steps

    def wants_raw_targets(self) -> bool:
        """As the inner loss."""
        return self.inner.wants_raw_targets()

    def wants_ordered_classes(self) -> bool:
        """As the inner loss."""
        return self.inner.wants_ordered_classes()

    def reads_outputs_as_they_are(self) -> bool:
        """As the inner loss."""
        return self.inner.reads_outputs_as_they_are()

    def sample_targets(self, target: TargetSpec, rows: int, rng: np.random.Generator) -> Array:
        """Those of the inner loss `(rows, T)`."""
        return self.inner.sample_targets(target, rows * self.steps, rng).reshape(rows, self.steps)

    def output_size(self, target: TargetSpec) -> int:
        """C, as many as the inner loss needs."""
        return self.inner.output_size(target)

    def plan(self, outputs: InputSpec) -> Plan:
        """That of the inner loss for T rows a sample, and a weight for each step."""
        inner = self.inner.plan(outputs.reshaped(outputs.size // self.steps)).for_rows(self.steps)
        return Plan(outputs, children={"step": inner}, scratch={"weights": Buffer((self.steps,))})

    def evaluate(
        self, outputs: Array, targets: Array, weights: Array | None, total: float, gradient: Array | None, mem: Memory
    ) -> float:
        """The sum over all steps; `total` is the sum of their weights."""
        if weights is not None and weights.ndim == 1:
            mem.scratch.weights[...] = weights[:, None]
            weights = mem.scratch.weights
        return self.inner.evaluate(
            self._rows(outputs),
            targets.reshape(-1),
            None if weights is None else weights.reshape(-1),
            total,
            None if gradient is None else self._rows(gradient),
            mem.children["step"],
        )

    def predictions(self, outputs: Array) -> Array:
        """Class probabilities of each step `(N, T, classes)`."""
        made = self.inner.predictions(self._rows(outputs))
        return made.reshape(len(outputs), -1, *made.shape[1:])

    def log_likelihoods(self, outputs: Array, targets: Array) -> Array:
        """Of each step `(N, T)`."""
        return self.inner.log_likelihoods(self._rows(outputs), targets.reshape(-1)).reshape(targets.shape)

    def _rows(self, array: Array) -> Array:
        """A row for each step `(B T, C)`; outputs `(B, T, C)` may have another T than the targets."""
        return array.reshape(-1, array.shape[-1] if array.ndim == 3 else array.shape[-1] // self.steps)


def fitted(loss: Loss, target: TargetSpec) -> Loss:
    """The loss for these targets: where they have steps, on each of them."""
    if not target.steps or isinstance(loss, EachStep):
        return loss
    return EachStep(inner=loss, steps=target.steps)
