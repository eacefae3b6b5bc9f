"""What stands beside the figures of a model."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from scratchnn.errors import UsageError
from scratchnn.nn.metrics import Metric
from scratchnn.training.constant_baseline import ConstantBaseline
from scratchnn.training.tensors import read_tensors, write_tensors
from scratchnn.workflows.baselines import compare
from scratchnn.workflows.evaluate import evaluate
from scratchnn.workflows.train import train

NUMBERS = {"target": "price", "features": {"price": None, "kind": "ignore"}}


def test_the_most_frequent_class_of_the_training_stands_beside(config, table, write):
    run = train(config()).run
    rows = [row for row in table(70, 4) if row["kind"] != "k1"]
    data = write("new.csv", rows)
    document, arrays = read_tensors(run / "model.safetensors")
    shares = arrays["baseline.shares"]
    assert shares.sum() == pytest.approx(1)
    counts = {name: sum(row["kind"] == name for row in rows) for name in ("k0", "k1", "k2")}
    found = evaluate(run, data=data)
    majority = found.baselines["majority"]
    assert majority["accuracy"] == counts[f"k{int(shares.argmax())}"] / len(rows)
    assert set(majority) == {name for name in found.metrics if isinstance(found.metrics[name], float)} - {"loss"}
    assert found.to_json()["baselines"] == found.baselines
    for name in list(arrays):  # as a file of an older version
        if name.startswith("baseline."):
            del arrays[name]
    write_tensors(run / "old.safetensors", document, arrays)
    older = evaluate(run / "old.safetensors", data=data)
    assert older.baselines == {}
    assert "baselines" not in older.to_json()
    assert older.metrics == found.metrics


def test_a_linear_model_needs_the_training_rows(config, table, write, tmp_path):
    run = train(config("price", data=NUMBERS, training={"epochs": 1})).run
    data = write("new.csv", table(200, 5))
    found = evaluate(run, data=data, baseline="linear")
    assert list(found.baselines) == ["mean", "linear"]
    assert found.baselines["linear"]["r2"] > 0.95  # price is linear but for rounding
    assert found.baselines["mean"]["r2"] <= 0
    assert any("no better than a linear model of the same inputs" in note for note in found.notes)
    own = evaluate(run, split="test", baseline="linear")
    assert own.baselines["linear"]["r2"] > 0.9
    shutil.copy(run / "model.safetensors", tmp_path / "m.safetensors")
    assert "mean" in evaluate(tmp_path / "m.safetensors", data=data).baselines
    with pytest.raises(UsageError, match="a model file alone does not know its data"):
        evaluate(tmp_path / "m.safetensors", data=data, baseline="linear")


def test_a_linear_model_of_classes_with_embedded_categories(config):
    layers = ["column_embedding", {"type": "dense", "units": "auto"}]
    features = {"color": {"type": "category", "encode": "embedding"}}
    run = train(config("codes", data={"features": features}, model={"layers": layers})).run
    linear = evaluate(run, split="train", baseline="linear").baselines["linear"]
    assert linear["accuracy"] > 0.5
    assert linear["log_loss"] < 1


def test_a_model_that_knows_nothing_of_these_rows_is_told(config, table, write):
    run = train(config()).run
    other = {"k0": "k1", "k1": "k2", "k2": "k0"}
    data = write("new.csv", [{**row, "kind": other[row["kind"]]} for row in table(60, 4)])
    found = evaluate(run, data=data)
    told = [note for note in found.notes if "no better" in note]
    accuracy, majority = found.metrics["accuracy"], found.baselines["majority"]["accuracy"]
    words = f"accuracy {accuracy:.4g} against {majority:.4g}"
    assert told == [f"the model is no better than always calling the most frequent class: {words}"]
    assert not any("no better" in note for note in evaluate(run, data=data, baseline="none").notes)


MODEL = {"accuracy": 0.8, "log_loss": 0.5, "recall": 0.7}


@pytest.mark.parametrize(
    ("beside", "told"),
    [
        ({"accuracy": 0.8, "log_loss": 0.5, "recall": 1.0}, True),
        ({"accuracy": 0.9, "log_loss": 0.51, "recall": 1.0}, False),
        ({"accuracy": 0.79, "log_loss": 0.1, "recall": 1.0}, False),
        ({"recall": 1.0}, False),
        ({"accuracy": 0.9}, True),
    ],
)
def test_a_model_that_is_better_in_one_telling_figure_is_better(beside, told):
    metrics = [Metric.parse(tag) for tag in MODEL]
    baseline = ConstantBaseline({"means": np.zeros(1)})
    assert bool(compare(baseline, metrics, MODEL, beside)) == told


def test_kinds(config):
    run = train(config()).run
    assert evaluate(run, baseline="none").baselines == {}
    with pytest.raises(UsageError, match='no baseline "mean"'):
        evaluate(run, baseline="mean")


def test_sample_weights_count_and_class_weights_do_not(config, table, write):
    rows = [{**row, "w": str(1 + 9 * (row["kind"] == "k2"))} for row in table()]
    write("data/table.csv", rows)
    settings = {"data": {"sample_weight": "w"}, "training": {"class_weights": {"k0": 1000.0}}}
    run = train(config("weights", **settings)).run
    _, arrays = read_tensors(run / "model.safetensors")
    assert arrays["baseline.shares"][2] > 0.7
    assert np.argmax(arrays["baseline.shares"]) == 2
