from __future__ import annotations

import sys

import pytest
from pydantic import ValidationError

from scratchnn.errors import ConfigError, UsageError
from scratchnn.tuning.extras import require
from scratchnn.tuning.pruners import Hyperband, Median, NoPruner
from scratchnn.tuning.samplers import CMAES, GP, TPE, Grid, Random, Sampler
from scratchnn.tuning.settings import TuneSettings
from scratchnn.tuning.spaces import Uniform

SPACE = {"training.batch_size": [8, 16]}


@pytest.mark.parametrize(
    ("metric", "words"),
    [
        ("test.accuracy", "must stay unseen.*Use validation.accuracy"),
        ("test.loss", "Use validation.loss"),
        ("train.loss", "by heart.*Use validation.loss"),
        ("accuracy", 'expects validation.loss or validation.<metric>, got "accuracy"'),
        ("validation.", "expects validation.loss"),
    ],
)
def test_a_search_scores_on_validation_rows_alone(metric, words):
    with pytest.raises(ValidationError, match=words):
        TuneSettings.model_validate({"trials": 1, "metric": metric, "space": SPACE})


@pytest.mark.parametrize(
    "value",
    [
        {"trials": 0, "space": SPACE},
        {"seconds": 0, "space": SPACE},
        {"trials": 3, "space": {}},
        {"trials": 3},
        {"space": SPACE},
        {"trials": 3, "space": SPACE, "direction": "up"},
    ],
)
def test_what_is_no_search(value):
    with pytest.raises(ValidationError):
        TuneSettings.model_validate(value)


def test_a_grid_or_a_time_is_an_end_too():
    assert TuneSettings.model_validate({"sampler": "grid", "space": SPACE}).trials is None
    assert TuneSettings.model_validate({"seconds": 2, "space": SPACE}).seconds == 2


def test_optuna_gets_what_the_config_says():
    tpe = TPE(startup_trials=3).make(5)
    assert type(tpe).__name__ == "TPESampler"
    assert tpe._n_startup_trials == 3
    assert tpe._constant_liar is True
    assert type(Random().make(5)).__name__ == "RandomSampler"
    assert type(CMAES().make(5)).__name__ == "CmaEsSampler"
    assert type(NoPruner().make(9)).__name__ == "NopPruner"
    median = Median(startup_trials=2, warmup_epochs=4).make(9)
    assert (median._n_startup_trials, median._n_warmup_steps) == (2, 5)
    hyperband = Hyperband(min_epochs=2, reduction_factor=4).make(9)
    assert (hyperband._min_resource, hyperband._max_resource, hyperband._reduction_factor) == (2, 9, 4)


def test_a_library_that_lacks_is_named_with_its_line(monkeypatch):
    with pytest.raises(UsageError, match=r"a search needs the library nothing_of_it, which is not installed") as caught:
        require(["nothing_of_it"], "a search")
    assert caught.value.hint == "Run: pip install 'scratchnn[tune]'"
    monkeypatch.setattr("scratchnn.tuning.extras.find_spec", lambda name: None)
    with pytest.raises(UsageError, match="the sampler gp needs the libraries torch and scipy") as caught:
        GP().check()
    assert caught.value.hint == "Run: pip install torch scipy"
    with pytest.raises(UsageError, match="cmaes"):
        CMAES().check()
    Random().check()


def test_a_grid_without_end_is_refused():
    ranges = {name: Uniform(low=0, high=1) for name in "abcdefgh"}
    with pytest.raises(ConfigError, match="more than 100,000 points"):
        Grid().points(ranges)
    assert len(Grid(points_per_range=3).points({name: ranges[name] for name in "abc"})) == 27


def test_the_names_of_the_samplers():
    assert list(Sampler.members()) == ["random", "grid", "tpe", "cma_es", "gp"]


def test_nothing_of_optuna_is_loaded_by_a_config():
    import subprocess

    code = "import sys, scratchnn.config.schema, scratchnn.workflows.tune; print('optuna' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
