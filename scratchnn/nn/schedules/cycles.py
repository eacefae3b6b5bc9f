"""Schedules that rise and fall, in order of growing complexity."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from scratchnn.component import Settings
from scratchnn.nn.schedules.base import CountedSchedule, Schedule, Span
from scratchnn.nn.schedules.decays import half_wave


class CosineRestarts(CountedSchedule):
    """Half a cosine wave from 1 to `final` in `period` steps or epochs, again and again, each `growth` times longer.

    As PyTorch's CosineAnnealingWarmRestarts. Source: Loshchilov and Hutter 2017.
    """

    type: Literal["cosine_restarts"] = "cosine_restarts"
    by: Literal["step", "epoch"] = Field("epoch", description="Whether the period is in steps or epochs.")
    period: int = Field(10, ge=1, description="The length of the first wave.")
    growth: int = Field(1, ge=1, description="How many times longer each wave is than the one before.")
    final: float = Field(0.0, ge=0, le=1, description="The factor that each wave falls to.")

    def curve(self, k: int, n: int) -> float:
        """The wave."""
        period = self.period
        if self.growth == 1:
            k %= period
        while k >= period:
            k -= period
            period *= self.growth
        return self.final + (1 - self.final) * half_wave(k / period)


class MomentumCycle(Settings):
    """Momentum (or beta1) that falls as the learning rate rises, and the other way round."""

    low: float = Field(0.85, gt=0, lt=1, description="Where the learning rate is highest.")
    high: float = Field(0.95, gt=0, lt=1, description="Where the learning rate is lowest.")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low > self.high:
            raise PydanticCustomError("momentum", "`low` is above `high`.")
        return self


class Cyclic(CountedSchedule):
    """A triangle from `low` up to 1 in `up`, and down again in `down` steps or epochs, over and over.

    Its height above `low` is times 1 (triangular), 1/2 in each cycle (triangular2), or gamma^k (exp_range).
    As PyTorch's CyclicLR. Source: Smith 2017.
    """

    type: Literal["cyclic"] = "cyclic"
    low: float = Field(0.1, ge=0, le=1, description="The factor at the feet of the triangles.")
    up: int = Field(2000, ge=1, description="How long the factor rises.")
    down: int | None = Field(None, ge=1, description="How long it falls; absent: as long as it rises.")
    mode: Literal["triangular", "triangular2", "exp_range"] = Field("triangular", description="How the height changes.")
    gamma: float = Field(0.999, gt=0, le=1, description="Of exp_range.")
    momentum_cycle: MomentumCycle | None = Field(None, description="Momentum that cycles too; none when absent.")

    def curve(self, k: int, n: int) -> float:
        """The triangle."""
        return self.low + (1 - self.low) * self._height(k)

    @property
    def cycles_momentum(self) -> bool:
        """Where the settings say so."""
        return self.momentum_cycle is not None

    def momentum(self, step: int, span: Span) -> float | None:
        """The triangle upside down; during the warm-up `high`."""
        cycle = self.momentum_cycle
        if cycle is None:
            return None
        k = step - self.warmup(span.steps_per_epoch)
        if self.by == "epoch":
            k //= span.steps_per_epoch
        return cycle.high - (cycle.high - cycle.low) * self._height(k) if k >= 0 else cycle.high

    def _height(self, k: int) -> float:
        down = self.down or self.up
        cycle, place = divmod(k, self.up + down)
        height = place / self.up if place <= self.up else 1 - (place - self.up) / down
        if self.mode == "triangular2":
            return height / 2.0**cycle
        return height * float(self.gamma**k) if self.mode == "exp_range" else height


class OneCycle(Schedule):
    """One rise from `first` to 1 in the share `rise` of the steps, then one fall to first * final.

    Momentum, or beta1, falls and rises against it. As PyTorch's OneCycleLR in two phases; the last step reaches the
    end. Source: Smith and Topin 2018.
    """

    type: Literal["one_cycle"] = "one_cycle"
    rise: float = Field(0.3, ge=0, le=1, description="Share of the steps in which the factor rises.")
    first: float = Field(0.04, gt=0, le=1, description="The factor at the beginning.")
    final: float = Field(1e-4, ge=0, le=1, description="The factor at the end, as a share of `first`.")
    curve: Literal["cosine", "linear"] = Field("cosine", description="How the factor rises and falls.")
    momentum_cycle: MomentumCycle | None = Field(None, description="Momentum that cycles too; none when absent.")

    def shape(self, step: int, steps: int, steps_per_epoch: int) -> float:
        """The rise and the fall."""
        rising, share = self._phase(step, steps)
        return self._between(self.first, 1.0, share) if rising else self._between(1.0, self.first * self.final, share)

    @property
    def cycles_momentum(self) -> bool:
        """Where the settings say so."""
        return self.momentum_cycle is not None

    def momentum(self, step: int, span: Span) -> float | None:
        """The fall and the rise; during the warm-up `high`."""
        cycle = self.momentum_cycle
        if cycle is None:
            return None
        warmup = self.warmup(span.steps_per_epoch)
        if step < warmup:
            return cycle.high
        rising, share = self._phase(step - warmup, max(span.steps - warmup, 1))
        return self._between(cycle.high, cycle.low, share) if rising else self._between(cycle.low, cycle.high, share)

    def _phase(self, step: int, steps: int) -> tuple[bool, float]:
        """Whether the factor rises, and the share of the rise or the fall that is done."""
        top = max(self.rise * steps - 1, 0.0)
        if step <= top:
            return True, step / top if top else 1.0
        return False, min((step - top) / (steps - 1 - top), 1.0) if steps - 1 > top else 1.0

    def _between(self, start: float, end: float, share: float) -> float:
        if self.curve == "cosine":
            return end + (start - end) * half_wave(share)
        return start + (end - start) * share
