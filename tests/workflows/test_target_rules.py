"""What a loss demands of the targets is asked once, when rows are read, and told with the place in the file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import scratchnn
from scratchnn.errors import ConfigError, DataError

SHARES = [(0.5, 0.5), (0.25, 0.75), (1.0, 0.0), (0.9, 0.1)]


def config(folder: Path, loss: object, target: object = "y", **data: object) -> dict[str, object]:
    settings = {"source": str(folder / "a.csv"), "target": target, "target_scale": "none", "split": "none"}
    return {
        "name": "a",
        "data": settings | data,
        "model": {"layers": [{"type": "dense", "units": "auto"}]},
        "loss": loss,
        "training": {"epochs": 2, "batch_size": 4},
    }


def write(path: Path, targets: list[object], header: str = "x,y") -> None:
    rows = [f"{number},{cell}" for number, cell in enumerate(targets)]
    path.write_text("\n".join([header, *rows]) + "\n")


@pytest.mark.parametrize(
    ("loss", "cell", "words"),
    [
        ("poisson", "-1", "the target -1 is below 0, but poisson takes counts"),
        ("gamma", "0", "the target 0 is not above 0, but gamma takes amounts"),
        ("multi_label_cross_entropy", "1.0000001", "the target 1.0000001 is neither 0 nor 1"),
        ({"type": "weighted_sum", "terms": [{"loss": "mse"}, {"loss": "msle"}]}, "-0.5", "but msle takes amounts"),
    ],
)
def test_a_training_names_line_and_column(tmp_path, monkeypatch, loss, cell, words):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "a.csv", [1, 1, cell, 1])
    with pytest.raises(DataError, match=words) as caught:
        scratchnn.train(config(tmp_path, loss, task="regression"))
    assert caught.value.where == f"{tmp_path / 'a.csv'}:4:y"
    assert not (tmp_path / "runs").exists()


def test_shares_are_checked_by_row_and_learned(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "a.csv", [f"{a},{b}" for a, b in SHARES], "x,y,z")
    settings = config(tmp_path, "kl_divergence", ["y", "z"])
    result = scratchnn.train(settings)
    assert result.status == "completed"
    predicted = scratchnn.predict(tmp_path / "a.csv", result.run).predictions.values
    np.testing.assert_allclose(predicted.sum(axis=1), 1, rtol=1e-6)
    write(tmp_path / "b.csv", ["0.5,0.5", "0.5,0.4"], "x,y,z")
    with pytest.raises(DataError, match=r"the targets sum to 0.9, but") as caught:
        scratchnn.evaluate(result.run, data=tmp_path / "b.csv")
    assert caught.value.where == f"{tmp_path / 'b.csv'}:3"
    write(tmp_path / "a.csv", [f"{a},{-b}" for a, b in SHARES], "x,y,z")
    with pytest.raises(DataError, match=r"the target -0.5 is below 0, but kl_divergence") as caught:
        scratchnn.evaluate(result.run, split="train")
    assert caught.value.where == f"{tmp_path / 'a.csv'}:2:z"


def test_arrays_name_their_sample(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    targets = np.ones((5, 2))
    targets[3, 1] = -2
    np.savez(tmp_path / "a.npz", inputs=np.arange(5.0), targets=targets)
    settings = config(tmp_path, "poisson")
    settings["data"] = {"source": str(tmp_path / "a.npz"), "target_scale": "none", "split": "none"}
    with pytest.raises(DataError, match="the target -2 is below 0") as caught:
        scratchnn.train(settings)
    assert caught.value.where.endswith("a.npz:targets[3, 1]")


def test_scaled_targets_are_told_of_first(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "a.csv", [1.5, -1, 2.5, 3.5])
    with pytest.raises(ConfigError, match="poisson needs the targets as they are in the data"):
        scratchnn.train(config(tmp_path, "poisson", target_scale="standard"))


def test_ordered_texts_need_their_order(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "a.csv", ["low", "high", "mid", "low", "mid", "high"])
    with pytest.raises(ConfigError, match='ordinal needs the order of the classes, but "high" is a text') as caught:
        scratchnn.train(config(tmp_path, "ordinal"))
    assert "data.class_order: [high, low, mid]" in caught.value.hint
    result = scratchnn.train(config(tmp_path, "ordinal", class_order=["low", "mid", "high"]))
    made = scratchnn.predict(tmp_path / "a.csv", result.run, proba=True)
    assert made.header[-3:] == ["probability_low", "probability_mid", "probability_high"]
    np.testing.assert_allclose(made.predictions.values.sum(axis=1), 1, rtol=1e-6)
    assert result.parameters == 4  # two outputs for three classes
    judged = scratchnn.evaluate(result.run, split="train")
    assert judged.classes == ["low", "mid", "high"]
    assert judged.metrics["loss"] == pytest.approx(judged.metrics["log_loss"], rel=1e-5)


def test_numbers_have_their_order(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "a.csv", [10, 9, 10, 2, 9, 2])
    assert scratchnn.train(config(tmp_path, "ordinal")).parameters == 4
