"""How the learning rate changes while training, in order of growing complexity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from pydantic import Field

from scratchnn.component import Component


@dataclass(frozen=True)
class Span:
    """How long a training is: what a schedule needs to know of it."""

    steps_per_epoch: int
    epochs: int

    @property
    def steps(self) -> int:
        """Steps in all."""
        return self.steps_per_epoch * self.epochs


class Schedule(Component):
    """The base of all schedules: a factor on the optimizer's learning rate for each step.

    Linear warm-up comes first: over `warmup_steps` or `warmup_epochs` the factor rises from `warmup_from` to 1 of
    what the schedule says; the schedule itself starts after the warm-up.
    """

    family: ClassVar[str] = "schedule"
    warmup_steps: int = Field(0, ge=0, description="Steps of linear warm-up.")
    warmup_epochs: float = Field(0, ge=0, description="Epochs of linear warm-up, added to warmup_steps.")
    warmup_from: float = Field(0.0, ge=0, le=1, description="The factor before the first step of the warm-up.")

    def factor(self, step: int, span: Span) -> float:
        """The factor for step 0, 1, 2, ... of the training."""
        warmup = self.warmup_steps + round(self.warmup_epochs * span.steps_per_epoch)
        if step < warmup:
            return self.warmup_from + (1 - self.warmup_from) * (step + 1) / warmup
        return self.shape(step - warmup, max(span.steps - warmup, 1), span.steps_per_epoch)

    def shape(self, step: int, steps: int, steps_per_epoch: int) -> float:
        """The factor at a step after the warm-up, of `steps` in all."""
        raise NotImplementedError


class Constant(Schedule):
    """The factor is 1."""

    type: Literal["constant"] = "constant"

    def shape(self, step: int, steps: int, steps_per_epoch: int) -> float:
        """Always 1."""
        return 1.0
