"""Faults in the search for better values."""

from __future__ import annotations

from tests.faults.fault import Fault

SPACES = "tuning/test_spaces.py"
SETTINGS = "tuning/test_settings.py"
ASSIGNING = "workflows/tuning/test_assigning.py"
SEARCH = "workflows/test_tune.py -k"

FAULTS = (
    Fault(
        "search-scores-on-test-rows",
        "tuning/settings.py",
        "if part in UNSEEN:",
        "if part in UNSEEN and part != 'test':",
        "a search on test rows is refused in words that do not say why",
        SETTINGS,
    ),
    Fault(
        "log-range-spread-evenly",
        "tuning/spaces.py::LogUniform.grid",
        "np.geomspace(",
        "np.linspace(",
        "a grid of learning rates has hardly any small ones",
        SPACES,
    ),
    Fault(
        "condition-ignored",
        "tuning/spaces.py::draw",
        "if holds(space, space[key], drawn):",
        "if True:",
        "a key is searched where its condition does not hold",
        SPACES,
    ),
    Fault(
        "grid-comes-back",
        "tuning/spaces.py::grid_points",
        "path[-1] + 1 == sizes[len(path) - 1]",
        "path[-1] + 2 == sizes[len(path) - 1]",
        "the last value of each key is never tried",
        SPACES,
    ),
    Fault(
        "inner-layers-repeated-after-outer",
        "workflows/tuning/assigning.py",
        "key=lambda key: places[key], reverse=True)",
        "key=lambda key: places[key])",
        "a layer is repeated after those before it have moved it",
        ASSIGNING,
    ),
    Fault(
        "parent-set-after-its-keys",
        "workflows/tuning/assigning.py::with_values",
        "document = assign(document, sorted(pairs, key=lambda pair: len(pair.path)), Config)",
        "document = assign(document, pairs, Config)",
        "an optimizer that is drawn takes away the rate that was drawn",
        ASSIGNING,
    ),
    Fault(
        "one-seed-for-all-trials",
        "workflows/tuning/seeded.py::seeded",
        "sampler.make(trial_seed(seed, trial.number))",
        "sampler.make(trial_seed(seed, 0))",
        "every trial draws the same",
        f"{SEARCH} draws_what_it_would",
    ),
    Fault(
        "running-trials-do-not-count",
        "workflows/tuning/study.py::SearchStudy.claim",
        "len(trials) >= self.limit",
        "sum(trial.state.is_finished() for trial in trials) >= self.limit",
        "processes side by side run more trials than were asked for",
        f"{SEARCH} share_the_trials",
    ),
    Fault(
        "trials-of-killed-processes-left",
        "workflows/tuning/study.py::SearchStudy._is_abandoned",
        "if not lock.try_acquire():",
        "if True:",
        "a trial whose process was killed runs for ever",
        f"{SEARCH} killed_it_loses",
    ),
    Fault(
        "pruned-trials-told-as-completed",
        "workflows/tuning/trials.py::_run",
        'elif result.status != "interrupted":',
        'elif result.status != "interrupted" or pruned:',
        "a trial that was ended early counts as a whole one",
        f"{SEARCH} ended_early",
    ),
    Fault(
        "worst-trial-is-best",
        "workflows/tuning/study.py::SearchStudy.best",
        'sign = -1 if self.optuna.direction.name == "MAXIMIZE" else 1',
        "sign = 1",
        "of accuracies the lowest is the best",
        f"{SEARCH} tells_the_direction",
    ),
)
