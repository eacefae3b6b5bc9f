"""How the learning rate changes while training, in order of growing complexity."""

from __future__ import annotations

import math
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


class Exponential(Schedule):
    """gamma^e in epoch e (from 0): changes at the end of each epoch. As PyTorch's ExponentialLR stepped every epoch."""

    type: Literal["exponential"] = "exponential"
    gamma: float = Field(0.95, gt=0, le=1, description="What the factor is multiplied with after each epoch.")

    def shape(self, step: int, steps: int, steps_per_epoch: int) -> float:
        """gamma^epoch."""
        return float(self.gamma ** (step // steps_per_epoch))


class Step(Schedule):
    """gamma^floor(e / epochs_per_step) in epoch e (from 0). As PyTorch's StepLR stepped every epoch."""

    type: Literal["step"] = "step"
    epochs_per_step: int = Field(10, ge=1, description="Epochs from one change to the next.")
    gamma: float = Field(0.1, gt=0, le=1, description="What the factor is multiplied with at each change.")

    def shape(self, step: int, steps: int, steps_per_epoch: int) -> float:
        """gamma^(changes so far)."""
        return float(self.gamma ** (step // (steps_per_epoch * self.epochs_per_step)))


class Cosine(Schedule):
    """final + (1 - final) (1 + cos(pi k / n)) / 2 at step k of the n after the warm-up: half a wave from 1 to `final`.

    Changes at every step. As PyTorch's CosineAnnealingLR with T_max = n; the last step is one short of `final`.
    Source: Loshchilov and Hutter 2017, without restarts.
    """

    type: Literal["cosine"] = "cosine"
    final: float = Field(0.0, ge=0, le=1, description="The factor at the end.")

    def shape(self, step: int, steps: int, steps_per_epoch: int) -> float:
        """The half wave."""
        return self.final + (1 - self.final) * (1 + math.cos(math.pi * min(step, steps) / steps)) / 2
