"""A sampler for Optuna that is made anew for each trial, from a seed that depends on its number alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from scratchnn.tuning.samplers import Sampler
from scratchnn.tuning.spaces import Drawn

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler


def trial_seed(seed: int, number: int) -> int:
    """The seed of the sampler of one trial."""
    return int(np.random.SeedSequence([seed, number]).generate_state(1)[0])


def seeded(sampler: Sampler, seed: int, points: Sequence[Mapping[str, Drawn]] | None) -> BaseSampler:
    """The sampler of a study. Where there are `points`, trial n has the values of the n-th of them."""
    from optuna.distributions import BaseDistribution
    from optuna.samplers import BaseSampler
    from optuna.study import Study
    from optuna.trial import FrozenTrial, TrialState

    class Seeded(BaseSampler):
        """Optuna asks one and the same object in every trial; this one passes on to that of the trial."""

        def __init__(self) -> None:
            self._own = sampler.make(trial_seed(seed, 0))

        def before_trial(self, study: Study, trial: FrozenTrial) -> None:
            self._own = sampler.make(trial_seed(seed, trial.number))
            self._own.before_trial(study, trial)

        def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
            return {} if points is not None else self._own.infer_relative_search_space(study, trial)

        def sample_relative(
            self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
        ) -> dict[str, Any]:
            return {} if points is not None else self._own.sample_relative(study, trial, search_space)

        def sample_independent(
            self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
        ) -> Any:
            if points is not None:
                return points[trial.number][param_name]
            return self._own.sample_independent(study, trial, param_name, param_distribution)

        def after_trial(
            self, study: Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None
        ) -> None:
            self._own.after_trial(study, trial, state, values)

        def reseed_rng(self) -> None:
            """There is nothing to do: the seed is that of the trial, in whichever process."""

    return Seeded()
