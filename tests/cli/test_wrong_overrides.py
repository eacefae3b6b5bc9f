"""What `--set` refuses: exit 2, the whole override as the place, how to mend it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scratchnn.config.load import read_document

# --set, then fragments of the message.
OVERRIDES: dict[str, tuple[str, ...]] = {
    "training.epochs": ('lacks a "="', "--set training.epochs=5"),
    "=3": ('names no key before "="',),
    "training..epochs=3": ('cannot read a key at "..epochs=3"',),
    "training.epochs=0": ("training.epochs: expects a whole number of at least 1, got 0",),
    'seed="1"': ('seed: expects a whole number of at least 0, got "1"', "without quotes"),
    "training.epohcs=3": ('training: unknown key "epohcs"', 'Did you mean "epochs"?'),
    "traning.epochs=3": ('unknown key "traning"', 'Did you mean "training"?'),
    "model.layers.7.units=3": ('model.layers is a list of 2, it has no "7"', "indices are 0 to 1"),
    "model.layers.x=3": ('model.layers is a list of 2, it has no "x"', "+ appends"),
    "model[0]=1": ("model is a mapping, it has no [0]",),
    "seed.x=3": ("seed is a single value, it has no keys", "Set the whole of it"),
    "optimizer=[1": ("the value cannot be read", "Close the bracket"),
    "optimizer.type=adm": ('unknown optimizer "adm"', 'Did you mean "adam"?'),
    "model.layers.0.activation=rleu": ('model.layers[0].activation: unknown activation "rleu"', '"relu"?'),
    "model.layers.+={type: dens}": ('model.layers[2]: unknown layer "dens"', '"dense"?'),
    "data.split={type: random, test: 2}": ("data.split.test: expects a number of at least 0 and below 1, got 2",),
    "seed=1e999": ("beyond 1.8e308",),
    "loss.delta=1": ("loss has no type yet", "Give the type first, such as --set loss.type=huber"),
    "model.layers.1.activation.slope=1": ("activation has no type yet", "--set model.layers[1].activation.type="),
    "model.layers.0.bias_init.value=1": (
        'model.layers[0].bias_init: unknown key "value"',
        '"value" is a key of constant',
    ),
    "schedule.gamma=1": ('schedule: unknown key "gamma"',),
    "data.split.stratfy=true": ('data.split: unknown key "stratfy"', 'Did you mean "stratify"?'),
}


@pytest.mark.parametrize("override", OVERRIDES)
def test_a_wrong_override(override: str, cli: Any, folder: Path) -> None:
    outcome = cli("train", "c.yaml", "--set", override)
    assert outcome.code == 2
    first, *rest = outcome.err.splitlines()
    assert first.startswith(f"error: --set {override}: ")
    assert [fragment for fragment in OVERRIDES[override] if fragment not in first] == []
    assert rest == []
    assert not (folder / "runs").exists()


# Overrides of `conftest.CONFIG` without its optimizer, then a line of the run's resolved config.
BELOW_A_DEFAULT = {
    "a component": (["optimizer.learning_rate=0.5"], "optimizer", {"type": "adam", "learning_rate": 0.5}),
    "another type, given after": (["optimizer.beta1=0.5", "optimizer.type=adamw"], "optimizer", {"type": "adamw"}),
    "another type, given before": (["optimizer.type=sgd", "optimizer.learning_rate=2"], "optimizer", {"type": "sgd"}),
    "the default of a factory": (["data.split.test=0.2"], "data.split", {"type": "random", "test": 0.2}),
    "a schedule": (["schedule.warmup_epochs=1"], "schedule", {"type": "constant", "warmup_epochs": 1.0}),
    "settings": (["training.checkpoint.keep=3"], "training.checkpoint", {"keep": 3, "every_epochs": 1}),
    "settings that are absent": (["training.early_stopping.patience=5"], "training.early_stopping", {"patience": 5}),
    "a type given last": (["loss.label_smoothing=0.1", "loss.type=cross_entropy"], "loss", {"label_smoothing": 0.1}),
    "inside a list": (
        ["model.layers.0.init.gain=2", "model.layers.0.init.type=orthogonal"],
        "model.layers.0.init",
        {"gain": 2.0},
    ),
    "below a path": (['data.source.quote="|"'], "data.source", {"type": "csv", "quote": "|"}),
}


@pytest.mark.parametrize("row", BELOW_A_DEFAULT)
def test_below_a_default(row: str, cli: Any, folder: Path) -> None:
    overrides, path, expected = BELOW_A_DEFAULT[row]
    text = (folder / "c.yaml").read_text()
    (folder / "c.yaml").write_text("".join(line for line in text.splitlines(True) if "optimizer" not in line))
    options = [word for override in overrides for word in ("--set", override)]
    outcome = cli("train", "c.yaml", "--quiet", *options)
    assert (outcome.code, outcome.err) == (0, "")
    resolved = read_document(folder / "runs" / "c" / "config.yaml").data
    for step in path.split("."):
        resolved = resolved[int(step) if step.isdigit() else step]
    assert {key: resolved[key] for key in expected} == expected


def test_an_explicit_auto_has_no_type_either(cli: Any, folder: Path) -> None:
    (folder / "c.yaml").write_text((folder / "c.yaml").read_text() + "loss: auto\n")
    outcome = cli("validate", "c.yaml", "--set", "loss.delta=1")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("error: --set loss.delta=1: loss has no type yet. Give the type first")
