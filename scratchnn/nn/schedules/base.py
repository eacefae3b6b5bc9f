"""What all schedules share: the length of a training, warm-up, counting in steps or epochs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from pydantic import Field

from scratchnn.component import Component

State = Mapping[str, Any]


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

    Linear warm-up comes first: step k of n (from 0) has the factor warmup_from + (1 - warmup_from) (k + 1) / n, so the
    last one has 1, and even with `warmup_from: 0` no step is lost. After it the schedule starts, its epochs counted
    from there. Variant: PyTorch's SequentialLR of a LinearLR of n - 1 steps that starts at the factor of step 0.
    """

    family: ClassVar[str] = "schedule"
    warmup_steps: int = Field(0, ge=0, description="Steps of linear warm-up.")
    warmup_epochs: float = Field(
        0, ge=0, allow_inf_nan=False, description="Epochs of linear warm-up, added to warmup_steps."
    )
    warmup_from: float = Field(0.0, ge=0, le=1, description="The factor before the first step of the warm-up.")

    def factor(self, step: int, span: Span, state: State | None = None) -> float:
        """The factor for step 0, 1, 2, ... of the training."""
        factor = self.at(step, span.steps, span.steps_per_epoch)
        return factor * self.reduction(state) if state else factor

    def at(self, step: int, steps: int, steps_per_epoch: int) -> float:
        """The factor at a step of `steps`, the warm-up among them."""
        warmup = self.warmup_steps + round(self.warmup_epochs * steps_per_epoch)
        if step < warmup:
            return self.warmup_from + (1 - self.warmup_from) * (step + 1) / warmup
        return self.shape(step - warmup, max(steps - warmup, 1), steps_per_epoch)

    def warmup(self, steps_per_epoch: int) -> int:
        """Steps of warm-up."""
        return self.warmup_steps + round(self.warmup_epochs * steps_per_epoch)

    @property
    def cycles_momentum(self) -> bool:
        """Whether `momentum` gives numbers."""
        return False

    def momentum(self, step: int, span: Span) -> float | None:
        """The optimizer's momentum or beta1 for a step, where the schedule cycles it; else None."""
        return None

    def start(self) -> State:
        """What the schedule remembers of the epochs, before the first one: plain JSON."""
        return {}

    def observe(self, state: State, figure: float, higher_is_better: bool) -> State:
        """What it remembers after an epoch with this monitored figure."""
        return state

    def reduction(self, state: State) -> float:
        """A further factor from what it remembers."""
        return 1.0

    def shape(self, step: int, steps: int, steps_per_epoch: int) -> float:
        """The factor at a step after the warm-up, of `steps` in all."""
        raise NotImplementedError


class CountedSchedule(Schedule):
    """A schedule whose factor depends on k of n: steps after the warm-up or, with `by: epoch`, epochs.

    Then k is that of the epoch's first step, and the factor changes at the end of each epoch.
    """

    by: Literal["step", "epoch"] = Field("step", description="Whether the factor changes at each step or each epoch.")

    def shape(self, step: int, steps: int, steps_per_epoch: int) -> float:
        """The curve at the step or the epoch."""
        if self.by == "epoch":
            return self.curve(step // steps_per_epoch, max(-(-steps // steps_per_epoch), 1))
        return self.curve(step, steps)

    def curve(self, k: int, n: int) -> float:
        """The factor at k = 0, 1, ..., of n in all."""
        raise NotImplementedError
