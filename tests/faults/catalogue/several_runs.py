"""Faults in what is made of several runs: cross-validation, ensembles, comparisons."""

from __future__ import annotations

from tests.faults.fault import Fault

CROSSVAL = "workflows/test_crossval.py"
OUT_OF_FOLD = "workflows/test_out_of_fold.py"

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
        "workflows/crossval.py",
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
)
