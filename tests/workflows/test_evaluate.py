from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from scratchnn.data.preparation import prepare
from scratchnn.errors import DataError, ModelError, UsageError
from scratchnn.training.streams import Streams
from scratchnn.workflows.configs import load_config
from scratchnn.workflows.evaluate import evaluate
from scratchnn.workflows.predict import predict
from scratchnn.workflows.train import train


@pytest.mark.parametrize("weights", [None, "balanced"])
def test_each_split_gives_the_figures_of_the_training(config, weights):
    result = train(config(training={"class_weights": weights}))
    for split, rows in (("train", 36), ("validation", 12), ("test", 12)):
        found = evaluate(result.run, split=split)
        assert (found.rows, found.split, found.classes) == (rows, split, ["k0", "k1", "k2"])
        for name, value in result.metrics[split].items():
            assert found.metrics[name] == value


def test_regression_too(config):
    features = {"price": None, "kind": "ignore"}
    result = train(config("price", data={"target": "price", "features": features}))
    for split in ("train", "validation", "test"):
        found = evaluate(result.run, split=split).metrics
        assert result.metrics[split].items() <= found.items()
    assert {"rmse", "mae", "r2"} <= set(found)


def test_the_metrics_of_a_config_come_first(config):
    run = train(config(metrics=["log_loss"])).run
    names = list(evaluate(run).metrics)
    assert names[:2] == ["loss", "log_loss"]
    assert "confusion_matrix" in names


def test_the_accuracy_is_that_of_the_predictions(config, table, write):
    run = train(config()).run
    rows = table(70, 4)
    data = write("new.csv", rows)
    labels = predict(data, run).predictions.labels
    accuracy = np.mean([row["kind"] == label for row, label in zip(rows, labels, strict=True)])
    found = evaluate(run / "model.safetensors", data=data)
    assert found.metrics["accuracy"] == pytest.approx(accuracy, abs=1e-12)
    assert (found.rows, found.split) == (70, "new.csv")


def test_the_model_file_alone(config, table, write, tmp_path):
    run = train(config()).run
    data = write("new.csv", table(30, 4))
    expected = evaluate(run, data=data)
    shutil.copy(run / "model.safetensors", tmp_path / "m.safetensors")
    shutil.rmtree("runs")
    shutil.rmtree("data")
    assert evaluate(tmp_path / "m.safetensors", data=data).metrics == expected.metrics
    with pytest.raises(UsageError, match="a model file alone does not know its data"):
        evaluate(tmp_path / "m.safetensors")


def test_a_run_that_has_lost_its_config_names_its_model(config):
    run = train(config()).run
    (run / "config.yaml").unlink()
    with pytest.raises(ModelError, match=rf"{run}: has no config.yaml. Its model alone is {run}/model.safetensors."):
        evaluate(run)
    assert evaluate(run / "model.safetensors", data="data/table.csv").rows == 60


def test_the_model_file_in_its_run_directory_knows_its_data(config):
    run = train(config()).run
    assert evaluate(run / "model.safetensors").metrics == evaluate(run).metrics == evaluate().metrics


def test_the_encoding_is_that_of_the_model_also_where_the_training_rows_have_changed(config, table, write):
    result = train(config(data={"split": {"stratify": False}}))
    rows = table()
    loaded = load_config(result.run / "config.yaml")
    train_rows = prepare(loaded.config.data, loaded.base, Streams(loaded.config.seed).split).train.rows
    for row in train_rows:
        rows[row]["x"] = "1000"
    write("data/table.csv", rows)
    assert evaluate(result.run).metrics["loss"] == result.metrics["test"]["loss"]


def test_from_another_working_directory(config, tmp_path, monkeypatch):
    result = train(config())
    monkeypatch.chdir(tmp_path)
    assert evaluate("work/runs/small").metrics["loss"] == result.metrics["test"]["loss"]


def test_splits_that_are_not_there(config):
    split = {"type": "random", "validation": 0.2, "test": 0}
    run = train(config(data={"split": split})).run
    with pytest.raises(UsageError, match=r"--split: the run has no test rows\. It has: train, validation\."):
        evaluate(run)
    with pytest.raises(UsageError, match='no split "tset"'):
        evaluate(run, split="tset")


def test_a_split_does_not_go_with_new_data(config, table, write):
    run = train(config()).run
    with pytest.raises(UsageError, match="--split: does not go with --data"):
        evaluate(run, split="train", data=write("new.csv", table(5)))


@pytest.mark.parametrize("change", [lambda rows: rows[::-1], lambda rows: rows[1:], lambda rows: [*rows, rows[0]]])
@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_rows_that_are_not_those_of_the_training_are_refused(config, table, write, change, split):
    run = train(config()).run
    write("data/table.csv", change(table()))
    with pytest.raises(DataError, match=f"the {split} rows are not those of the training") as caught:
        evaluate(run, split=split)
    assert "--data" in caught.value.hint


def test_the_model_of_another_run_is_refused(config):
    run, other = train(config()).run, train(config(seed=8)).run
    shutil.copy(other / "model.safetensors", run / "model.safetensors")
    with pytest.raises(DataError, match="the test rows are not those of the training"):
        evaluate(run)


def test_points_that_a_source_makes_are_judged_by_their_rows(config, monkeypatch):
    path = config("made", data={"source": "moons", "target": None, "features": None})
    run = train(path).run
    monkeypatch.setattr("numpy.sin", lambda x: np.cos(x - np.pi / 2))  # another machine may round in another way
    assert evaluate(run).metrics["accuracy"] > 0.5


def test_data_without_the_target(config, table, write):
    run = train(config()).run
    with pytest.raises(DataError, match="kind"):
        evaluate(run, data=write("new.csv", table(5), ["x", "y", "color"]))


def test_requirements(config):
    run = train(config()).run
    found = evaluate(run, require=["accuracy>=0", "loss<0"])
    assert [verdict.passed for verdict in found.requirements] == [True, False]
    assert not found.passed
    assert evaluate(run, require=["accuracy>=0"]).passed
    assert found.to_json()["requirements"][1]["value"] == found.metrics["loss"]
    assert list(found.to_json()) == ["split", "rows", "metrics", "baselines", "requirements"]


@pytest.mark.parametrize("text", ["test.accuracy>=0.9", "acuracy>=0.9", "confusion_matrix>1", "accuracy=1"])
def test_wrong_requirements_are_refused_before_data_is_read(config, text):
    run = train(config()).run
    Path("data/table.csv").unlink()
    with pytest.raises(UsageError, match="--require"):
        evaluate(run, require=[text])


def test_rows_whose_outputs_overflow_are_told(config, table, write):
    layers = [{"type": "dense", "units": 300}, {"type": "dense", "units": 300}, {"type": "dense", "units": "auto"}]
    run = train(config("wide", model={"layers": layers})).run
    rows = table(5)
    rows[0] |= {"x": "3e38", "y": "-3e38"}
    found = evaluate(run, data=write("new.csv", rows))
    assert not np.isfinite(found.metrics["loss"])
    assert "some predictions are not finite numbers" in found.notes


def test_intervals_lie_around_the_figures_of_their_metrics(config):
    run = train(config(metrics=["accuracy", "f1_macro"])).run
    plain, sure = evaluate(run), evaluate(run, confidence=0.9, bootstrap=200)
    assert sure.metrics == plain.metrics
    assert plain.intervals == {}
    assert "intervals" not in plain.to_json()
    assert "confusion_matrix" not in sure.intervals
    assert "loss" not in sure.intervals
    lower, upper = sure.intervals["accuracy"]
    assert lower <= sure.metrics["accuracy"] <= upper
    assert lower < upper
    made = sure.to_json()
    assert (made["confidence"], made["intervals"]["accuracy"]) == (0.9, [lower, upper])
    again, other = (evaluate(run, confidence=0.9, bootstrap=200, seed=seed) for seed in (7, 8))  # 7 is the config's
    assert again.intervals == sure.intervals != other.intervals
    wider = evaluate(run, confidence=0.99, bootstrap=200).intervals["accuracy"]
    assert wider[0] <= lower < upper <= wider[1]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"confidence": 95}, "--confidence: got 95, expected a share between 0 and 1"),
        ({"confidence": 0.0}, "--confidence: got 0"),
        ({"confidence": 0.9, "bootstrap": 19}, "--bootstrap: got 19 draws, expected 20 or more"),
        ({"confidence": 0.9, "bootstrap": 10**9}, "--bootstrap: got 1000000000 draws, expected 1000000 or fewer"),
        ({"confidence": 0.9, "seed": -1}, "--seed: got -1"),
        ({"bootstrap": 100}, "--bootstrap: does nothing without --confidence"),
        ({"seed": 1}, "--seed: does nothing without --confidence"),
    ],
)
def test_wrong_options_of_intervals(options, words):
    with pytest.raises(UsageError, match=words):
        evaluate(**options)


def test_arrays_with_a_file_of_targets(config, tmp_path):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(60, 3)), np.arange(60) % 3
    x[np.arange(60), y] += 2
    np.savez("data/both.npz", inputs=x, targets=y)
    np.save("data/x.npy", x)
    np.save("data/y.npy", y)
    for source in ("../data/both.npz", {"type": "npy", "path": "../data/x.npy", "targets": "../data/y.npy"}):
        run = train(config("arrays", data={"source": source, "target": None, "features": None})).run
        found = evaluate(run, data="data/x.npy", targets="data/y.npy")
        assert found.rows == 60
        np.savez("data/new.npz", inputs=x, targets=y)
        assert found.metrics == evaluate(run, data="data/new.npz").metrics
        with pytest.raises(DataError, match="holds no targets") as caught:
            evaluate(run, data="data/x.npy")
        assert "--targets FILE" in caught.value.hint
        with pytest.raises(UsageError, match="which holds targets"):
            evaluate(run, data="data/new.npz", targets="data/y.npy")
        np.save("data/z.npy", np.full(60, 7))
        with pytest.raises(DataError, match='the class "7" does not occur'):
            evaluate(run, data="data/x.npy", targets="data/z.npy")
    with pytest.raises(UsageError, match="--targets: does nothing without --data"):
        evaluate(run, targets="data/y.npy")
    with pytest.raises(UsageError, match="the data are a table"):
        evaluate(train(config()).run, data="data/table.csv", targets="data/y.npy")


def test_idx_images_with_their_labels(config):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (30, 4, 4), np.uint8)
    labels = (np.arange(30) % 3).astype(np.uint8)
    Path("data/images").write_bytes(b"\0\0\x08\x03" + np.array([30, 4, 4], ">i4").tobytes() + images.tobytes())
    Path("data/labels").write_bytes(b"\0\0\x08\x01" + np.array([30], ">i4").tobytes() + labels.tobytes())
    source = {"type": "idx", "images": "../data/images", "labels": "../data/labels"}
    layers = {"layers": ["flatten", {"type": "dense", "units": "auto"}]}
    data = {"source": source, "target": None, "features": None}
    run = train(config("idx", data=data, model=layers)).run
    np.save("data/labels.npy", labels)
    found = evaluate(run, data="data/images", targets="data/labels")
    assert found.rows == 30
    assert found.metrics == evaluate(run, data="data/images", targets="data/labels.npy").metrics


def test_a_reconstruction_takes_no_targets(config):
    np.save("data/x.npy", np.random.default_rng(0).normal(size=(40, 3)))
    data = {"source": "../data/x.npy", "target": None, "features": None, "task": "reconstruction"}
    run = train(config("again", data=data)).run
    assert evaluate(run, data="data/x.npy").rows == 40
    with pytest.raises(UsageError, match="is for models that learn targets"):
        evaluate(run, data="data/x.npy", targets="data/x.npy")
