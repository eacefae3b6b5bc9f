from __future__ import annotations

from pathlib import Path
from typing import Any


def test_init_then_train(cli: Any, folder: Path) -> None:
    shown = cli("init", "flowers.csv", "--target", "kind")
    assert shown.code == 0
    assert "kind    target: classification  3 classes: ash (15), elm (15), oak (15)" in shown.err
    assert "wrote config.yaml; now: scratchnn train config.yaml" in shown.err
    trained = cli("train", "config.yaml", "--set", "training.epochs=30", "--json")
    assert trained.code == 0
    assert trained.json["metrics"]["test"]["accuracy"] > 0.8


def test_init_gives_json(cli: Any, folder: Path) -> None:
    result = cli("init", "homes.csv", "-t", "price", "-o", "h.yaml", "--json").json
    assert list(result) == ["config", "source", "rows", "target", "task", "columns"]
    assert (result["config"], result["target"], result["task"]) == ("h.yaml", ["price"], "regression")
    assert list(result["columns"][0]) == ["name", "settings", "reason"]


def test_what_a_column_becomes_can_be_set(cli: Any, folder: Path) -> None:
    chosen = "data.features.width={type: number, scale: robust, clip: [-3, 3]}"
    shown = cli("init", "flowers.csv", "-t", "kind", "--set", chosen, "--set", "data.features.height=ignore")
    assert shown.code == 0
    assert "width   number, scale: robust, clip: [-3.0, 3.0]  as you set it" in shown.err
    text = (folder / "config.yaml").read_text()
    assert "    width: {type: number, scale: robust, clip: [-3.0, 3.0]}" in text
    assert "    height: ignore" in text
    assert cli("train", "config.yaml", "--set", "training.epochs=2").code == 0
    wrong = cli("init", "flowers.csv", "-t", "kind", "--force", "--set", "seed=3")
    assert wrong.code == 2
    assert "--set seed=3: only data.features is set here." in wrong.err


def test_wrong_use_has_its_exit_code(cli: Any, folder: Path) -> None:
    assert cli("init", "flowers.csv").code == 2
    assert cli("init", "flowers.csv", "-t", "kinds").code == 2
    assert cli("init", "nowhere.csv", "-t", "kind").code == 3
    assert cli("init", "flowers.csv", "-t", "kind", "-o", "no/such/c.yaml").code == 6
    (folder / "config.yaml").write_text("mine")
    assert cli("init", "flowers.csv", "-t", "kind").code == 2
    assert (folder / "config.yaml").read_text() == "mine"
