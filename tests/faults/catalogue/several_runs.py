"""Faults in what is made of several runs: cross-validation, ensembles, comparisons."""

from __future__ import annotations

from tests.faults.fault import Fault

CROSSVAL = "workflows/test_crossval.py"
OUT_OF_FOLD = "workflows/test_out_of_fold.py"
ENSEMBLES = "workflows/test_ensembles.py"

FAULTS = (
    Fault(
        "folds-of-one-repeat",
        "workflows/folding.py",
        'own = {"fold": fold} if first is None else {"fold": fold, "repeat": repeat}',
        'own = {"fold": fold}',
        "every repeat has the same folds",
        "workflows/test_folding.py",
    ),
    Fault(
        "spread-of-a-population",
        "workflows/spread.py",
        "from statistics import fmean, stdev",
        "from statistics import fmean, pstdev as stdev",
        "the standard deviation divides by n",
        f"{CROSSVAL} -k five_times",
    ),
    Fault(
        "pooled-classes-by-place",
        "workflows/out_of_fold.py",
        "targets=places[scored.targets]",
        "targets=scored.targets",
        "a fold that lacks a class takes another for its own",
        OUT_OF_FOLD,
    ),
    Fault(
        "pooled-without-weights",
        "workflows/out_of_fold.py::_together",
        '"weights": weights,',
        '"weights": None,',
        "rows of any weight count the same in the pooled figures",
        OUT_OF_FOLD,
    ),
    Fault(
        "mixture-without-disagreement",
        "workflows/ensembles.py::mixed_deviations",
        "np.sqrt(within + np.var(means, axis=0))",
        "np.sqrt(within)",
        "the interval is as wide where the members disagree",
        f"{ENSEMBLES} -k mixed",
    ),
    Fault(
        "members-draw-their-own-split",
        "workflows/train_ensemble.py",
        '"split_seed": loaded.config.seed_of_split}',
        '"split_seed": None}',
        "a member is trained on test rows of another",
        f"{ENSEMBLES} -k share_the_split",
    ),
    Fault(
        "disagreement-of-a-population",
        "workflows/ensembles.py::_deviation",
        "ddof=min(1, len(arrays) - 1)",
        "ddof=0",
        "the deviation of the members divides by n",
        f"{ENSEMBLES} -k 'numbers or probabilities'",
    ),
)
