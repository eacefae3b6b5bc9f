from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import scratchnn

ROOT = Path(__file__).parents[1]
IRIS = ROOT / "datasets" / "iris.csv"


def test_ten_lines(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = {
        "name": "iris",
        "data": {"source": str(IRIS), "target": "species"},
        "model": {"layers": [{"type": "dense", "units": 16, "activation": "tanh"}, {"type": "dense", "units": "auto"}]},
        "optimizer": {"type": "adam", "learning_rate": 0.02},
        "training": {"epochs": 40},
    }
    result = scratchnn.train(config)
    assert result.metrics["test"]["accuracy"] > 0.85
    assert scratchnn.evaluate(result.run).metrics["loss"] == result.metrics["test"]["loss"]
    prediction = scratchnn.predict(IRIS, result.run, proba=True)
    hits = [row[4] == row[5] for row in prediction.rows]
    assert prediction.header[4:6] == ["species", "prediction"]
    assert sum(hits) / len(hits) > 0.9
    model = scratchnn.load_model(result.run)
    assert isinstance(model.built.network, scratchnn.Network)
    assert model.encoder.class_names == ["setosa", "versicolor", "virginica"]
    assert scratchnn.resume(result.run).metrics == result.metrics


def test_every_public_name_is_there():
    names = {"Network", "audit", "evaluate", "generate", "load_model", "predict", "resume", "train"}
    names |= {"report", "find_lr", "compare", "crossval", "runs", "train_ensemble"}
    assert set(scratchnn.__all__) == names
    for name in scratchnn.__all__:
        assert callable(getattr(scratchnn, name))
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        scratchnn.nothing  # noqa: B018


@pytest.mark.parametrize("module", ["scratchnn", "scratchnn.cli.app"])
def test_importing_loads_nothing_heavy(module):
    heavy = ["numpy", "pydantic", "yaml", "rich", "typer", "click", "safetensors", "threadpoolctl"]
    program = f"import {module}, sys; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
