from __future__ import annotations

from scratchnn.config.differences import differences
from scratchnn.workflows.configs import config_from

BASE = {"data": {"source": "a.csv", "target": "y"}, "model": {"layers": [{"type": "dense", "units": 8}, "relu"]}}


def configs(*overrides):
    return [config_from(BASE, ".", own).config for own in ([], *overrides)]


def test_only_what_differs_is_there():
    made = differences(configs(["training.epochs=5", "seed=1"], ["training.epochs=5"]))
    assert [(one.key, one.texts()) for one in made] == [
        ("seed", ["0", "1", "0"]),
        ("training.epochs", ["50", "5", "5"]),
    ]
    assert differences(configs([])) == []


def test_components_of_other_types_are_whole():
    made = differences(configs(["optimizer={type: sgd, learning_rate: 0.5}", "model.layers.0.units=9"]))
    assert [(one.key, one.texts()) for one in made] == [
        ("model.layers[0].units", ["8", "9"]),
        ("optimizer", ["adam", "{type: sgd, learning_rate: 0.5}"]),
    ]
    assert made[1].to_json()["values"][1]["learning_rate"] == 0.5


def test_lists_of_other_lengths_end_with_nothing():
    (made,) = differences(configs(["model.layers.+={type: dropout, rate: 0.3}"]))
    assert (made.key, made.texts()) == ("model.layers[2]", ["", "{type: dropout, rate: 0.3}"])
    assert made.to_json()["values"][0] is None


def test_numbers_of_other_types_and_null_are_told():
    made = differences(configs(["data.split_seed=0", "loss=mse"]))
    assert [(one.key, one.texts()) for one in made] == [("data.split_seed", ["null", "0"]), ("loss", ["auto", "mse"])]
