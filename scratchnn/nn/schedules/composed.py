"""Schedules that follow the figures of a training, or other schedules."""

from __future__ import annotations

import math
from typing import Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from scratchnn.component import Settings
from scratchnn.nn.schedules.base import Schedule, State


class ReduceOnPlateau(Schedule):
    """Multiplies the factor with gamma when the monitored figure has not improved for more than `patience` epochs.

    The figure is that of early stopping, else the loss on validation rows, else on training rows. Better means, for a
    figure that should fall, below best (1 - threshold) or, with `mode: absolute`, below best - threshold. After each
    reduction `cooldown` epochs are not counted. As PyTorch's ReduceLROnPlateau with eps=0.
    """

    type: Literal["reduce_on_plateau"] = "reduce_on_plateau"
    gamma: float = Field(0.1, gt=0, lt=1, description="What the factor is multiplied with.")
    patience: int = Field(10, ge=0, description="Epochs without improvement that are borne.")
    threshold: float = Field(1e-4, ge=0, allow_inf_nan=False, description="How much better counts as an improvement.")
    mode: Literal["relative", "absolute"] = Field("relative", description="Whether the threshold is a share.")
    cooldown: int = Field(0, ge=0, description="Epochs after a reduction that are not counted.")
    floor: float = Field(0.0, ge=0, le=1, description="The smallest factor.")

    def shape(self, step: int, steps: int, steps_per_epoch: int) -> float:
        """1: all is in `reduction`."""
        return 1.0

    def start(self) -> State:
        """No best figure yet."""
        return {"best": None, "waited": 0, "cooling": 0, "factor": 1.0}

    def observe(self, state: State, figure: float, higher_is_better: bool) -> State:
        """Counts the epoch, and reduces the factor where the patience is used up."""
        best, waited, cooling, factor = state["best"], state["waited"] + 1, state["cooling"], state["factor"]
        if math.isfinite(figure) and (best is None or self._better(figure, best, 1 if higher_is_better else -1)):
            best, waited = figure, 0
        if cooling:
            cooling, waited = cooling - 1, 0
        if waited > self.patience:
            factor, cooling, waited = max(factor * self.gamma, self.floor), self.cooldown, 0
        return {"best": best, "waited": waited, "cooling": cooling, "factor": factor}

    def reduction(self, state: State) -> float:
        """The product so far."""
        return float(state["factor"])

    def _better(self, figure: float, best: float, sign: int) -> bool:
        margin = self.threshold * (best if self.mode == "relative" else 1.0)
        return sign * figure > sign * (best + sign * margin)


class Part(Settings):
    """One schedule of a sequence, and how long it lasts."""

    schedule: Schedule = Field(description="The schedule; its steps and epochs are counted from its own beginning.")
    steps: int = Field(0, ge=0, description="How many steps it lasts.")
    epochs: float = Field(0, ge=0, allow_inf_nan=False, description="How many epochs it lasts, added to the steps.")


class Sequence(Schedule):
    """One schedule after the other. Each sees its own part as the whole training. The last one takes what is left.

    As PyTorch's SequentialLR of schedules that are as long as their parts.
    """

    type: Literal["sequence"] = "sequence"
    parts: list[Part] = Field(min_length=1, description="The schedules; all but the last with steps or epochs.")

    @model_validator(mode="after")
    def _lengths(self) -> Self:
        if any(not (part.steps or part.epochs) for part in self.parts[:-1]):
            raise PydanticCustomError("sequence", "Give each schedule but the last its `steps` or `epochs`.")
        if self.parts[-1].steps or self.parts[-1].epochs:
            raise PydanticCustomError("sequence", "The last schedule takes what is left. Remove its `steps`, `epochs`.")
        for part in self.parts:
            if part.schedule.start() or part.schedule.cycles_momentum:
                message = "{tag} cannot stand in a sequence: it remembers figures, or cycles momentum."
                raise PydanticCustomError("sequence", message, {"tag": part.schedule.tag()})
        return self

    def shape(self, step: int, steps: int, steps_per_epoch: int) -> float:
        """The factor of the part that the step falls into."""
        for part in self.parts[:-1]:
            length = part.steps + round(part.epochs * steps_per_epoch)
            if step < length:
                return part.schedule.at(step, length, steps_per_epoch)
            step, steps = step - length, steps - length
        return self.parts[-1].schedule.at(step, max(steps, 1), steps_per_epoch)
