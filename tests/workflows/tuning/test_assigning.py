from __future__ import annotations

import pytest

from scratchnn.config.dump import plain
from scratchnn.errors import ConfigError
from scratchnn.workflows.configs import load_config
from scratchnn.workflows.tuning.assigning import check_space, with_values, without_search


def assigned(path, drawn):
    loaded = load_config(path)
    return plain(with_values(loaded, drawn, loaded.config.tune.space).config)


def test_values_reach_their_keys_and_the_search_is_gone(search):
    path = search()
    made = assigned(path, {"optimizer.learning_rate": 0.5, "training.batch_size": 8})
    assert made["optimizer"]["learning_rate"] == 0.5
    assert made["optimizer"]["type"] == "adam"
    assert made["training"]["batch_size"] == 8
    assert made["training"]["epochs"] == 2
    assert made["tune"] is None
    assert without_search(load_config(path)).config.tune is None


def test_what_lies_below_is_set_after_what_lies_above(search):
    space = {
        "optimizer.learning_rate": {"type": "uniform", "low": 0.1, "high": 0.2},
        "optimizer": ["adam", {"type": "sgd", "momentum": 0.5}],
    }
    made = assigned(search(space), {"optimizer.learning_rate": 0.15, "optimizer": {"type": "sgd", "momentum": 0.5}})
    assert made["optimizer"]["type"] == "sgd"
    assert made["optimizer"]["learning_rate"] == 0.15
    assert made["optimizer"]["momentum"] == 0.5


LAYERS = {
    "model.layers.3.rate": [0.1, 0.7],
    "model.layers.0": {
        "type": "layers",
        "low": 0,
        "high": 3,
        "each": {"units": {"type": "int", "low": 2, "high": 9}, "activation": ["relu", "tanh"]},
    },
    "model.layers.2": {"type": "layers", "low": 1, "high": 2},
}


def test_layers_are_repeated_each_with_its_own_values(search):
    each = [{"units": 5, "activation": "relu"}, {"units": 7, "activation": "tanh"}]
    drawn = {"model.layers.3.rate": 0.7, "model.layers.0": each, "model.layers.2": [{}, {}]}
    layers = assigned(search(LAYERS), drawn)["model"]["layers"]
    tags = [layer["type"] for layer in layers]
    assert tags == ["dense", "dense", "batch_norm", "activation", "activation", "dropout", "dense"]
    assert [layer["units"] for layer in layers[:2]] == [5, 7]
    assert [layer["activation"]["type"] for layer in layers[:2]] == ["relu", "tanh"]
    assert layers[5]["rate"] == 0.7  # the key is the place before anything is repeated


def test_no_layer_is_a_number_too(search):
    layers = assigned(search(LAYERS), {"model.layers.0": [], "model.layers.2": [{}]})["model"]["layers"]
    assert [layer["type"] for layer in layers] == ["batch_norm", "activation", "dropout", "dense"]


@pytest.mark.parametrize(
    ("key", "space", "words"),
    [
        ("optimizer.learning_rat", [0.1], 'unknown key "learning_rat". Did you mean "learning_rate"?'),
        ("optimiser.learning_rate", [0.1], 'unknown key "optimiser". Did you mean "optimizer"?'),
        ("training.batch_size", {"type": "int", "low": 0, "high": 8}, "training.batch_size: expects a whole number"),
        ("training.batch_size", {"type": "uniform", "low": 1, "high": 8}, "training.batch_size: expects"),
        ("model.layers.3.rate", {"type": "uniform", "low": 0.5, "high": 1.5}, "got 1.5"),
        ("model.layers.3.rate", {"type": "uniform", "low": -0.5, "high": 0.5}, "got -0.5"),
        ("model.layers.9.units", [3], 'model.layers is a list of 5, it has no "9"'),
        ("model.layers.9", {"type": "layers", "low": 1, "high": 2}, "there is nothing to repeat at model.layers.9"),
        ("model.layers", {"type": "layers", "low": 1, "high": 2}, "model.layers is no layer in a list"),
        ("model.layers.0", {"type": "layers", "low": 1, "high": 2, "each": {"unit": [3]}}, 'unknown key "unit"'),
        ("optimizer", ["adam", {"type": "sgd", "momentum": 7}], "optimizer.momentum: expects"),
        ("optimizer", ["adam", "adamm"], 'unknown optimizer "adamm". Did you mean "adam"?'),
        ("a..b", [1], 'cannot read the key "a..b"'),
        ("seed", [1, 2], "seed cannot be searched: it divides the rows"),
        ("data.split.test", [0.1, 0.2], "data.split cannot be searched"),
        ("data.source", ["a.csv"], "data.source cannot be searched"),
        ("tune.trials", [1], "tune cannot be searched"),
        ("loss", ["cross_entropy", "focal"], "so that validation.loss cannot compare the trials"),
    ],
)
def test_what_cannot_be_searched_is_refused_at_its_place(search, key, space, words):
    path = search({"training.epochs": [1, 2], key: space})
    with pytest.raises(ConfigError) as caught:
        check_space(load_config(path))
    assert words in str(caught.value)
    line = next(
        number for number, text in enumerate(path.read_text().splitlines(), 1) if text.startswith(f"    {key}:")
    )
    assert str(caught.value).startswith(f"configs/small.yaml:{line}:5: ")


def test_all_faults_are_told_at_once(search):
    path = search({"training.epoch": [1], "training.batch_siz": [1]})
    with pytest.raises(ConfigError) as caught:
        check_space(load_config(path))
    assert len(caught.value.faults) == 2


def test_a_key_is_tried_with_what_it_depends_on(search):
    space = {
        "optimizer.type": ["adam", "sgd"],
        "optimizer.momentum": {"type": "uniform", "low": 0, "high": 0.9, "when": {"optimizer.type": "sgd"}},
        "optimizer.beta1": {"type": "uniform", "low": 0.5, "high": 0.9, "when": {"optimizer.type": "adam"}},
    }
    check_space(load_config(search(space)))
    del space["optimizer.momentum"]["when"]
    with pytest.raises(ConfigError, match='optimizer: unknown key "momentum"'):
        check_space(load_config(search(space)))


def test_another_loss_may_be_searched_where_a_metric_compares(search):
    check_space(load_config(search({"loss": ["cross_entropy", "focal"]}, metric="validation.accuracy")))
