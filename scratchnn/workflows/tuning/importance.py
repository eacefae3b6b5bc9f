"""How much each key had to do with good trials."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from scratchnn.workflows.tuning.study import quiet

if TYPE_CHECKING:
    from optuna import Study

FEWEST = 4


def importance_of(study: Study) -> dict[str, float]:
    """The importance of each key as shares of 1, the largest first; empty where too few trials are completed.

    Variant: PED-ANOVA, the divergence of the density of a key among the best tenth of the trials from that among all;
    conditional keys included. It needs no library beside NumPy. Source: Watanabe et al. 2023.
    """
    from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances
    from optuna.trial import TrialState

    with quiet():
        done = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        if len(done) < FEWEST:
            return {}
        shares = get_param_importances(study, evaluator=PedAnovaImportanceEvaluator())
    return {name: float(share) for name, share in shares.items() if math.isfinite(share)}
