"""`train --from`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

MODEL = "runs/c"


def test_training_from_a_run(cli: Any) -> None:
    assert cli("train", "c.yaml", "-q").code == 0
    outcome = cli("train", "c.yaml", "--from", MODEL)
    assert outcome.code == 0
    assert "from runs/c/model.safetensors: took 4 of 4 arrays; preprocessing kept" in outcome.err
    assert "  took 0.weight, 0.bias, 1.weight, 1.bias" in outcome.err
    outcome = cli("train", "c.yaml", "--from", MODEL, "--set", "from.skip=['1.*']", "--json")
    assert outcome.code == 0
    found = outcome.json["from"]
    assert found["taken"] == ["0.weight", "0.bias"]
    assert found["skipped"] == ["1.weight", "1.bias"]


def test_a_dry_run_tells_what_would_be_taken(cli: Any, folder: Path) -> None:
    assert cli("train", "c.yaml", "-q").code == 0
    outcome = cli("train", "c.yaml", "--from", MODEL, "--dry-run", "--json")
    assert len(outcome.json["from"]["taken"]) == 4
    assert not (folder / "runs/c-2").exists()


def test_a_mismatch_ends_with_2_and_leaves_nothing(cli: Any, folder: Path) -> None:
    assert cli("train", "c.yaml", "-q").code == 0
    outcome = cli("train", "c.yaml", "--from", MODEL, "--set", "model.layers.0.units=5")
    assert (outcome.code, outcome.out) == (2, "")
    assert "0.weight is (2, 8) in the model and (2, 5) here" in outcome.err
    assert not (folder / "runs/c-2").exists()


def test_what_does_not_go_with_it(cli: Any) -> None:
    assert cli("train", "c.yaml", "-q").code == 0
    outcome = cli("train", "--resume", MODEL, "--from", MODEL)
    assert outcome.code == 2
    assert "--from does not go with --resume" in outcome.err
    outcome = cli("train", "c.yaml", "--from", "runs/d")
    assert outcome.code == 4
    assert 'runs/d: no such run directory or file. Did you mean "runs/c"?' in outcome.err


def test_the_config_says_the_same(cli: Any, spoil: Any) -> None:
    assert cli("train", "c.yaml", "-q").code == 0
    spoil("seed: 0\n", "seed: 0\nfrom: runs/c\n")
    assert "took 4 of 4 arrays" in cli("train", "c.yaml").err
    spoil("from: runs/c\n", "from: {path: runs/c, skip: [1.*], skips: [2.*]}\n")
    outcome = cli("train", "c.yaml")
    assert outcome.code == 2
    assert 'from: unknown key "skips"' in outcome.err
