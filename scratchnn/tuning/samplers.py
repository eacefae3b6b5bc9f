"""How a search chooses what to try next, in order of growing complexity.

Each trial has a sampler of its own, seeded from the config's seed and the number of the trial: what trial 7 draws at
random does not depend on which process runs it, or on how often the search was stopped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from scratchnn.component import Component
from scratchnn.errors import ConfigError
from scratchnn.tuning.extras import INSTALL, require
from scratchnn.tuning.spaces import Drawn, Space, grid_points

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler

MOST_POINTS = 100_000


class Sampler(Component):
    """The base of all samplers."""

    family: ClassVar[str] = "sampler"
    needs: ClassVar[tuple[str, ...]] = ()
    install: ClassVar[str] = INSTALL

    def check(self) -> None:
        """Raises `UsageError` where a library lacks that it needs."""
        require(self.needs, f"the sampler {self.tag()}", "tune.sampler", self.install)

    def points(self, space: Mapping[str, Space]) -> Sequence[Mapping[str, Drawn]] | None:
        """All that there is to try, by the number of the trial; None where there is no end."""
        return None

    def make(self, seed: int) -> BaseSampler:
        """Optuna's sampler."""
        raise NotImplementedError


class Random(Sampler):
    """Draws each value by chance."""

    type: Literal["random"] = "random"

    def make(self, seed: int) -> BaseSampler:
        """Optuna's."""
        from optuna.samplers import RandomSampler

        return RandomSampler(seed=seed)


class Grid(Sampler):
    """Tries every combination once, in order; the last key changes fastest."""

    type: Literal["grid"] = "grid"
    points_per_range: int = Field(
        5, ge=2, description="Values of a range that has no step, or of whole numbers where there are more."
    )

    def points(self, space: Mapping[str, Space]) -> Sequence[Mapping[str, Drawn]]:
        """Every combination. Raises `ConfigError` where they are too many."""
        made = grid_points(space, self.points_per_range, MOST_POINTS)
        if made is None:
            hint = "Use fewer values, or the sampler random."
            raise ConfigError(f"the grid has more than {MOST_POINTS:,} points", where="tune.sampler", hint=hint)
        return made

    def make(self, seed: int) -> BaseSampler:
        """Never drawn from: every value is one of `points`."""
        return Random().make(seed)


class TPE(Sampler):
    """Draws where good trials were denser than bad ones, by a tree of Parzen estimators.

    Variant: those that run count as bad, so that workers side by side spread out. Source: Bergstra et al. 2011.
    """

    type: Literal["tpe"] = "tpe"
    startup_trials: int = Field(10, ge=0, description="Trials that are drawn by chance before.")
    multivariate: bool = Field(False, description="Whether one density is of all keys together.")

    def make(self, seed: int) -> BaseSampler:
        """Optuna's."""
        from optuna.samplers import TPESampler

        return TPESampler(
            seed=seed,
            n_startup_trials=self.startup_trials,
            multivariate=self.multivariate,
            group=self.multivariate,
            constant_liar=True,
        )


class CMAES(Sampler):
    """Draws from a normal distribution whose mean and covariance follow the good trials.

    For numbers alone: choices and conditional keys are drawn by chance. Source: Hansen and Ostermeier 2001.
    """

    type: Literal["cma_es"] = "cma_es"
    needs: ClassVar[tuple[str, ...]] = ("cmaes",)
    startup_trials: int = Field(1, ge=1, description="Trials that are drawn by chance before.")

    def make(self, seed: int) -> BaseSampler:
        """Optuna's."""
        from optuna.samplers import CmaEsSampler, RandomSampler

        return CmaEsSampler(
            seed=seed,
            n_startup_trials=self.startup_trials,
            independent_sampler=RandomSampler(seed=seed),
            warn_independent_sampling=False,
        )


class GP(Sampler):
    """Draws where a Gaussian process expects the most improvement: for few, long trials.

    Conditional keys are drawn by chance. Source: Jones et al. 1998; Optuna's needs PyTorch and SciPy.
    """

    type: Literal["gp"] = "gp"
    needs: ClassVar[tuple[str, ...]] = ("torch", "scipy")
    install: ClassVar[str] = "pip install torch scipy"
    startup_trials: int = Field(10, ge=1, description="Trials that are drawn by chance before.")

    def make(self, seed: int) -> BaseSampler:
        """Optuna's."""
        from optuna.samplers import GPSampler, RandomSampler

        return GPSampler(
            seed=seed,
            n_startup_trials=self.startup_trials,
            independent_sampler=RandomSampler(seed=seed),
            warn_independent_sampling=False,
        )
