"""Runs side by side."""

from __future__ import annotations

import shutil
from math import comb
from pathlib import Path

import numpy as np
import pytest

from scratchnn.errors import DataError, ModelError, UsageError
from scratchnn.training.model_file import ModelFile
from scratchnn.workflows.compare import compare
from scratchnn.workflows.evaluate import evaluate
from scratchnn.workflows.predict import predict
from scratchnn.workflows.train import train
from scratchnn.workflows.train_ensemble import train_ensemble

NUMBERS = {"data": {"target": "price", "features": {"price": None, "kind": "ignore"}}}


def test_classes_on_the_same_rows(config):
    good, bad = train(config("good")).run, train(config("bad"), overrides=["training.epochs=1"]).run
    result = compare([good, bad], data="data/table.csv")
    right = []
    for run in (good, bad):
        made = predict("data/table.csv", run, columns=["kind"])
        right.append(np.array([row[0] == row[1] for row in made.rows]))
    (pair,) = result.comparisons
    b, c = int((right[0] & ~right[1]).sum()), int((right[1] & ~right[0]).sum())
    assert b != c
    assert pair.test.counts == (b, c)
    tail = sum(comb(b + c, k) for k in range(min(b, c) + 1)) / 2 ** (b + c)
    assert pair.test.p_value == pytest.approx(min(1, 2 * tail), rel=1e-12)
    assert pair.adjusted == pair.test.p_value
    difference, lower, upper = pair.differences["accuracy"]
    assert difference == pytest.approx(right[1].mean() - right[0].mean(), rel=1e-12)
    assert lower < difference < upper
    gains = right[1].astype(float) - right[0]
    near = gains.std() / np.sqrt(60)  # the paired deviation, which the interval of the mean has
    assert upper - lower == pytest.approx(2 * 1.96 * near, rel=0.15)
    assert [difference.key for difference in result.config] == ["training.epochs"]
    judged = evaluate(bad, data="data/table.csv", confidence=0.95, seed=0)
    assert result.runs[1].metrics["accuracy"] == judged.metrics["accuracy"]
    assert result.runs[1].intervals["accuracy"] == judged.intervals["accuracy"]


def test_numbers_on_the_same_rows(config):
    path = config(**NUMBERS)
    good, bad = train(path).run, train(path, overrides=["training.epochs=1"]).run
    result = compare([good, bad], split="train")
    (pair,) = result.comparisons
    assert (pair.test.name, pair.on) == ("paired permutation test", "squared errors")
    one, two = (run.metrics["rmse"] ** 2 for run in result.runs)
    assert pair.test.p_value < 0.05
    assert two > one
    assert pair.differences["rmse"][0] == pytest.approx(two**0.5 - one**0.5, rel=1e-12)
    assert pair.differences["rmse"][1] > 0


def test_targets_on_another_scale_are_the_same(config):
    runs = [
        train(config(name, **NUMBERS), overrides=[f"data.target_scale={name}"]).run for name in ("standard", "none")
    ]
    (pair,) = compare(runs).comparisons
    assert pair.reason == ""
    assert pair.on == "squared errors"


def test_several_tests_are_adjusted_and_ensembles_compared(config):
    path = config()
    one, two = train(path).run, train(path, overrides=["optimizer.learning_rate=0.001", "training.epochs=1"]).run
    three = train_ensemble(path, [1, 2]).run
    result = compare([one, two, three])
    assert [pair.reason for pair in result.comparisons] == ["", ""]
    p_values = [pair.test.p_value for pair in result.comparisons if pair.test]
    assert max(pair.adjusted for pair in result.comparisons if pair.test) >= max(p_values)
    assert result.runs[2].cost["parameters"] == 2 * result.runs[0].cost["parameters"]
    assert result.runs[0].cost["model_bytes"] == (one / "model.safetensors").stat().st_size
    assert result.runs[0].cost["epochs"] == 5
    assert result.runs[0].cost["rows_per_second"] > 0


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"seed": 8}, "it was judged on other rows"),
        (NUMBERS, "its target is another one: regression of price"),
        ({"data": {"target": "color", "features": {"color": None, "kind": "ignore"}}}, "its target is another one"),
    ],
)
def test_other_rows_and_tasks_get_no_test(config, changes, reason):
    runs = [train(config("one")).run, train(config("two", **changes)).run]
    result = compare(runs)
    (pair,) = result.comparisons
    assert reason in pair.reason
    assert (pair.test, pair.differences) == (None, {})
    assert pair.to_json() == {"run": "runs/two", "paired": False, "reason": pair.reason}
    assert all(run.metrics for run in result.runs)


def test_the_same_rows_with_other_features_are_the_same(config):
    runs = [train(config("one")).run, train(config("two", data={"features": {"color": "ignore"}})).run]
    (pair,) = compare(runs).comparisons
    assert pair.reason == ""
    assert pair.test is not None


def test_weighted_rows_and_reconstructions(config, table, write):
    rows = [{**row, "importance": str(1 + number % 3)} for number, row in enumerate(table())]
    path = config("one", data={"sample_weight": "importance"})
    write("data/table.csv", rows)
    runs = [train(path).run, train(path, overrides=["training.epochs=1"]).run]
    (pair,) = compare(runs, split="train").comparisons
    assert pair.on == "weighted right rows"
    plain = train(config("plain", data={"features": {"importance": "ignore"}})).run
    (other,) = compare([runs[0], plain], split="train").comparisons
    assert (other.reason, other.test) == ("its rows have other weights", None)
    ignored = {"kind": "ignore", "importance": "ignore"}
    rebuilt = {"target": None, "task": "reconstruction", "features": ignored}
    path = config("three", data=rebuilt, training={"early_stopping": None})
    write("data/table.csv", rows)
    other = train(path, overrides=["data.features.x={type: number, scale: min_max}"]).run
    same = train(path, overrides=["training.epochs=1"]).run
    result = compare([train(path).run, other, same])
    assert "it encodes the inputs in another way" in result.comparisons[0].reason
    assert result.comparisons[1].on == "squared errors"


def test_texts_are_compared_by_their_windows():
    Path("text.txt").write_text("the quick brown fox jumps over the lazy dog. " * 60)
    text = {
        "data": {"source": {"type": "text", "path": "text.txt", "context": 8}},
        "model": {"layers": [{"type": "embedding", "units": 4}, {"type": "dense", "units": "auto"}]},
    }
    runs = [train(text, overrides=[f"training.epochs={count}"]).run for count in (1, 6)]
    (pair,) = compare(runs).comparisons
    assert pair.on == "log loss of sequences"
    assert pair.test.p_value < 0.01
    assert pair.differences["perplexity"][0] < 0


def test_arrays_with_a_file_of_targets(config):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(60, 3)), np.arange(60) % 3
    x[np.arange(60), y] += 2
    np.savez("data/both.npz", inputs=x, targets=y)
    np.save("data/x.npy", x)
    np.save("data/y.npy", y)
    path = config("arrays", data={"source": "../data/both.npz", "target": None, "features": None})
    runs = [train(path).run, train(path, overrides=["training.epochs=1"]).run]
    apart, together = compare(runs, data="data/x.npy", targets="data/y.npy"), compare(runs, data="data/both.npz")
    assert [run.metrics for run in apart.runs] == [run.metrics for run in together.runs]
    assert apart.comparisons == together.comparisons
    assert apart.comparisons[0].test is not None
    with pytest.raises(DataError, match="holds no targets"):
        compare(runs, data="data/x.npy")
    with pytest.raises(UsageError, match="--targets: does nothing without --data"):
        compare(runs, targets="data/y.npy")


@pytest.mark.parametrize("amount", ["1e999", "NaN", "-1", "9" * 400, '"long"', "null"])
def test_what_is_no_amount_is_no_cost(config, amount):
    path = config()
    runs = [train(path).run, train(path, overrides=["seed=8"]).run]
    (runs[0] / "summary.json").write_text(f'{{"seconds": {amount}, "epochs": 5}}')
    cost = compare(runs).runs[0].cost
    assert (cost["seconds"], cost["epochs"]) == (None, 5)


@pytest.mark.parametrize("settings", [NUMBERS, {}])
def test_predictions_that_are_no_numbers_get_no_test(config, settings):
    path = config(**settings)
    runs = [train(path, overrides=[f"training.epochs={epochs}"]).run for epochs in (1, 2)]
    stored = ModelFile.read(runs[1] / "model.safetensors")
    for array in stored.arrays.values():
        array[...] = 3e38
    stored.write(runs[1] / "model.safetensors")
    for order in (runs, runs[::-1]):
        (pair,) = compare(order).comparisons
        assert (pair.reason, pair.test) == (f"some predictions of {runs[1]} are not finite numbers", None)


def test_what_is_refused(config):
    run = train(config()).run
    with pytest.raises(UsageError, match="got 1 run, expected two or more"):
        compare([run])
    with pytest.raises(UsageError, match="got no run, expected two or more"):
        compare([])
    with pytest.raises(UsageError, match="is named twice"):
        compare([run, f"{run}/../small"])
    Path("loop").symlink_to("loop")
    with pytest.raises(ModelError, match="loop: no such run directory or file"):
        compare([run, "loop"])
    with pytest.raises(UsageError, match="does not go with --data"):
        compare(["a", "b"], split="test", data="x.csv")
    with pytest.raises(UsageError, match="--confidence: got 2"):
        compare(["a", "b"], confidence=2)
    file = Path("alone.safetensors")
    shutil.copy(run / "model.safetensors", file)
    with pytest.raises(UsageError, match="a model file alone does not know its data"):
        compare([run, file])
    result = compare([run, file], data="data/table.csv")
    assert result.comparisons[0].test.p_value == 1.0
    assert result.runs[1].cost["seconds"] is None
