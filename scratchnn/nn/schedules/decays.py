"""Schedules that fall, in order of growing complexity."""

from __future__ import annotations

import math
from bisect import bisect_right
from itertools import pairwise
from typing import Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from scratchnn.nn.schedules.base import CountedSchedule, Schedule


class Constant(Schedule):
    """The factor is 1."""

    type: Literal["constant"] = "constant"

    def shape(self, step: int, steps: int, steps_per_epoch: int) -> float:
        """Always 1."""
        return 1.0


class Exponential(CountedSchedule):
    """gamma^k in epoch k (from 0), or with `by: step` at step k. As PyTorch's ExponentialLR stepped as often."""

    type: Literal["exponential"] = "exponential"
    by: Literal["step", "epoch"] = Field("epoch", description="Whether the factor changes at each step or each epoch.")
    gamma: float = Field(0.95, gt=0, le=1, description="What the factor is multiplied with each time.")

    def curve(self, k: int, n: int) -> float:
        """gamma^k."""
        return float(self.gamma**k)


class Step(Schedule):
    """gamma^floor(e / epochs_per_step) in epoch e (from 0). As PyTorch's StepLR stepped every epoch."""

    type: Literal["step"] = "step"
    epochs_per_step: int = Field(10, ge=1, description="Epochs from one change to the next.")
    gamma: float = Field(0.1, gt=0, le=1, description="What the factor is multiplied with at each change.")

    def shape(self, step: int, steps: int, steps_per_epoch: int) -> float:
        """gamma^(changes so far)."""
        return float(self.gamma ** (step // (steps_per_epoch * self.epochs_per_step)))


class MultiStep(CountedSchedule):
    """gamma^(milestones up to k) in epoch k (from 0), or with `by: step` at step k. As PyTorch's MultiStepLR."""

    type: Literal["multi_step"] = "multi_step"
    by: Literal["step", "epoch"] = Field("epoch", description="Whether milestones are epochs or steps.")
    milestones: list[int] = Field(min_length=1, description="Where the factor changes, in rising order.")
    gamma: float = Field(0.1, gt=0, le=1, description="What the factor is multiplied with at each milestone.")

    @model_validator(mode="after")
    def _rising(self) -> Self:
        if self.milestones[0] < 1 or any(left >= right for left, right in pairwise(self.milestones)):
            raise PydanticCustomError("milestones", "`milestones` must rise from 1 or more.")
        return self

    def curve(self, k: int, n: int) -> float:
        """gamma^(milestones up to k)."""
        return float(self.gamma ** bisect_right(self.milestones, k))


class Linear(CountedSchedule):
    """first + (final - first) k / n: a straight line. As PyTorch's LinearLR with total_iters = n."""

    type: Literal["linear"] = "linear"
    first: float = Field(1.0, ge=0, le=1, description="The factor at the beginning.")
    final: float = Field(0.0, ge=0, le=1, description="The factor at the end; the last step is one short of it.")

    def curve(self, k: int, n: int) -> float:
        """The line."""
        return self.first + (self.final - self.first) * min(k, n) / n


class Polynomial(CountedSchedule):
    """final + (1 - final) (1 - k / n)^power. As PyTorch's PolynomialLR with total_iters = n, for `final: 0`."""

    type: Literal["polynomial"] = "polynomial"
    power: float = Field(2.0, gt=0, allow_inf_nan=False, description="1 gives a line, more falls faster at first.")
    final: float = Field(0.0, ge=0, le=1, description="The factor at the end.")

    def curve(self, k: int, n: int) -> float:
        """The power of the part that is left."""
        return self.final + (1 - self.final) * float((1 - min(k, n) / n) ** self.power)


class InverseTime(CountedSchedule):
    """1 / (1 + rate k). Source: Robbins and Monro 1951, whose steps fall as 1 / k. As Keras' InverseTimeDecay."""

    type: Literal["inverse_time"] = "inverse_time"
    by: Literal["step", "epoch"] = Field("epoch", description="Whether the factor changes at each step or each epoch.")
    rate: float = Field(0.1, ge=0, allow_inf_nan=False, description="How fast the factor falls.")

    def curve(self, k: int, n: int) -> float:
        """1 / (1 + rate k)."""
        return 1 / (1 + self.rate * k)


class InverseSqrt(CountedSchedule):
    """sqrt(scale / (scale + k + 1)). With `warmup_steps` = `scale` it is the Noam schedule, its peak taken for 1.

    That is min(s / w, sqrt(w / s)) at step s = 1, 2, ... for w steps of warm-up; the original multiplies it with
    1 / sqrt(d w), d the width of the model. Source: Vaswani et al. 2017, section 5.3.
    """

    type: Literal["inverse_sqrt"] = "inverse_sqrt"
    scale: int = Field(1000, ge=1, description="After three times as many the factor is one half.")

    def curve(self, k: int, n: int) -> float:
        """The root."""
        return math.sqrt(self.scale / (self.scale + k + 1))


class Cosine(CountedSchedule):
    """final + (1 - final) (1 + cos(pi k / n)) / 2 at k of the n after the warm-up: half a wave from 1 to `final`.

    As PyTorch's CosineAnnealingLR with T_max = n; the last step is one short of `final`.
    Source: Loshchilov and Hutter 2017, without restarts.
    """

    type: Literal["cosine"] = "cosine"
    final: float = Field(0.0, ge=0, le=1, description="The factor at the end.")

    def curve(self, k: int, n: int) -> float:
        """The half wave."""
        return self.final + (1 - self.final) * half_wave(min(k, n) / n)


class WarmupStableDecay(Schedule):
    """Warm-up, then 1, then a fall to `final` in the last `decay` of all steps.

    At q of the fall, from 0 to 1: linear 1 - q, cosine (1 + cos(pi q)) / 2, sqrt 1 - sqrt(q); times (1 - final) plus
    final. Source: Hu et al. 2024; the root: Haegele et al. 2024.
    """

    type: Literal["warmup_stable_decay"] = "warmup_stable_decay"
    warmup_epochs: float = Field(
        1, ge=0, allow_inf_nan=False, description="Epochs of linear warm-up, added to warmup_steps."
    )
    decay: float = Field(0.2, gt=0, le=1, description="Share of the steps after the warm-up in which the factor falls.")
    curve: Literal["linear", "cosine", "sqrt"] = Field("sqrt", description="How it falls.")
    final: float = Field(0.0, ge=0, le=1, description="The factor at the end; the last step is one short of it.")

    def shape(self, step: int, steps: int, steps_per_epoch: int) -> float:
        """1, then the fall."""
        length = max(round(self.decay * steps), 1)
        fallen = min(max(step - (steps - length), 0) / length, 1.0)
        left = {"linear": 1 - fallen, "cosine": half_wave(fallen), "sqrt": 1 - math.sqrt(fallen)}[self.curve]
        return self.final + (1 - self.final) * left


def half_wave(share: float) -> float:
    """From 1 at 0 to 0 at 1."""
    return (1 + math.cos(math.pi * share)) / 2
