"""Faults in what is made of several runs: cross-validation, ensembles, comparisons."""

from __future__ import annotations

from tests.faults.fault import Fault

CROSSVAL = "workflows/test_crossval.py"
OUT_OF_FOLD = "workflows/test_out_of_fold.py"
COMPARE = "workflows/test_compare.py"
PAIRED = "nn/test_paired_tests.py"
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
        "targets = places[targets]",
        "pass",
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
    Fault(
        "mcnemar-one-sided",
        "nn/paired_tests.py::mcnemar",
        "min(1.0, 2 * tail)",
        "min(1.0, tail)",
        "differences look twice as sure",
        PAIRED,
    ),
    Fault(
        "mcnemar-of-right-rows",
        "nn/paired_tests.py::mcnemar",
        "np.count_nonzero(second & ~first)",
        "np.count_nonzero(second)",
        "rows that both get right count as a difference",
        PAIRED,
    ),
    Fault(
        "permutation-p-of-zero",
        "nn/paired_tests.py::sign_flips",
        "(hits + 1) / (draws + 1)",
        "hits / draws",
        "a p-value is 0 where no drawn choice of signs is as far",
        PAIRED,
    ),
    Fault(
        "holm-without-the-larger-ones-before",
        "nn/paired_tests.py::holm",
        "largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[place]))",
        "largest = min(1.0, (len(p_values) - rank) * p_values[place])",
        "a larger p-value is adjusted to a smaller one",
        PAIRED,
    ),
    Fault(
        "differences-on-other-draws",
        "workflows/compare.py",
        "drawn = drawing.drawn(metrics, scored, np.random.Generator(np.random.PCG64(seed)))",
        "drawn = drawing.drawn(metrics, scored, np.random.Generator(np.random.PCG64(seed + len(judged))))",
        "the interval of a difference is as wide as for other rows",
        f"{COMPARE} -k classes",
    ),
    Fault(
        "test-on-other-rows",
        "workflows/compare.py::_unlike",
        "if not np.array_equal(first.part.rows, other.part.rows):",
        "if len(first.part.rows) != len(other.part.rows):",
        "runs with other test rows are tested as if they had the same",
        f"{COMPARE} -k other_rows",
    ),
)
