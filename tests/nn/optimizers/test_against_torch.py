"""Optimizers against PyTorch over 100 steps (tests/fixtures/make_torch_optimizers.py names the version)."""

from __future__ import annotations

import json

import numpy as np
import pytest

SETTINGS = {
    "rprop": {"type": "rprop"},
    "rprop_bounds": {"type": "rprop", "decrease": 0.6, "increase": 1.4, "smallest": 0.01, "largest": 0.08},
    "adagrad": {"type": "adagrad"},
    "adagrad_epsilon": {"type": "adagrad", "epsilon": 0.2, "initial": 0.3, "weight_decay": 0.1},
    "adadelta": {"type": "adadelta"},
    "adadelta_epsilon": {"type": "adadelta", "rho": 0.8, "epsilon": 0.1, "weight_decay": 0.1},
    "amsgrad": {"type": "amsgrad"},
    "amsgrad_epsilon": {"type": "amsgrad", "epsilon": 0.3, "beta1": 0.8, "beta2": 0.9, "weight_decay": 0.1},
    "adamax": {"type": "adamax"},
    "adamax_epsilon": {"type": "adamax", "epsilon": 0.2, "beta1": 0.8, "beta2": 0.95, "weight_decay": 0.1},
    "nadam": {"type": "nadam"},
    "nadam_epsilon": {
        "type": "nadam",
        "epsilon": 0.2,
        "beta1": 0.8,
        "beta2": 0.95,
        "momentum_decay": 0.05,
        "weight_decay": 0.1,
    },
    "radam": {"type": "radam"},
    "radam_epsilon": {"type": "radam", "epsilon": 0.2, "beta1": 0.8, "beta2": 0.95, "weight_decay": 0.1},
    "adafactor": {"type": "adafactor"},
    "adafactor_epsilon": {
        "type": "adafactor",
        "epsilon1": 0.3,
        "epsilon2": 1.5,
        "decay_power": 0.6,
        "clip": 1.5,
        "weight_decay": 0.1,
    },
    "muon": {"type": "muon"},
    "muon_original": {
        "type": "muon",
        "momentum": 0.8,
        "weight_decay": 0.2,
        "iterations": 3,
        "adjust": "original",
    },
}


def test_every_path_of_the_fixture_is_compared(torch):
    assert json.loads(str(torch["origin"]))["optimizers"] == list(SETTINGS)


@pytest.mark.parametrize("name", SETTINGS)
def test_equals_pytorch_over_100_steps_with_changing_learning_rate(walk, torch, name):
    np.testing.assert_allclose(walk(SETTINGS[name]), torch[f"optimizer.{name}"], rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("rprop_bounds", {"smallest": 0.0101}),
        ("rprop_bounds", {"largest": 0.0801}),
        ("adagrad_epsilon", {"epsilon": 0.2001}),
        ("adagrad_epsilon", {"initial": 0.3001}),
        ("adadelta_epsilon", {"epsilon": 0.1001}),
        ("amsgrad_epsilon", {"type": "adam"}),
        ("amsgrad_epsilon", {"epsilon": 0.3001}),
        ("adamax_epsilon", {"epsilon": 0.2001}),
        ("nadam_epsilon", {"momentum_decay": 0.0501}),
        ("nadam_epsilon", {"epsilon": 0.2001}),
        ("radam_epsilon", {"epsilon": 0.2001}),
        ("radam_epsilon", {"weight_decay": 0.1001}),
        ("adafactor_epsilon", {"epsilon1": 0.3001}),
        ("adafactor_epsilon", {"epsilon2": 1.5001}),
        ("adafactor_epsilon", {"clip": 1.4}),
        ("adafactor_epsilon", {"weight_decay": 0.1001}),
        ("muon_original", {"adjust": "rms"}),
        ("muon_original", {"weight_decay": 0.2001}),
        ("muon", {"adam_epsilon": 1e-6}),
    ],
)
def test_the_comparison_sees_every_effect(walk, torch, name, change):
    difference = np.abs(walk(SETTINGS[name] | change) - torch[f"optimizer.{name}"])
    assert difference.max() > 1e-7
