from __future__ import annotations

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from scratchnn.errors import BusyError, DataError, ModelError, StorageError, UsageError
from scratchnn.nn.temperature import fit_temperature
from scratchnn.training.adjustment import Adjustment
from scratchnn.training.model_file import ModelFile
from scratchnn.training.run_directory import RunDirectory
from scratchnn.workflows.adjusting import worse_note
from scratchnn.workflows.evaluate import evaluate
from scratchnn.workflows.judged_rows import own_parts
from scratchnn.workflows.model import load_model
from scratchnn.workflows.predict import predict, write_predictions
from scratchnn.workflows.train import resume, train
from scratchnn.workflows.train_ensemble import train_ensemble

DATA = "data/sick.csv"


@pytest.fixture
def run(binary):
    return train(binary()).run


def probabilities(run, data=DATA):
    result = predict(data, run, proba=True)
    place = result.header.index("probability_yes")
    return np.array([float(row[place]) for row in result.rows])


def labels(run, **options):
    return predict(DATA, run, **options).predictions.labels


def test_a_threshold_that_is_given_holds_for_one_judgement(run):
    before = (run / "model.safetensors").read_bytes()
    p = probabilities(run)
    assert labels(run, threshold=0.2) == ["yes" if one > 0.2 else "no" for one in p]
    truth = [row["sick"] for row in csv.DictReader(Path(DATA).read_text().splitlines())]
    found = evaluate(run, data=DATA, threshold=0.2)
    hits = [(one > 0.2) == (label == "yes") for one, label in zip(p, truth, strict=True)]
    assert found.metrics["accuracy"] == pytest.approx(np.mean(hits), abs=1e-12)
    assert found.metrics["roc_auc"] == evaluate(run, data=DATA).metrics["roc_auc"]
    assert found.to_json()["adjustment"] == {"temperature": 1.0, "threshold": 0.2, "saved": False}
    assert evaluate(run, threshold=0.5).metrics == evaluate(run).metrics
    assert (run / "model.safetensors").read_bytes() == before
    assert "adjustment" not in evaluate(run).to_json()


def test_the_baseline_calls_the_most_frequent_class_whatever_the_threshold(run):
    assert evaluate(run, threshold=0.0).baselines == evaluate(run).baselines
    linear = evaluate(run, threshold=0.0, baseline="linear").baselines["linear"]
    assert linear == evaluate(run, baseline="linear").baselines["linear"]


def test_a_threshold_is_chosen_on_the_validation_rows_and_kept(run):
    plain = evaluate(run, split="validation").metrics
    found = evaluate(run, choose_threshold="f1", save=True)
    chosen = found.adjusted.chosen
    assert chosen.value_at_half == plain["f1"]
    assert chosen.value > plain["f1"]
    made = found.to_json()["threshold"]
    assert made["value"] == chosen.threshold != 0.5
    assert (made["split"], made["rows"]) == ("validation", 40)
    assert made["metrics_at_half"]["accuracy"] == evaluate(run, threshold=0.5).metrics["accuracy"]
    assert ModelFile.read(run / "model.safetensors").adjustment == Adjustment(threshold=chosen.threshold)
    again = evaluate(run)
    assert again.metrics == found.metrics
    assert evaluate(run, split="validation").metrics["f1"] == pytest.approx(chosen.value)
    assert labels(run) == ["yes" if one > chosen.threshold else "no" for one in probabilities(run)]
    assert evaluate(run, threshold=0.5, split="validation").metrics["f1"] == plain["f1"]
    evaluate(run, threshold=0.5, save=True)
    assert evaluate(run, split="validation").metrics == plain
    on_itself = evaluate(run, choose_threshold="youden", split="validation")
    assert any("judged on these very rows" in note for note in on_itself.notes)


def test_costs_choose_the_cheapest_threshold(run):
    found = evaluate(run, choose_threshold="fp=1,fn=8", split="validation")
    matrix = found.metrics["confusion_matrix"]
    assert found.adjusted.chosen.value == pytest.approx((matrix[0][1] + 8 * matrix[1][0]) / 40)
    assert found.adjusted.chosen.threshold < 0.5


def test_a_temperature_is_fitted_on_the_validation_rows_and_kept(run):
    model = load_model(run)
    part = own_parts(model, {"validation"}, ())["validation"]
    outputs = model.built.network.predict(part.inputs)
    expected = fit_temperature(outputs, part.targets)
    plain, before = evaluate(run), probabilities(run)
    called = labels(run)
    found = evaluate(run, calibrate=True, save=True)
    assert found.adjusted.temperature == expected != 1
    made = found.to_json()["calibration"]
    assert made["temperature"] == expected
    for name in ("log_loss", "brier", "expected_calibration_error"):
        assert made["metrics"][name] == {"before": plain.metrics[name], "after": found.metrics[name]}
    assert found.metrics["loss"] == plain.metrics["loss"]
    for name in ("accuracy", "f1", "confusion_matrix"):
        assert found.metrics[name] == plain.metrics[name]
    validation = evaluate(run, calibrate=True, split="validation").to_json()["calibration"]["metrics"]
    assert validation["log_loss"]["after"] < validation["log_loss"]["before"]
    logit = np.log(before / (1 - before)) / expected
    np.testing.assert_allclose(probabilities(run), 1 / (1 + np.exp(-logit)), rtol=1e-4)
    assert labels(run) == called
    assert evaluate(run).metrics == found.metrics
    assert evaluate(run, calibrate=True).adjusted.temperature == expected  # from the outputs as they are, not again


def test_a_temperature_that_does_these_rows_no_good_is_told_of(run):
    found = evaluate(run, calibrate=True)
    before, after = found.adjusted.calibrated["log_loss"]
    assert after > before
    assert worse_note({"log_loss": (0.30000, 0.30001)}) == worse_note({"log_loss": (0.3, 0.2)}) == worse_note({}) == []
    told = f"--calibrate: on these rows log_loss is {after:.4g} with the temperature, {before:.4g} without it"
    assert told in found.notes
    assert not any("on these rows" in note for note in evaluate(run, calibrate=True, split="validation").notes)


def test_both_together_and_a_threshold_moves_with_a_later_temperature(run):
    both = evaluate(run, calibrate=True, choose_threshold="f1").adjusted.adjustment
    alone = evaluate(run, choose_threshold="f1", save=True).adjusted.adjustment
    called = labels(run)
    assert both.temperature != 1
    moved = evaluate(run, calibrate=True, save=True).adjusted.adjustment
    assert moved.threshold != alone.threshold
    assert labels(run) == called
    given = evaluate(run, calibrate=True, threshold=0.3).adjusted.adjustment
    assert (given.temperature, given.threshold) == (both.temperature, 0.3)


def test_more_than_two_classes_can_be_calibrated(config):
    run = train(config(training={"epochs": 30})).run
    called = predict("data/table.csv", run).predictions.labels
    plain = evaluate(run)
    found = evaluate(run, calibrate=True, save=True)
    assert found.adjusted.temperature != 1
    assert found.metrics["accuracy"] == plain.metrics["accuracy"]
    assert found.metrics["log_loss"] != plain.metrics["log_loss"]
    result = predict("data/table.csv", run, proba=True)
    assert result.predictions.labels == called
    np.testing.assert_allclose(result.predictions.values.sum(axis=1), 1, rtol=1e-5)


def test_new_data_are_judged_with_what_the_runs_own_rows_tell(run, table, write):
    rows = list(csv.DictReader(Path(DATA).read_text().splitlines()))[:50]
    new = write("new.csv", rows)
    found = evaluate(run, data=new, choose_threshold="f1", calibrate=True)
    assert found.rows == 50
    own = evaluate(run, choose_threshold="f1", calibrate=True)
    assert found.adjusted.adjustment == own.adjusted.adjustment
    shutil.copy(run / "model.safetensors", "alone.safetensors")
    with pytest.raises(UsageError, match="a model file alone does not know its data"):
        evaluate("alone.safetensors", data=new, calibrate=True)
    evaluate("alone.safetensors", data=new, threshold=0.1, save=True)
    assert labels(Path("alone.safetensors")) == labels(run, threshold=0.1)


def test_validation_rows_that_are_all_right_leave_the_temperature(binary, write):
    rows = list(csv.DictReader(Path(DATA).read_text().splitlines()))
    for row in rows:
        row["x"] = "5" if row["sick"] == "yes" else "-5"
    write(DATA, rows)
    run = train(binary()).run
    found = evaluate(run, calibrate=True, save=True)
    assert found.adjusted.temperature == 1.0
    assert any("every row is called rightly" in note for note in found.notes)
    assert found.to_json()["adjustment"] == {"temperature": 1.0, "threshold": None, "saved": True}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"threshold": 2}, "--threshold: got 2, expected a probability from 0 to 1"),
        ({"threshold": -0.1}, "--threshold: got -0.1"),
        ({"threshold": float("nan")}, "--threshold: got nan"),
        ({"threshold": 0.3, "choose_threshold": "f1"}, "does not go with --choose-threshold"),
        ({"save": True}, "there is nothing to save"),
        ({"choose_threshold": "f2"}, 'no goal "f2"'),
    ],
)
def test_wrong_wishes(run, options, words):
    with pytest.raises(UsageError, match=words):
        evaluate(run, **options)


def test_models_that_cannot_be_adjusted(config):
    run = train(config("price", data={"target": "price", "features": {"price": None, "kind": "ignore"}})).run
    for options in ({"calibrate": True}, {"choose_threshold": "f1"}, {"threshold": 0.3}):
        with pytest.raises(UsageError, match="the target is a number"):
            evaluate(run, **options)
    with pytest.raises(UsageError, match="the target is a number"):
        predict("data/table.csv", run, threshold=0.3)
    three = train(config()).run
    with pytest.raises(UsageError, match="for two classes, but the model tells 3"):
        evaluate(three, choose_threshold="f1")


def test_validation_rows_of_one_class(binary, write):
    given = list(csv.DictReader(Path(DATA).read_text().splitlines()))
    rare = [row for row in given if row["sick"] == "yes"]
    common = [row for row in given if row["sick"] == "no"]
    write("data/a.csv", [*common[20:], *rare])
    write("data/b.csv", common[:20])
    source = {"train": "../data/a.csv", "validation": "../data/b.csv"}
    run = train(binary(data={"source": source, "split": None})).run
    with pytest.raises(
        DataError, match="the validation rows: no threshold can be chosen: the rows are all of one class"
    ):
        evaluate(run, split="train", choose_threshold="f1")


def test_no_validation_rows(binary):
    run = train(binary(data={"split": {"validation": 0}}, training={"early_stopping": None})).run
    with pytest.raises(UsageError, match="--calibrate: needs validation rows, and the run has none") as caught:
        evaluate(run, calibrate=True)
    assert "data.split.validation" in caught.value.hint
    with pytest.raises(UsageError, match="--choose-threshold: needs validation rows"):
        evaluate(run, data=DATA, choose_threshold="f1")


def test_a_model_file_that_cannot_be_written_stays_as_it_is(run, monkeypatch):
    before = (run / "model.safetensors").read_bytes()
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with pytest.raises(StorageError, match=r"model\.safetensors: Permission denied"):
        evaluate(run, threshold=0.2, save=True)
    assert (run / "model.safetensors").read_bytes() == before


def test_a_run_that_is_written_to_is_busy(run):
    other = RunDirectory(run)
    other.lock()
    try:
        with pytest.raises(BusyError):
            evaluate(run, threshold=0.2, save=True)
    finally:
        other.unlock()
    evaluate(run, threshold=0.2, save=True)


def test_files_are_written_at_the_threshold(run):
    write_predictions(Path(DATA), Path("out.jsonl"), load_model(run), threshold=0.1)
    made = [json.loads(line)["prediction"] for line in Path("out.jsonl").read_text().splitlines()]
    assert made == labels(run, threshold=0.1) != labels(run)


def test_a_model_that_does_not_fit_its_adjustment(config):
    run = train(config()).run
    stored = ModelFile.read(run / "model.safetensors")
    replace(stored, adjustment=Adjustment(threshold=0.2)).write(run / "model.safetensors")
    with pytest.raises(ModelError, match="holds an adjustment that does not fit: is for two classes"):
        load_model(run)


def test_a_training_that_goes_on_says_that_the_adjustment_is_gone(run):
    evaluate(run, threshold=0.2, save=True)
    result = resume(run, overrides=["training.epochs=21"])
    assert any("temperature and threshold were those of other weights" in note for note in result.notes)
    assert not load_model(run).adjustment.changes
    assert not any("threshold" in note for note in resume(run, overrides=["training.epochs=22"]).notes)


def test_an_ensemble_is_judged_by_groups_but_not_adjusted(binary):
    result = train_ensemble(binary(training={"epochs": 2}), [0, 1])
    evaluate(result.run / "seed-0", threshold=0.01, calibrate=True, save=True)
    found = evaluate(result.run, by=["ward"], require=["group.ward=north.accuracy>=0"], data=DATA)
    made = predict(DATA, result.run)
    assert found.metrics["accuracy"] == pytest.approx(
        np.mean([row["sick"] == label for row, label in zip(rows_of(DATA), made.predictions.labels, strict=True)])
    )
    assert "loss" not in found.groups["ward"].groups["north"].metrics
    for options, option in (
        ({"calibrate": True}, "--calibrate"),
        ({"choose_threshold": "f1"}, "--choose-threshold"),
        ({"threshold": 0.2, "save": True}, "--threshold"),
        ({"importance": True}, "--importance"),
    ):
        with pytest.raises(UsageError, match=f"{option}: is for one model, not for an ensemble") as caught:
            evaluate(result.run, **options)
        assert "seed-0" in caught.value.hint
    with pytest.raises(UsageError, match="--threshold: is for one model"):
        predict(DATA, result.run, threshold=0.2)


def rows_of(path):
    return list(csv.DictReader(Path(path).read_text().splitlines()))
