"""Ensembles: members that differ in their seed alone, and what they say together."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from statistics import NormalDist, mean, stdev

import numpy as np
import pytest

from scratchnn.data.preparation import read_path
from scratchnn.errors import ConfigError, ModelError, UsageError
from scratchnn.training.events import StopRequest
from scratchnn.training.model_file import ModelFile
from scratchnn.workflows.compare import compare
from scratchnn.workflows.ensembles import load_ensemble
from scratchnn.workflows.evaluate import evaluate
from scratchnn.workflows.model import load_model
from scratchnn.workflows.predict import predict
from scratchnn.workflows.train import train
from scratchnn.workflows.train_ensemble import parse_seeds, resume_ensemble, train_ensemble

NUMBERS = {"data": {"target": "price", "features": {"price": None, "kind": "ignore"}}}
GAUSSIAN = {**NUMBERS, "loss": "gaussian_nll"}
QUANTILES = {**NUMBERS, "loss": {"type": "quantile", "quantiles": [0.1, 0.5, 0.9]}}
REBUILT = {"data": {"target": None, "task": "reconstruction", "features": {"kind": "ignore"}}}


def models_of(result):
    return [load_model(result.run / name) for name in ("seed-0", "seed-1", "seed-2")]


def said_by(result):
    """What each member and the ensemble say of the table."""
    ensemble = load_model(result.run)
    rows = read_path("data/table.csv", like=ensemble.config.data.source)
    return [model.predict(rows) for model in models_of(result)], ensemble.predict(rows)


def test_members_are_runs_that_share_the_split(config):
    path = config()
    result = train_ensemble(path, [0, 7, 2])
    assert [member.name for member in result.members] == ["seed-0", "seed-7", "seed-2"]
    own = train(path, overrides=["seed=2", "data.split_seed=7"])
    assert (result.run / "seed-2/model.safetensors").read_bytes() == (own.run / "model.safetensors").read_bytes()
    plain, same = (ModelFile.read(run / "model.safetensors") for run in (train(path).run, result.run / "seed-7"))
    assert plain.parts == same.parts == ModelFile.read(own.run / "model.safetensors").parts
    assert all(np.array_equal(array, same.arrays[name]) for name, array in plain.arrays.items())
    other = ModelFile.read(train(path, overrides=["seed=2"]).run / "model.safetensors")
    assert other.parts["test"] != plain.parts["test"]


def test_probabilities_are_averaged(config):
    result = train_ensemble(config(), [0, 1, 2])
    members, together = said_by(result)
    shares = np.mean([one.values for one in members], axis=0, dtype=np.float64)
    assert np.allclose(together.values, shares, rtol=1e-6)
    assert together.labels == [f"k{k}" for k in shares.argmax(axis=1)]
    chosen = np.array([one.values[np.arange(60), shares.argmax(axis=1)] for one in members], np.float64)
    assert np.allclose(together.disagreement, np.std(chosen, axis=0, ddof=1), rtol=1e-6)
    assert together.disagreement.max() > 0.001


def test_numbers_are_averaged(config):
    members, together = said_by(train_ensemble(config(**NUMBERS), [0, 1, 2]))
    assert np.allclose(together.values, np.mean([one.values for one in members], axis=0), rtol=1e-12)
    assert np.allclose(together.disagreement, np.std([one.values for one in members], axis=0, ddof=1), rtol=1e-9)
    assert together.disagreement.shape == (60, 1)


def test_gaussians_are_mixed(config):
    members, together = said_by(train_ensemble(config(**GAUSSIAN), [0, 1, 2]))
    means = np.stack([one.values for one in members])
    squares = np.stack([one.deviations**2 + one.values**2 for one in members])
    variance = squares.mean(axis=0) - means.mean(axis=0) ** 2
    assert np.allclose(together.values, means.mean(axis=0), rtol=1e-12)
    assert np.allclose(together.deviations, np.sqrt(variance), rtol=1e-6)
    assert np.allclose(together.upper, together.values + NormalDist().inv_cdf(0.95) * np.sqrt(variance), rtol=1e-6)
    assert np.allclose(together.lower + together.upper, 2 * together.values, rtol=1e-9)
    assert (together.deviations > np.sqrt(np.mean([one.deviations**2 for one in members], axis=0))).all()


def test_quantiles_are_averaged(config):
    result = train_ensemble(config(**QUANTILES), [0, 1, 2])
    members, together = said_by(result)
    for share in (0.1, 0.5, 0.9):
        assert np.allclose(together.quantiles[share], np.mean([one.quantiles[share] for one in members], axis=0))
    (row, *_) = predict("data/table.csv", result.run, interval=0.8, columns=[], disagreement=True).rows
    header = predict("data/table.csv", result.run, interval=0.8, columns=[], disagreement=True).header
    cells = dict(zip(header, row, strict=True))
    assert float(cells["lower_price"]) == pytest.approx(float(cells["quantile_0.1_price"]))
    assert float(cells["disagreement_price"]) == pytest.approx(float(together.disagreement[0, 0]))


def test_reconstructions_are_averaged(config):
    path = config(**REBUILT, training={"early_stopping": None})
    members, together = said_by(train_ensemble(path, [0, 1, 2]))
    values = np.stack([one.values for one in members]).astype(np.float64)
    assert np.allclose(together.values, values.mean(axis=0), atol=1e-6)
    assert np.allclose(together.disagreement, np.sqrt(values.var(axis=0, ddof=1).mean(axis=1)), rtol=1e-6)
    assert (together.errors <= np.mean([one.errors for one in members], axis=0) + 1e-9).all()  # by convexity


def test_evaluate_judges_the_average_beside_the_members(config):
    result = train_ensemble(config(), [0, 1, 2])
    judged = evaluate(result.run)
    each = [evaluate(result.run / name) for name in ("seed-0", "seed-1", "seed-2")]
    figures = [one.metrics["log_loss"] for one in each]
    assert judged.members["log_loss"].mean == pytest.approx(mean(figures), rel=1e-12)
    assert judged.members["log_loss"].std == pytest.approx(stdev(figures), rel=1e-9)
    assert judged.members["loss"].max == max(one.metrics["loss"] for one in each)
    assert judged.metrics["log_loss"] < mean(figures)  # by convexity
    assert "loss" not in judged.metrics
    assert judged.metrics["accuracy"] == result.metrics["test"]["accuracy"]
    assert judged.to_json()["members"]["log_loss"]["mean"] == judged.members["log_loss"].mean
    new = evaluate(result.run, data="data/table.csv", confidence=0.9)
    shares = np.array([[float(cell) for cell in row[1:]] for row in _shares(result.run)])
    truth = [row[0] for row in _shares(result.run)]
    right = [f"k{k}" == label for k, label in zip(shares.argmax(axis=1), truth, strict=True)]
    assert new.metrics["accuracy"] == pytest.approx(mean(right))
    assert new.intervals["accuracy"][0] < new.metrics["accuracy"]
    with pytest.raises(UsageError, match='no figure "loss"'):
        evaluate(result.run, require=["loss<1"])


def _shares(run):
    made = predict("data/table.csv", run, proba=True, columns=["kind"])
    places = [made.header.index(name) for name in ("kind", "probability_k0", "probability_k1", "probability_k2")]
    return [[row[place] for place in places] for row in made.rows]


def test_intervals_are_judged_as_they_are_predicted(config):
    result = train_ensemble(
        config(**GAUSSIAN, metrics=[{"type": "interval_coverage", "interval": 0.5}, "rmse"]), [0, 1]
    )
    made = predict("data/table.csv", result.run, interval=0.5, columns=["price"])
    places = [made.header.index(name) for name in ("price", "lower_price", "upper_price")]
    cells = np.array([[float(row[place]) for place in places] for row in made.rows])
    inside = (cells[:, 1] <= cells[:, 0]) & (cells[:, 0] <= cells[:, 2])
    judged = evaluate(result.run, data="data/table.csv")
    assert judged.metrics["interval_coverage_0.5"] == pytest.approx(inside.mean())


def test_jobs_change_no_bit_and_the_newest_is_found(config):
    path = config()
    train_ensemble(path, [0, 1], run_dir="one")
    result = train_ensemble(path, [0, 1], jobs=2)
    for name in ("seed-0", "seed-1"):
        assert (result.run / name / "model.safetensors").read_bytes() == (
            Path("one", name, "model.safetensors").read_bytes()
        )
    assert evaluate().model == result.run == Path("runs/small-ensemble")
    assert train_ensemble(path, [0, 1]).metrics == result.metrics
    assert resume_ensemble(result.run).metrics == result.metrics
    assert train_ensemble(path, [0, 2]).run == Path("runs/small-ensemble-2")


def test_an_interrupted_ensemble_goes_on_to_the_same_bits(config):
    path = config(training={"epochs": 20, "early_stopping": None})
    whole = train_ensemble(path, [0, 1, 2], run_dir="whole")
    stop = StopRequest()

    def listen(event):
        stop.requested |= event.name == "seed-1" and event.epoch >= 3

    part = train_ensemble(path, [0, 1, 2], run_dir="part", stop=stop, listener=listen)
    assert (part.status, part.metrics) == ("interrupted", {})
    with pytest.raises(ModelError, match=r'the training of the member "seed-1" was interrupted. Go on with'):
        load_ensemble(Path("part"))
    assert resume_ensemble("part").metrics == whole.metrics


def test_a_member_that_diverges_makes_no_ensemble(config):
    settings = {"optimizer": {"type": "sgd", "learning_rate": 1e30}, "training": {"early_stopping": None}}
    result = train_ensemble(config(**settings), [0, 1])
    assert (result.status, result.metrics, result.error.exit_code) == ("failed", {}, 5)
    assert "2 of 2 members did not end well: seed-0 diverged (exit code 5)" in str(result.error)
    with pytest.raises(ModelError, match='the member "seed-0" was diverged'):
        load_model(result.run)


def test_what_is_no_ensemble_is_refused(config):
    result = train_ensemble(config(), [0, 1, 2])
    manifest = result.run / "ensemble.json"
    stored = json.loads(manifest.read_text())

    def refused(message, **changes):
        manifest.write_text(json.dumps({**stored, **changes}))
        with pytest.raises(ModelError, match=message):
            load_model(result.run)

    refused("names no members", members=[])
    refused('names the member "seed-0" twice', members=["seed-0", "seed-0"])
    refused(r'the member "../x" is outside', members=["seed-0", "../x"])
    refused('the member "seed-9" has no model', members=["seed-0", "seed-9"])
    refused("cannot be read", format=2)
    other = train(config("other", data={"target": "color", "features": {"color": None, "kind": "ignore"}}))
    shutil.copytree(other.run, result.run / "odd")
    refused("odd and seed-0 have other targets", members=["seed-0", "odd"])
    other = train(config("more", data={"features": {"id": "ignore", "color": "ignore"}}))
    shutil.copytree(other.run, result.run / "less")
    refused("less and seed-0 have other inputs", members=["seed-0", "less"])
    other = train(config("again"), overrides=["data.split_seed=1"])
    shutil.copytree(other.run, result.run / "split")
    refused("split and seed-0 have other preprocessing", members=["seed-0", "split"])
    manifest.write_text("{")
    with pytest.raises(ModelError, match="cannot be read"):
        load_model(result.run)
    manifest.write_text(json.dumps(stored))
    shutil.rmtree(result.run / "seed-1")
    with pytest.raises(ModelError, match=r'the member "seed-1" has no model\. Go on with: scratchnn train --resume'):
        evaluate(result.run)
    assert resume_ensemble(result.run).metrics == result.metrics
    manifest.write_text(json.dumps({"format": 1, "members": ["seed-0", "seed-2"]}))
    assert evaluate(result.run).rows == 12
    with pytest.raises(UsageError, match="does not tell how its members were trained"):
        resume_ensemble(result.run)


def test_disagreement_needs_members(config):
    run = train(config()).run
    with pytest.raises(UsageError, match="--disagreement: is for ensembles"):
        predict("data/table.csv", run, disagreement=True)


def test_texts_take_no_ensemble():
    Path("text.txt").write_text("the quick brown fox jumps over the lazy dog. " * 40)
    text = {
        "data": {"source": {"type": "text", "path": "text.txt", "context": 8}},
        "model": {"layers": [{"type": "embedding", "units": 4}, {"type": "dense", "units": "auto"}]},
    }
    with pytest.raises(ConfigError, match="a text takes no ensemble"):
        train_ensemble(text, [0, 1])
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("4-0", "the range 4-0 is empty. Write the smaller one first: 0-4."),
        ("0,1,0", "the seed 0 stands there twice"),
        ("0-3,2", "the seed 2 stands there twice"),
        ("3", "an ensemble needs two seeds or more. For a single training: --set seed=3."),
        ("", 'cannot read ""'),
        ("1,,2", 'cannot read ""'),
        ("-1", 'cannot read "-1"'),
        ("a-b", 'cannot read "a-b"'),
        ("0-9999999", "these are more than 1000 seeds"),
    ],
)
def test_seeds_that_cannot_be_used(text, message):
    with pytest.raises(UsageError) as caught:
        parse_seeds(text)
    assert message in str(caught.value)


def test_seeds_are_ranges_and_single_ones():
    assert parse_seeds("0-4") == [0, 1, 2, 3, 4]
    assert parse_seeds(" 0, 5 ,2-3") == [0, 5, 2, 3]


def test_labels_are_averaged(config, table, write):
    rows = [{**row, "warm": str(int(row["color"] == "red")), "far": str(int(float(row["x"]) > 0.5))} for row in table()]
    features = {"id": "ignore", "price": "ignore", "kind": "ignore", "color": "category"}
    path = config(data={"target": ["warm", "far"], "task": "multi_label", "features": features})
    write("data/table.csv", rows)
    result = train_ensemble(path, [0, 1, 2])
    members, together = said_by(result)
    assert np.allclose(together.values, np.mean([one.values for one in members], axis=0), atol=1e-6)
    assert np.allclose(together.disagreement, np.std([one.values for one in members], axis=0, ddof=1), atol=1e-6)
    made = predict("data/table.csv", result.run, columns=[], proba=True, disagreement=True)
    far = [made.header.index(name) for name in ("predicted_far", "probability_far", "disagreement_far")]
    for row, spread in zip(made.rows, together.disagreement[:, 1], strict=True):
        assert (row[far[0]] == "1") == (float(row[far[1]]) > 0.5)
        assert float(row[far[2]]) == pytest.approx(spread, abs=1e-6)
    (pair,) = compare([result.run / "seed-0", result.run / "seed-1"], split="train").comparisons
    assert pair.on == "shares of wrong labels"
