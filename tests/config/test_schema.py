from __future__ import annotations

import pytest
from pydantic import ValidationError

from scratchnn.config.schema import Config

BASE = {
    "data": {"source": "a.csv", "target": "y"},
    "model": {"layers": [{"type": "dense", "units": 2}]},
    "schedule": {"type": "one_cycle", "momentum_cycle": {}},
}


@pytest.mark.parametrize("optimizer", ["sgd", "adagrad", {"type": "adam", "beta1": 0.0}])
def test_momentum_can_cycle_only_where_there_is_some(optimizer):
    with pytest.raises(ValidationError, match="momentum_cycle"):
        Config.model_validate({**BASE, "optimizer": optimizer})


@pytest.mark.parametrize("optimizer", [{"type": "sgd", "momentum": 0.9}, "adam", "muon"])
def test_momentum_cycles_with_these(optimizer):
    assert Config.model_validate({**BASE, "optimizer": optimizer}).schedule.cycles_momentum


def test_an_optimizer_that_averages_wants_no_other_average():
    settings = {key: value for key, value in BASE.items() if key != "schedule"}
    settings |= {"training": {"averaging": "ema"}}
    assert Config.model_validate({**settings, "optimizer": "adamw"}).training.averaging is not None
    with pytest.raises(ValidationError, match="averaging"):
        Config.model_validate({**settings, "optimizer": "schedule_free_adamw"})


PLAIN = {key: value for key, value in BASE.items() if key != "schedule"} | {"optimizer": "lbfgs"}


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"regularization": {"clip_norm": 1.0}}, "Remove `regularization.clip_norm`"),
        ({"regularization": {"clip_value": 1.0}}, "Remove `regularization.clip_value`"),
        ({"regularization": {"clip_adaptive": 1.0}}, "Remove `regularization.clip_adaptive`"),
        ({"regularization": {"clip_parameter_norm": 1.0}}, "Remove `regularization.clip_parameter_norm`"),
        ({"regularization": {"constraints": [{"match": "*", "constraint": "max_norm"}]}}, "constraints"),
        ({"schedule": "cosine"}, "Remove `schedule`"),
        ({"schedule": {"type": "constant", "warmup_steps": 3}}, "Remove `schedule`"),
        ({"schedule": {"type": "one_cycle", "momentum_cycle": {}}}, "momentum_cycle"),
        ({"training": {"accumulate": 2}}, "Remove `training.accumulate`"),
    ],
)
def test_what_a_search_cannot_go_with(more, told):
    with pytest.raises(ValidationError, match=told):
        Config.model_validate(PLAIN | more)


@pytest.mark.parametrize(
    "more",
    [
        {"regularization": {"l1": 0.1, "l2": 0.1}},
        {"schedule": "constant"},
        {"training": {"batch_size": "all", "accumulate": 1, "averaging": "ema"}},
    ],
)
def test_what_a_search_goes_with(more):
    assert Config.model_validate(PLAIN | more).optimizer.tag() == "lbfgs"
