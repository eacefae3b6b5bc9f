"""Patterns over names of parameters are checked before anything is written; averages reach the model file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

import scratchnn
from scratchnn.errors import ConfigError
from scratchnn.training.model_file import ModelFile
from scratchnn.workflows.inspect import summary
from scratchnn.workflows.train import plan

CONFIG: dict[str, Any] = {
    "data": {"source": {"type": "moons", "samples": 100}, "split": {"type": "random", "validation": 0.3, "test": 0}},
    "model": {"layers": [{"type": "dense", "units": 4, "activation": "tanh"}, {"type": "dense", "units": "auto"}]},
    "training": {"epochs": 6, "batch_size": 7, "accumulate": 3},
}


def test_a_group_or_a_constraint_for_nothing_is_refused() -> None:
    group = {**CONFIG, "optimizer": {"type": "adam", "groups": [{"match": "2.*"}]}}
    with pytest.raises(ConfigError, match=r"optimizer\.groups\[0\]\.match.*no parameter matches"):
        plan(group)
    entries = [{"match": "*.bias", "constraint": "unit_norm"}, {"match": "kernel", "constraint": "unit_norm"}]
    with pytest.raises(ConfigError, match=r"regularization\.constraints\[1\]\.match.*There are 0\.weight"):
        plan({**CONFIG, "regularization": {"constraints": entries}})
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    ("optimizer", "averaging"), [("adam", "ema"), ("adam", "swa"), ("schedule_free_adamw", None), ("muon", None)]
)
def test_the_model_file_holds_what_was_judged(optimizer: str, averaging: str | None) -> None:
    training = {**CONFIG["training"], **({"averaging": averaging} if averaging else {})}
    config = {
        **CONFIG,
        "optimizer": {"type": optimizer, "learning_rate": 0.02, "groups": [{"match": "*.bias", "weight_decay": 0}]},
        "training": training,
    }
    result = scratchnn.train(config)
    again = scratchnn.evaluate(result.run, split="validation")
    assert again.metrics["loss"] == pytest.approx(result.metrics["validation"]["loss"], rel=1e-6)


def test_the_summary_counts_what_the_optimizer_really_keeps() -> None:
    Path("config.yaml").write_text(yaml.safe_dump(CONFIG))
    made = {name: summary("config.yaml", [f"optimizer={name}"]) for name in ("sgd", "adam", "adafactor")}
    assert made["sgd"].optimizer_bytes == 0
    assert made["adam"].optimizer_bytes == 2 * made["adam"].parameter_bytes
    assert 0 < made["adafactor"].optimizer_bytes < made["adam"].optimizer_bytes


def test_the_message_names_the_line() -> None:
    Path("config.yaml").write_text(yaml.safe_dump({**CONFIG, "optimizer": {"type": "sgd", "groups": [{"match": "x"}]}}))
    with pytest.raises(ConfigError) as caught:
        plan("config.yaml")
    lines = Path("config.yaml").read_text().splitlines()
    _, line, _ = caught.value.where.split(":")
    assert "match: x" in lines[int(line) - 1]


def test_a_search_does_not_go_with_a_layers_own_constraint() -> None:
    layers = [{"type": "dense", "units": 4}, {"type": "dense", "units": "auto", "constraint": "unit_norm"}]
    config = {**CONFIG, "model": {"layers": layers}, "optimizer": "lbfgs", "training": {"epochs": 1}}
    with pytest.raises(ConfigError, match=r"model\.layers\[1\]: lbfgs cannot see what a constraint does to 1\.weight"):
        plan(config)
    assert plan({**config, "model": CONFIG["model"]}).parameters == 4 * 3 + 5 * 1


def test_a_layers_own_constraint_holds_in_the_model_file() -> None:
    layers = [
        {"type": "dense", "units": 4, "activation": "tanh", "constraint": {"type": "max_norm", "limit": 0.3}},
        {"type": "dense", "units": "auto", "constraint": "non_negative"},
    ]
    arrays = ModelFile.read(scratchnn.train({**CONFIG, "model": {"layers": layers}}).run / "model.safetensors").arrays
    assert (np.linalg.norm(arrays["0.weight"], axis=0) < 0.3 + 1e-6).all()
    assert np.linalg.norm(arrays["0.weight"], axis=0).max() > 0.29
    assert arrays["1.weight"].min() == 0
    assert arrays["1.weight"].max() > 0
