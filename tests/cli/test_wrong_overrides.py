"""What `--set` refuses: exit 2, the whole override as the place, how to mend it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

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
