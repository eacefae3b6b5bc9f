"""Which trials are ended early because others did better by then."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from scratchnn.component import Component

if TYPE_CHECKING:
    from optuna.pruners import BasePruner


class Pruner(Component):
    """The base of all pruners. They see the metric after each epoch."""

    family: ClassVar[str] = "pruner"

    def make(self, epochs: int) -> BasePruner:
        """Optuna's pruner, for trials of so many epochs."""
        raise NotImplementedError


class NoPruner(Pruner):
    """Lets every trial come to its end."""

    type: Literal["none"] = "none"

    def make(self, epochs: int) -> BasePruner:
        """Optuna's."""
        from optuna.pruners import NopPruner

        return NopPruner()


class Median(Pruner):
    """Ends a trial whose best figure so far is worse than the median of what the others had at that epoch."""

    type: Literal["median"] = "median"
    startup_trials: int = Field(5, ge=0, description="Trials that come to their end before any is ended.")
    warmup_epochs: int = Field(0, ge=0, description="Epochs of each trial in which it is not ended.")

    def make(self, epochs: int) -> BasePruner:
        """Optuna's, which counts from 0: its steps are our epochs minus one."""
        from optuna.pruners import MedianPruner

        return MedianPruner(n_startup_trials=self.startup_trials, n_warmup_steps=self.warmup_epochs + 1)


class Hyperband(Pruner):
    """Gives many trials few epochs and the best of them more, by several such brackets. Source: Li et al. 2018."""

    type: Literal["hyperband"] = "hyperband"
    min_epochs: int = Field(1, ge=1, description="The epochs that each trial has at least.")
    reduction_factor: int = Field(3, ge=2, description="Of so many trials one goes on.")

    def make(self, epochs: int) -> BasePruner:
        """Optuna's."""
        from optuna.pruners import HyperbandPruner

        return HyperbandPruner(
            min_resource=self.min_epochs,
            max_resource=max(epochs, self.min_epochs),
            reduction_factor=self.reduction_factor,
        )
